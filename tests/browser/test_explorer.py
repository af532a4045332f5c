"""GraphiQL in a real Chromium, with no network but the platform itself. Its picture is the one in the README.

`MURMUR_PICTURES=FOLDER` keeps the screenshots (`docs/images` is where the README looks for them).
"""

from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from playwright.async_api import Page, Route

from gateway.edge.options import Explorer
from tests.support.browser import CHROMIUM, PICTURES, chromium
from tests.support.program import murmur, running

ASSETS = Explorer().assets / "graphiql.js.gz"
QUERY = """query Timeline {
  homeTimeline(first: 10) {
    nodes {
      retweetedBy { handle }
      tweet {
        text
        likeCount
        author { handle name followerCount }
      }
    }
  }
}
"""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.skipif(not ASSETS.exists(), reason="the explorer is not installed: make explorer"),
]


async def sign_in(url: str, password: str) -> str:
    document = 'mutation ($p: String!) { signIn(input: {handle: "maya", password: $p}) { accessToken } }'
    async with aiohttp.ClientSession() as session:
        answer = await session.post(f"{url}/graphql", json={"query": document, "variables": {"p": password}})
        return (await answer.json())["data"]["signIn"]["accessToken"]


async def test_a_person_reads_a_timeline_in_graphiql_without_any_other_network(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    assert (await murmur("demo", data_dir=data_dir)).code == 0
    foreign: list[str] = []

    async def only_ours(route: Route) -> None:
        address = route.request.url
        if address.startswith((platform.url, "data:", "blob:")):
            await route.continue_()
        else:
            foreign.append(address)
            await route.abort()

    async with running("up", data_dir=data_dir) as platform, chromium() as browser:
        token = await sign_in(platform.url, (data_dir / "demo-password").read_text())
        page = await browser.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=1.5)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.route("**/*", only_ours)
        await page.goto(f"{platform.url}/graphql?query={quote(QUERY)}")
        await paste_token(page, token)
        await page.get_by_role("button", name="Execute query").click()
        result = page.locator(".result-window")
        await result.get_by_text("homeTimeline").wait_for(timeout=20_000)
        shown = await result.inner_text()
        if PICTURES:
            await page.screenshot(path=str(Path(PICTURES) / "graphiql.png"))

    assert "retweetedBy" in shown.replace("\xa0", " ")
    assert "errors" not in shown
    assert foreign == []
    assert faults == []


async def paste_token(page: Page, token: str) -> None:
    """Between the quotes that the header editor already has, as a person would."""
    await page.locator(".graphiql-editor-tool .monaco-editor").last.click()
    for key in ("Control+Home", "ArrowDown", "End", "ArrowLeft"):
        await page.keyboard.press(key)
    await page.keyboard.insert_text(token)

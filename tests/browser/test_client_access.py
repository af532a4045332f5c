"""The web client for everybody: by keyboard alone, on a phone, in the dark, by a screen reader's names. Takes the pictures.

`MURMUR_PICTURES=FOLDER` keeps the screenshots (`docs/images` is where the README looks for them).
"""

import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.interop.peers import FOLDER as INTEROP
from tests.support.browser import CHROMIUM, Visitor, visiting
from tests.support.program import Running, murmur, running

AXE = INTEROP / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = [
    "/",
    "/search",
    "/search?q=a&type=TWEETS",
    "/search?q=a&type=USERS",
    "/notifications",
    "/bookmarks",
    "/settings",
    "/@maya",
    "/@maya/followers",
]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.asyncio(loop_scope="module"),
]


async def check(visitor: Visitor, where: str) -> None:
    """No rule of WCAG 2.2 AA that a machine can check is broken by what is shown."""
    await visitor.page.evaluate(AXE.read_text())
    result = await visitor.page.evaluate("rules => axe.run(document, { runOnly: { type: 'tag', values: rules } })", RULES)
    broken = [(each["id"], node["target"], node["failureSummary"]) for each in result["violations"] for node in each["nodes"]]
    assert broken == [], where


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (False, True), (True, False), (True, True)])
async def test_every_view_keeps_the_rules_of_accessibility(browser: Browser, tmp_path: Path, phone: bool, dark: bool) -> None:
    if not AXE.exists():
        if os.environ.get("CI"):
            pytest.fail("axe-core is not installed: make interop")
        pytest.skip("axe-core is not installed: make interop")
    data_dir = tmp_path / "data"
    assert (await murmur("demo", data_dir=data_dir)).code == 0
    async with running("up", data_dir=data_dir) as platform, visiting(browser, platform.url, phone=phone, dark=dark) as maya:
        for address, heading in (("/sign-up", "Join Murmur"), ("/sign-in", "Sign in")):
            await maya.open(address)
            await expect(maya.page.get_by_role("heading", name=heading)).to_be_visible()
            await check(maya, address)
        await maya.page.get_by_label("Handle").fill("maya")
        await maya.page.get_by_label("Password").fill((data_dir / "demo-password").read_text())
        await maya.page.get_by_role("button", name="Sign in").click()
        cards = maya.page.get_by_role("feed").locator("article")
        await expect(cards.nth(5)).to_be_attached()
        if phone == dark:
            await maya.picture("client-phone" if phone else "client")
        for address in VIEWS:
            await maya.go(address)
            await expect(maya.page.locator("[aria-busy=true], [data-busy]")).to_have_count(0)
            assert await maya.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
            await check(maya, address)
        await maya.go("/@maya")
        await maya.page.get_by_role("button", name="Post", exact=True).first.click()
        await check(maya, "the composer")
        await maya.page.keyboard.press("Escape")
        await maya.go("/")
        await cards.first.get_by_role("button", name="More about").click()
        await check(maya, "a menu")
        await maya.page.keyboard.press("Escape")
        await cards.first.press("Enter")
        await expect(maya.page.get_by_role("heading", name="Thread")).to_be_visible()
        await expect(maya.page.locator(".focal")).to_be_visible()
        await check(maya, "a thread")


async def test_by_keyboard_alone_one_signs_up_posts_and_likes(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as mia:
        page = await mia.open()
        for label, text in (("Handle", "mia"), ("Name", "Mia"), ("Password", "correct horse battery")):
            await mia.tab_to(page.get_by_label(label))
            await page.keyboard.type(text)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Home")).to_be_visible()
        # The link at the very start leads past the navigation.
        await page.reload()
        await expect(page.get_by_role("heading", name="Home")).to_be_visible()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.get_by_label("What is happening?")).to_be_focused()
        await page.keyboard.type("Written without a mouse")
        await mia.tab_to(page.get_by_role("main").get_by_role("button", name="Post", exact=True))
        await page.keyboard.press("Enter")
        card = mia.card("without a mouse")
        await mia.tab_to(card)
        outline = await card.evaluate("element => getComputedStyle(element).outlineStyle")
        assert outline == "solid"
        like = card.get_by_role("button", name="Like")
        await page.keyboard.press("l")
        await expect(like).to_have_attribute("aria-pressed", "true")
        await expect(like).to_have_accessible_name("Like, 1 like")
        await mia.tab_to(like)
        await page.keyboard.press("Space")
        await expect(like).to_have_attribute("aria-pressed", "false")
        # A menu goes by arrows, and gives the focus back.
        more = card.get_by_role("button", name="More about")
        await more.focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(more).to_be_focused()


async def test_on_a_phone_everything_is_in_reach_of_a_thumb(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url, phone=True) as nia:
        await nia.sign_up("nia", "Nia")
        await nia.page.get_by_role("navigation", name="Main").get_by_role("button", name="Post", exact=True).tap()
        await nia.page.get_by_role("dialog").get_by_label("What is happening?").fill("From the tram")
        await nia.page.get_by_role("dialog").get_by_role("button", name="Post", exact=True).tap()
        await expect(nia.card("From the tram")).to_be_visible()
        small = await nia.page.locator("nav a:visible, button:visible").evaluate_all(
            "all => all.filter(each => { const box = each.getBoundingClientRect(); return box.width < 36 || box.height < 36 })"
            ".map(each => each.outerHTML)"
        )
        assert small == []

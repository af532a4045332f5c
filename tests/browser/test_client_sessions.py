"""The web client's sessions and connection: reloads, several tabs, tokens that run out, networks that go away."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Request, Route, expect

from murmur.cluster.server import free_ports
from tests.support.browser import CHROMIUM, visiting
from tests.support.program import Running, running

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.asyncio(loop_scope="module"),
]
# Good for fifteen minutes, and refreshed a minute before.
RUN_OUT = "14:30"


async def test_a_reload_keeps_the_session_and_no_token_is_in_an_address(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as ada:
        addresses: list[str] = []
        tokens: list[str] = []

        async def watch(request: Request) -> None:
            addresses.append(request.url)
            tokens.append((await request.all_headers()).get("authorization", "").removeprefix("Bearer "))

        ada.context.on("request", watch)
        await ada.sign_up("ada", "Ada")
        await ada.page.reload()
        await expect(ada.page.get_by_role("heading", name="Home")).to_be_visible()
        await expect(ada.page.get_by_text("Nothing here yet")).to_be_visible()
    assert len([token for token in tokens if token]) > 3
    assert not any(token and token in address for token in tokens for address in addresses)


async def test_tabs_at_once_refresh_a_session_but_once(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as bea:
        await bea.context.clock.install()
        await bea.sign_up("bea", "Bea")
        tabs = [bea.page, await bea.open(), await bea.open()]
        for tab in tabs:
            await expect(tab.get_by_role("heading", name="Home")).to_be_visible()
        manifest = await bea.page.evaluate("fetch(document.querySelector('[rel=preload]').href).then(answer => answer.json())")
        refreshes: list[Request] = []

        def watch(request: Request) -> None:
            if manifest["RefreshSession"] in (request.post_data or ""):
                refreshes.append(request)

        bea.context.on("request", watch)
        for turn, address, words in ((1, "/bookmarks", "No bookmarks"), (2, "/notifications", "Nothing yet")):
            await bea.context.clock.fast_forward(RUN_OUT)
            for tab in tabs:
                await tab.evaluate("address => { location.hash = address }", address)
            for tab in tabs:
                await expect(tab.get_by_text(words)).to_be_visible()
            assert len(refreshes) == turn


async def test_a_token_that_the_server_does_not_take_is_exchanged(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as cleo:
        await cleo.sign_up("cleo", "Cleo")

        async def spoil(route: Route) -> None:
            await cleo.context.unroute("**/graphql", spoil)
            await route.continue_(headers=await route.request.all_headers() | {"authorization": "Bearer spoilt"})

        await cleo.context.route("**/graphql", spoil)
        await cleo.go("/bookmarks")
        await expect(cleo.page.get_by_text("No bookmarks")).to_be_visible()
        # The browser tells of each 401 on its console.
        assert "401" in cleo.faults.pop()


async def test_who_signs_out_in_one_tab_is_signed_out_in_all(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as dan:
        await dan.sign_up("dan", "Dan")
        first = dan.page
        second = await dan.open("/settings")
        await second.get_by_role("button", name="Sign out").click()
        for tab in (first, second):
            await expect(tab.get_by_role("heading", name="Join Murmur")).to_be_visible()
            await tab.reload()
            await expect(tab.get_by_role("heading", name="Join Murmur")).to_be_visible()


async def test_what_was_posted_while_the_network_was_away_is_announced_when_it_is_back(
    platform: Running, browser: Browser
) -> None:
    async with visiting(browser, platform.url) as eva, visiting(browser, platform.url) as finn:
        await eva.sign_up("eva", "Eva")
        await finn.sign_up("finn", "Finn")
        await finn.follow("eva")
        await finn.go("/")
        await expect(finn.page.get_by_text("Nothing here yet")).to_be_visible()
        await finn.context.set_offline(True)
        await expect(finn.page.get_by_text("No connection")).to_be_visible()
        await eva.post("Said into the silence")
        text = finn.page.get_by_label("What is happening?")
        await text.fill("Written into the silence")
        await finn.page.get_by_role("main").get_by_role("button", name="Post", exact=True).click()
        await expect(finn.page.get_by_text("Your text is kept")).to_be_visible()
        await finn.context.set_offline(False)
        await expect(finn.page.locator(".announce")).to_have_text("1 new post")
        await expect(finn.page.get_by_text("No connection")).to_be_hidden()
        await finn.page.get_by_role("main").get_by_role("button", name="Post", exact=True).click()
        await expect(finn.card("Written into the silence")).to_be_visible()
        finn.faults[:] = [fault for fault in finn.faults if "ERR_INTERNET_DISCONNECTED" not in fault]


async def test_a_platform_that_was_restarted_is_found_again(browser: Browser, tmp_path: Path) -> None:
    folder, (port,) = tmp_path / "data", free_ports(1)
    async with running("up", data_dir=folder, port=port) as first, visiting(browser, first.url) as gil:
        await gil.sign_up("gil", "Gil")
        async with visiting(browser, first.url) as hal:
            await hal.sign_up("hal", "Hal")
            await gil.follow("hal")
            await gil.go("/")
            await first.kill()
            await expect(gil.page.get_by_text("No connection")).to_be_visible()
            async with running("up", data_dir=folder, port=port):
                await hal.page.reload()
                await hal.post("Back again")
                await expect(gil.page.locator(".announce")).to_have_text("1 new post", timeout=20_000)
                badge = gil.page.locator("#badge")
                await hal.follow("gil")
                await expect(badge).to_be_visible()
            hal.faults.clear()
        gil.faults.clear()

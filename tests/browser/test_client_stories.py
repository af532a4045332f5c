"""The web client in a real Chromium: two people at once, on a platform that was started as a user starts it."""

import re
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import CHROMIUM, visiting
from tests.support.program import Running
from tests.support.waiting import until

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.asyncio(loop_scope="module"),
]


async def test_what_one_posts_the_other_sees_announced_without_a_reload(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as ada, visiting(browser, platform.url) as bea:
        await ada.sign_up("ada", "Ada")
        await bea.sign_up("bea", "Bea")
        await bea.follow("ada")
        await bea.go("/")
        announced = bea.page.locator(".announce")
        for number in (1, 2, 3):
            await ada.post(f"The starlings are back, number {number}. #birds")
        await expect(announced).to_have_text("3 new posts")
        await expect(bea.card("number 1")).to_have_count(0)
        # What she posts herself is shown at once, and makes no news of the others old.
        await bea.post("They are, aren't they?")
        await ada.post("The starlings are back, number 4. #birds")
        await expect(announced).to_have_text("4 new posts")
        await announced.click()
        await expect(announced).to_be_hidden()
        shown = bea.page.get_by_role("feed").locator("article .text")
        numbers = [text[-9] for text in await shown.all_inner_texts() if "starlings" in text]
        assert numbers == ["4", "3", "2", "1"]
        await expect(bea.card("number 4")).to_be_focused()


async def test_likes_follows_and_replies_make_the_badge_rise_at_once(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as cleo, visiting(browser, platform.url) as dan:
        await cleo.sign_up("cleo", "Cleo")
        await cleo.post("Who can hear the sea from here?")
        await dan.sign_up("dan", "Dan")
        badge = cleo.page.locator("#badge")
        await expect(badge).to_be_hidden()
        await dan.follow("cleo")
        await expect(badge).to_have_text(re.compile("^1"))
        await dan.card("Who can hear").get_by_role("button", name="Like").click()
        await expect(badge).to_have_text(re.compile("^2"))
        await dan.card("Who can hear").get_by_role("button", name="Reply").click()
        await dan.page.get_by_role("dialog").get_by_label("Reply to @cleo").fill("I can, @cleo!")
        await dan.page.keyboard.press("Control+Enter")
        await expect(dan.page.get_by_role("dialog")).to_have_count(0)
        await expect(badge).to_have_text(re.compile("^3"))
        await expect(cleo.page).to_have_title(re.compile(r"^\(3\) "))

        # Reading them takes the badge away, and what comes meanwhile is there at once.
        await cleo.page.get_by_role("link", name="Notifications").click()
        told = cleo.page.get_by_role("feed").get_by_role("article")
        await expect(told).to_have_count(3)
        await expect(told.first).to_contain_text("Dan replied to you")
        await expect(badge).to_be_hidden()
        await dan.card("Who can hear").get_by_role("button", name="Retweet").click()
        await expect(told.first).to_contain_text("Dan retweeted your tweet")


async def test_a_thread_grows_while_it_is_read(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as eva, visiting(browser, platform.url) as finn:
        await eva.sign_up("eva", "Eva")
        await eva.post("A question for the river")
        await eva.card("A question").click()
        await expect(eva.page.get_by_role("heading", name="Thread")).to_be_visible()
        await finn.sign_up("finn", "Finn")
        await finn.open(eva.page.url.partition("#")[2])
        await finn.page.get_by_label("Reply to @eva").fill("It answers by running")
        await finn.page.get_by_role("button", name="Reply", exact=True).last.click()
        for who in (finn, eva):
            await expect(who.card("It answers")).to_contain_text("Replying to @eva")
        await finn.card("It answers").get_by_role("button", name="Quote").click()
        await finn.page.get_by_label("Quote @finn").fill("My own words")
        await finn.page.get_by_role("dialog").get_by_role("button", name="Post", exact=True).click()
        await expect(eva.card("It answers").get_by_role("button", name="Quote")).to_have_accessible_name("Quote")
        await finn.go("/@finn")
        await expect(finn.card("My own words").locator(".quoted")).to_contain_text("It answers")

        await eva.card("A question").get_by_role("button", name="More about this tweet").click()
        await eva.page.get_by_role("menuitem", name="Delete").click()
        await eva.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(eva.page.get_by_text("This tweet is no longer there.")).to_be_visible()


async def test_search_knows_operators_and_hashtags_lead_there(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as gil:
        await gil.sign_up("gil", "Gil")
        await gil.post("Lanterns over the harbour #lanterns")
        await gil.post("Lanterns, but in the rain")

        async def indexed() -> bool:
            await gil.go(f"/search?q={quote('from:gil lanterns')}")
            await gil.page.reload()
            await expect(gil.page.locator("[aria-busy=true], [data-busy]")).to_have_count(0)
            return await gil.page.get_by_role("main").locator("article").count() == 2

        await until(indexed, 20)
        await gil.go("/@gil")
        await gil.card("over the harbour").get_by_role("link", name="#lanterns").click()
        await expect(gil.page.get_by_role("searchbox", name="Search", exact=True)).to_have_value("#lanterns")
        await expect(gil.card("over the harbour")).to_be_visible()
        await expect(gil.card("in the rain")).to_have_count(0)
        box = gil.page.get_by_role("main").get_by_role("searchbox")
        await box.fill("from:gil lanterns -harbour")
        await box.press("Enter")
        await expect(gil.card("in the rain")).to_be_visible()
        await expect(gil.card("over the harbour")).to_have_count(0)
        box = gil.page.get_by_role("main").get_by_role("searchbox")
        await box.fill("since:yesterday")
        await box.press("Enter")
        box = gil.page.get_by_role("main").get_by_role("searchbox")
        await expect(box).to_have_attribute("aria-invalid", "true")
        await expect(box).to_have_accessible_description(re.compile("since"))
        await expect(gil.page.get_by_text("Nothing was found.")).to_be_hidden()
        await gil.page.get_by_role("link", name="People").click()
        await gil.page.get_by_role("main").get_by_role("searchbox").fill("gil")
        await gil.page.keyboard.press("Enter")
        await expect(gil.page.get_by_role("article", name="Gil")).to_be_visible()


async def test_errors_stand_at_their_fields(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as hal:
        page = await hal.open("/sign-up")
        await page.get_by_label("Handle").fill("h a l")
        await page.get_by_label("Name").fill("Hal")
        await page.get_by_label("Password").fill("short")
        await page.get_by_role("button", name="Sign up").click()
        handle = page.get_by_label("Handle")
        await expect(handle).to_have_attribute("aria-invalid", "true")
        await expect(handle).to_be_focused()
        await hal.sign_up("hal", "Hal")
        text = hal.page.get_by_label("What is happening?")
        left = hal.page.locator(".left")
        await expect(left).to_have_text("280")
        await text.fill("see https://example.com/" + "a" * 300)
        await expect(left).to_have_text(str(280 - 4 - 23))
        await text.fill("語" * 141)
        await expect(left).to_have_text("-2")
        await hal.page.get_by_role("main").get_by_role("button", name="Post", exact=True).click()
        await expect(text).to_have_accessible_description(re.compile("2 characters too long"))
        await text.fill("   ")
        await hal.page.get_by_role("main").get_by_role("button", name="Post", exact=True).click()
        await expect(text).to_have_accessible_description(re.compile("empty"))


async def test_what_people_write_is_text_and_nothing_else(platform: Running, browser: Browser) -> None:
    hostile = "<img src=x onerror=alert(1)> <b>bold</b> javascript:alert(1) example.com/a?b=<c>"
    async with visiting(browser, platform.url) as ira:
        await ira.sign_up("ira", "<script>alert(1)</script>")
        await ira.post(hostile)
        card = ira.card("onerror")
        assert hostile in (await card.locator(".text").inner_text())
        assert await card.locator("img, script, b").count() == 0
        links = await card.locator(".text a").evaluate_all("all => all.map(a => [a.protocol, a.rel])")
        assert links
        assert {tuple(link) for link in links} == {("https:", "noopener noreferrer nofollow ugc")}
        await ira.go("/settings")
        await ira.page.get_by_label("Your page").fill("javascript:alert(1)")
        await ira.page.get_by_role("button", name="Save").click()
        await expect(ira.page.get_by_label("Your page")).to_have_attribute("aria-invalid", "true")


async def test_lists_go_on_by_pages_and_going_back_finds_them_as_they_were(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as jon:
        await jon.sign_up("jon", "Jon")
        for number in range(45):
            await jon.post(f"Step {number} of many")
        await jon.page.reload()
        cards = jon.page.get_by_role("feed").locator("article")
        await expect(cards.nth(19)).to_be_attached()
        for _ in range(20):
            if await cards.count() == 45:
                break
            await jon.page.keyboard.press("End")
        await expect(cards).to_have_count(45)
        oldest = jon.card("Step 0 of many")
        await oldest.scroll_into_view_if_needed()
        place = await jon.page.evaluate("scrollY")
        await oldest.click(position={"x": 200, "y": 20})
        await expect(jon.page.get_by_role("heading", name="Thread")).to_be_visible()
        await jon.page.get_by_role("button", name="Back").click()
        await expect(cards).to_have_count(45)
        assert abs(await jon.page.evaluate("scrollY") - place) < 50


async def test_who_is_blocked_or_muted_can_be_let_in_again(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as kim, visiting(browser, platform.url) as leo:
        await leo.sign_up("leo", "Leo")
        await kim.sign_up("kim", "Kim")
        await kim.follow("leo")
        more = kim.page.get_by_role("main").get_by_role("button", name="More about @leo")
        await more.click()
        await kim.page.get_by_role("menuitem", name="Mute").click()
        await expect(kim.page.get_by_text("@leo is muted.")).to_be_visible()
        await more.click()
        await expect(kim.page.get_by_role("menuitem", name="Unmute @leo")).to_be_visible()
        await kim.page.get_by_role("menuitem", name="Block").click()
        await kim.page.get_by_role("dialog").get_by_role("button", name="Block").click()
        unblock = kim.page.get_by_role("main").get_by_role("button", name="Unblock @leo")
        await unblock.click()
        await expect(kim.page.get_by_role("main").get_by_role("button", name="Follow @leo")).to_be_visible()


async def test_what_one_posts_in_another_tab_is_no_news(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as ursa, visiting(browser, platform.url) as vito:
        await ursa.sign_up("ursa", "Ursa")
        await vito.sign_up("vito", "Vito")
        await vito.follow("ursa")
        await vito.go("/")
        await expect(vito.page.get_by_text("Nothing here yet")).to_be_visible()
        page = vito.page
        await vito.open("/")
        await vito.post("Written elsewhere")
        await ursa.post("Written by Ursa")
        announced, feed = page.locator(".announce"), page.get_by_role("feed")
        await expect(announced).to_have_text("1 new post")
        await announced.click()
        await expect(feed).to_contain_text("Written by Ursa")
        await expect(feed).to_contain_text("Written elsewhere")


async def test_more_than_a_page_of_news_leaves_no_gap(platform: Running, browser: Browser) -> None:
    async with visiting(browser, platform.url) as mona, visiting(browser, platform.url) as ned:
        await mona.sign_up("mona", "Mona")
        await mona.post("Before the storm")
        await ned.sign_up("ned", "Ned")
        await ned.follow("mona")
        await ned.go("/")
        await expect(ned.card("Before the storm")).to_be_visible()
        await ned.context.set_offline(True)
        await expect(ned.page.get_by_text("No connection")).to_be_visible()
        for number in range(25):
            await mona.post(f"Drop {number}.")
        await ned.context.set_offline(False)
        announced = ned.page.locator(".announce")
        await expect(announced).to_have_text("20+ new posts")
        await announced.click()
        cards = ned.page.get_by_role("feed").locator("article")
        await expect(cards.first).to_contain_text("Drop 24.")
        for _ in range(20):
            if await cards.count() == 26:
                break
            await ned.page.keyboard.press("End")
        await expect(cards).to_have_count(26)
        ned.faults[:] = [fault for fault in ned.faults if "ERR_INTERNET_DISCONNECTED" not in fault]

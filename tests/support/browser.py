"""A real Chromium, and people who use it. Nothing but the platform itself can be reached from it."""

import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Locator, Page, Route, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
PICTURES = os.environ.get("MURMUR_PICTURES")
"""The folder that keeps the screenshots: `docs/images` is where the README looks for them."""
PASSWORD = "correct horse battery"
_MOST_TABS = 60


@asynccontextmanager
async def chromium() -> AsyncGenerator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Visitor:
    """A browser of one person's own. `faults` are exceptions, errors on the console, and requests to elsewhere."""

    url: str
    context: BrowserContext
    faults: list[str] = field(default_factory=list)
    page: Page = field(init=False)

    async def open(self, address: str = "") -> Page:
        """A new tab; `address` is the part behind `#`."""
        self.page = await self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self.faults.append(message.text) if message.type == "error" else None)
        await self.page.goto(f"{self.url}/#{address}")
        return self.page

    async def go(self, address: str) -> None:
        await self.page.evaluate("address => { location.hash = address }", address)

    async def sign_up(self, handle: str, name: str) -> None:
        await self.open("/sign-up")
        await self.page.get_by_label("Handle").fill(handle)
        await self.page.get_by_label("Name").fill(name)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.get_by_role("button", name="Sign up").click()
        await expect(self.page.get_by_role("heading", name="Home")).to_be_visible()

    async def post(self, text: str) -> None:
        await self.page.get_by_label("What is happening?").first.fill(text)
        await self.page.get_by_role("main").get_by_role("button", name="Post", exact=True).click()
        await expect(self.card(text)).to_be_visible()

    async def follow(self, handle: str) -> None:
        await self.go(f"/@{handle}")
        await self.page.get_by_role("main").get_by_role("button", name=f"Follow @{handle}").click()
        await expect(self.page.get_by_role("main").get_by_role("button", name=f"Following @{handle}")).to_be_visible()

    def card(self, text: str) -> Locator:
        """The tweet with this text."""
        return self.page.get_by_role("main").locator("article").filter(has_text=text).first

    async def tab_to(self, target: Locator) -> None:
        """As somebody without a pointer gets there; raises AssertionError where they never do."""
        for _ in range(_MOST_TABS):
            if await target.evaluate("element => element === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {target}")

    async def picture(self, name: str) -> None:
        if PICTURES:
            await self.page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


@asynccontextmanager
async def visiting(browser: Browser, url: str, *, phone: bool = False, dark: bool = False) -> AsyncGenerator[Visitor]:
    """Somebody's browser; where anything went wrong in it that a person might not see, this fails in the end."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 800},
        has_touch=phone,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    visitor = Visitor(url, context)

    async def only_ours(route: Route) -> None:
        address = route.request.url
        if address.startswith((url, "data:", "blob:")):
            await route.continue_()
        else:
            visitor.faults.append(f"asks for {address}")
            await route.abort()

    await context.route("**/*", only_ours)
    try:
        yield visitor
    finally:
        await context.close()
    assert visitor.faults == []

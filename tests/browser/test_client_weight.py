"""The page counts characters as the server does."""

import random

import pytest
from playwright.async_api import Browser

from murmur.text import MAX_WEIGHT, InvalidText, read_text
from tests.support.browser import CHROMIUM, visiting
from tests.support.program import Running

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
    pytest.mark.asyncio(loop_scope="module"),
]
TEXTS = [
    "plain",
    "  spaces at the ends \u3000\n",
    "see https://example.com/a/b?c=d#e, then (http://example.org/x_(y)) and example.net.",
    "no.tld-here but x.yz and a.b.c.co.uk/path?q=1 and HTTP://EXAMPLE.COM",
    "https://t.co/abc123 https://t.co/" + "a" * 41,
    "e\u0301 is one, cafe\u0301 too; line\r\nbreak",
    "日本語のテキスト。 http://日本語.jp と example.com中国語",
    "👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈 ❤️ © ™ 1️⃣ 🇩🇪",
    "@someone@example.com user@example.com #tag.example.com $x.com",
    "a." * 12 + "com " + "b" * 70 + ".com",
    "".join(chr(0x0E00 + n) for n in range(1, 40)) + ".com",
    "“quotes” — dashes… ‘and’ more ‹›",
]
PIECES = [
    *"aé語👍.,/-_:()!?@#&= \n\u2019",
    "http://", "https://", "example", ".com", ".co.uk", ".app", "中国", "/path", "?a=b", "👩‍🚀", "🏽", "\u0301",
]  # fmt: skip


def mixed(seed: int) -> str:
    dice = random.Random(seed)
    return "".join(dice.choice(PIECES) for _ in range(dice.randrange(1, 60)))


def counted(text: str) -> int | None:
    try:
        return read_text(text).weight
    except InvalidText:
        return None


async def test_the_page_counts_as_the_server_does(platform: Running, browser: Browser) -> None:
    texts = {text: weight for text in [*TEXTS, *map(mixed, range(3_000))] if (weight := counted(text)) is not None}
    async with visiting(browser, platform.url) as ada:
        await ada.open()
        file = await ada.page.locator("link[href$='weight.js']").get_attribute("href")
        found = await ada.page.evaluate(
            "async ([file, texts]) => { const weigh = await (await import(file)).weigher(); return texts.map(weigh) }",
            [file, list(texts)],
        )
    counts = {text: own["weight"] for text, own in zip(texts, found, strict=True)}
    different = [text for text, weight in texts.items() if counts[text] != weight]
    assert {own["most"] for own in found} == {MAX_WEIGHT}
    assert [text for text in TEXTS if text in different] == []
    # No two engines of regular expressions are the same engine; the server has the last word.
    assert len(texts) > 2_500
    assert len(different) <= len(texts) / 1_000, different

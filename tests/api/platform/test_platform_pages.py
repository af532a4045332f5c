"""Pages of connections, read while the list grows above them."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.city import City, Person
from tests.support.waiting import until

_LISTS = {
    "homeTimeline": ("{ list: homeTimeline(%s) { %s } }", "tweet { id }"),
    "User.timeline": ('{ user(handle: "ada") { list: timeline(%s) { %s } } }', "tweet { id }"),
    "User.tweets": ('{ user(handle: "ada") { list: tweets(%s) { %s } } }', "id"),
    "User.replies": ('{ user(handle: "ada") { list: replies(%s) { %s } } }', "id"),
    "User.likes": ('{ user(handle: "ada") { list: likes(%s) { %s } } }', "id"),
    "User.following": ('{ user(handle: "ada") { list: following(%s) { %s } } }', "id"),
    "Tweet.replies": ('{ tweet(id: "ROOT") { list: replies(%s) { %s } } }', "id"),
    "bookmarks": ("{ list: bookmarks(%s) { %s } }", "id"),
}
_AT_FIRST = 45
_MOST_WRITTEN = 120


async def _page(viewer: Person, name: str, root: str, arguments: str) -> Any:
    document, node = _LISTS[name]
    shown = f"edges {{ cursor node {{ {node} }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}"
    page = await viewer.ask((document % (arguments, shown)).replace("ROOT", root))
    while "list" not in page:
        [page] = page.values()
    return page["list"]


def _ids(page: Any) -> list[str]:
    return [edge["node"].get("tweet", edge["node"])["id"] for edge in page["edges"]]


@asynccontextmanager
async def _writing(write: Callable[[], Awaitable[object]]) -> Any:
    """Somebody writes while the block runs; what is given tells how often."""
    written = [0]

    async def go_on() -> None:
        while written[0] < _MOST_WRITTEN:
            await write()
            written[0] += 1

    task = asyncio.create_task(go_on())
    try:
        yield written
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@dataclass
class _Scene:
    """Ada, and how one more entry comes to stand on top of each of her lists."""

    city: City
    ada: Person
    authors: Sequence[Person]
    root: str
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    async def holds(self, name: str, number: int) -> list[str]:
        """The list's ids, newest first, once it has so many; what reaches a home timeline takes a moment."""
        found: list[str] = []

        async def full() -> bool:
            found[:] = _ids(await _page(self.ada, name, self.root, "first: 100"))
            return len(found) == number

        await until(full)
        return found

    async def grow(self, name: str) -> None:
        match name:
            case "homeTimeline":
                await self.dice.choice(self.authors).tweet("more")
            case "User.timeline" | "User.tweets":
                await self.ada.tweet("more")
            case "User.replies" | "Tweet.replies":
                await self.ada.tweet("more", inReplyTo=self.root)
            case "User.following":
                await self.ada.follow(await self.city.person())
            case "User.likes":
                await self.ada.engage("like", await self.ada.tweet("liked"))
            case _:
                await self.ada.engage("bookmark", await self.ada.tweet("kept"))


@pytest.fixture
async def scene(city: City) -> _Scene:
    ada, root, *authors = await city.people("ada", "root", "bob", "cyd", "dan")
    await ada.follow(*authors)
    return _Scene(city, ada, [ada, *authors], await root.tweet("root"))


@pytest.mark.parametrize("name", _LISTS)
async def test_pages_never_skip_or_repeat_while_entries_arrive_above(scene: _Scene, name: str) -> None:
    await asyncio.gather(*(scene.grow(name) for _ in range(_AT_FIRST)))
    sizes = random.Random(name)
    at_first = await scene.holds(name, _AT_FIRST + (len(scene.authors) - 1 if name == "User.following" else 0))
    async with _writing(lambda: scene.grow(name)) as written:
        for most in (3, 25):
            seen: list[str] = []
            after = ""
            while True:
                page = await _page(scene.ada, name, scene.root, f"first: {sizes.randint(1, most)}{after}")
                assert page["edges"][0]["cursor"] == page["pageInfo"]["startCursor"]
                seen += _ids(page)
                if not page["pageInfo"]["hasNextPage"]:
                    break
                after = f', after: "{page["pageInfo"]["endCursor"]}"'
            assert len(set(seen)) == len(seen), "an entry was repeated"
            assert [id_ for id_ in seen if id_ in set(at_first)] == at_first, "an entry was skipped"
    assert written[0] > 0


@pytest.mark.parametrize("name", _LISTS)
async def test_pages_from_the_oldest_end_lead_to_the_newest(scene: _Scene, name: str) -> None:
    # Ada follows somebody from the beginning.
    at_first = len(scene.authors) - 1 if name == "User.following" else 0
    for _ in range(12):
        await scene.grow(name)
    everything = await scene.holds(name, 12 + at_first)
    sizes = random.Random(name)
    found: list[str] = []
    before = ""
    while True:
        page = await _page(scene.ada, name, scene.root, f"last: {sizes.randint(1, 6)}{before}")
        found = _ids(page) + found
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        before = f', before: "{page["pageInfo"]["startCursor"]}"'
    assert found == everything


async def test_a_page_between_two_cursors_holds_what_stands_between_them(scene: _Scene) -> None:
    for _ in range(9):
        await scene.grow("homeTimeline")
    await scene.holds("homeTimeline", 9)
    page = await _page(scene.ada, "homeTimeline", scene.root, "first: 9")
    cursors, ids = [edge["cursor"] for edge in page["edges"]], _ids(page)
    between = f'after: "{cursors[1]}", before: "{cursors[7]}"'
    assert _ids(await _page(scene.ada, "homeTimeline", scene.root, f'first: 9, after: "{cursors[1]}"')) == ids[2:]
    assert _ids(await _page(scene.ada, "homeTimeline", scene.root, f'last: 9, before: "{cursors[7]}"')) == ids[:7]
    # Newer than the eighth and older than the second.
    assert _ids(await _page(scene.ada, "homeTimeline", scene.root, f"first: 9, {between}")) == ids[2:7]
    assert _ids(await _page(scene.ada, "homeTimeline", scene.root, f"last: 2, {between}")) == ids[5:7]


async def test_deleting_the_tweet_of_a_cursor_does_not_lose_the_place(scene: _Scene) -> None:
    for _ in range(6):
        await scene.grow("homeTimeline")
    await scene.holds("homeTimeline", 6)
    page = await _page(scene.ada, "homeTimeline", scene.root, "first: 6")
    ids = _ids(page)
    await scene.ada.engage("deleteTweet", ids[2])
    after = page["edges"][2]["cursor"]
    assert _ids(await _page(scene.ada, "homeTimeline", scene.root, f'first: 2, after: "{after}"')) == ids[3:5]

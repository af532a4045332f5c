"""Who is left out of lists of people, and that nobody notices the gap."""

from collections.abc import AsyncIterator, Iterable
from itertools import count
from pathlib import Path

import pytest

from murmur.cursors import Window
from murmur.relation import Relation
from subgraphs.users.model import ImportedEdge, ImportedUser, Listing
from subgraphs.users.service.imports import Imports
from subgraphs.users.service.lists import Lists
from subgraphs.users.wiring import open_store

NOW = 1_760_000_000_000


class Place(Imports, Lists):
    """People with numbers, and what they see."""

    async def people(self, ids: Iterable[int]) -> None:
        await self.import_users([ImportedUser(handle=f"u{id_}", name="X", id=id_) for id_ in ids])

    async def follows(self, *edges: tuple[int, int]) -> None:
        """The later a follow stands here, the newer it is."""
        ids = count(1_000 + len(await self._store.all_edges("follow", (0, 0), 10_000)))
        rows = [ImportedEdge(source, target, id=next(ids)) for source, target in edges]
        assert (await self.import_follows(rows)).added == len(edges)

    async def page(self, user_id: int, window: Window, viewer: int | None) -> tuple[list[int], bool]:
        [page], _ = await self.neighbours(viewer, [Listing("followers", user_id, window)])
        return [row.user.id for row in page.items], page.has_previous if window.from_oldest else page.has_next

    async def suggested(self, viewer: int, limit: int) -> list[int]:
        return [user.id for user in await self.suggestions(viewer, limit)]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    store = open_store("sqlite:", tmp_path)
    yield Place(store, count(100_000).__next__, lambda: NOW)
    await store.close()


async def test_blocked_people_leave_no_gap_in_a_page(place: Place) -> None:
    await place.people(range(1, 9))
    await place.follows(*((id_, 1) for id_ in range(3, 9)))
    await place.import_blocks([ImportedEdge(2, 8), ImportedEdge(6, 2)])
    assert await place.page(1, Window(2), 2) == ([7, 5], True)
    assert await place.page(1, Window(2), 3) == ([8, 7], True)
    assert await place.page(1, Window(2), None) == ([8, 7], True)
    assert await place.page(1, Window(4), 2) == ([7, 5, 4, 3], False)
    assert await place.page(1, Window(2, from_oldest=True), 2) == ([4, 3], True)
    assert await place.page(1, Window(3, from_oldest=True), 2) == ([5, 4, 3], True)


async def test_pages_are_whole_where_most_are_blocked(place: Place) -> None:
    fans = range(10, 310)
    await place.people([1, 2, *fans])
    await place.follows(*((fan, 1) for fan in fans))
    seen = [fan for fan in fans if fan % 50 == 0]
    await place.import_blocks([ImportedEdge(2, fan) for fan in fans if fan not in seen])
    assert await place.page(1, Window(3), 2) == (seen[:2:-1], True)
    assert await place.page(1, Window(3, from_oldest=True), 2) == (seen[2::-1], True)
    assert await place.page(1, Window(9), 2) == (seen[::-1], False)


async def test_several_lists_tell_how_the_viewer_stands_to_whom_they_show(place: Place) -> None:
    await place.people(range(1, 7))
    await place.follows((3, 1), (4, 1), (5, 1), (1, 6), (2, 3), (6, 2))
    await place.import_blocks([ImportedEdge(5, 2)])
    pages, relations = await place.neighbours(2, [Listing("followers", 1, Window(9)), Listing("following", 1, Window(9))])
    assert [[row.user.id for row in page.items] for page in pages] == [[4, 3], [6]]
    assert {id_: relation for id_, relation in relations.items() if id_ in (3, 4, 6)} == {
        3: Relation(follows=True),
        6: Relation(followed_by=True),
    }
    assert await place.neighbours(2, []) == ([], {})


async def test_suggestions_are_those_whom_most_of_mine_follow(place: Place) -> None:
    await place.people(range(1, 13))
    edges = [(1, 2), (1, 3), (1, 4)]  # whom I follow
    edges += [(2, 5), (3, 5), (4, 5), (2, 6), (3, 6), (2, 7), (2, 8), (12, 8)]  # whom they follow: 5 three times, 6 twice
    edges += [(2, 3), (2, 1), (2, 9), (3, 9), (2, 10), (3, 10), (2, 11), (3, 11)]  # mine, me, and some to be left out
    await place.follows(*edges)
    await place.import_blocks([ImportedEdge(1, 9), ImportedEdge(10, 1)])
    await place.import_mutes([ImportedEdge(1, 11)])
    assert await place.suggested(1, 10) == [5, 6, 8, 7]
    assert await place.suggested(1, 2) == [5, 6]
    assert await place.suggested(12, 10) == []


async def test_suggestions_look_at_the_newest_follows_only(place: Place) -> None:
    followed = range(10, 10 + 600)
    await place.people([1, 2, 3, *followed])
    await place.follows(*((1, id_) for id_ in reversed(followed)), (followed[-1], 2), (followed[0], 3))
    assert await place.suggested(1, 10) == [3]


async def test_suggestions_are_found_behind_any_number_of_people_passed_over(place: Place) -> None:
    muted = range(100, 200)
    await place.people([1, 2, 3, *muted, 300])
    await place.follows((1, 2), (1, 3), *((friend, id_) for friend in (2, 3) for id_ in muted), (2, 300))
    await place.import_mutes([ImportedEdge(1, id_) for id_ in muted])
    assert await place.suggested(1, 1) == [300]

"""Imports: every row that can be taken is, once; the others are reported."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from murmur.events import AnyEvent, Blocked, Followed, Muted, Unfollowed, UserSignedUp, decode_event
from murmur.ids import EPOCH_MS, MAX_ID, Snowflakes, first_id_at, id_time
from murmur.imported import Imported
from murmur.relation import Relation
from subgraphs.users.model import Edge, ImportedEdge, ImportedUser, User
from subgraphs.users.ports import UsersStore
from subgraphs.users.service.imports import MAX_BATCH, Imports
from subgraphs.users.wiring import open_store

NOW = 1_760_000_000_000
LONG_AGO = 1_500_000_000_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[UsersStore]:
    opened = open_store("sqlite:", tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def imports(store: UsersStore) -> Imports:
    return Imports(store, Snowflakes(1, clock=lambda: NOW), lambda: NOW)


async def events(store: UsersStore) -> list[AnyEvent]:
    entries = await store.outbox.pending(10_000)
    await store.outbox.remove(entries)
    return [decode_event(entry.payload) for entry in entries]


def tally(result: Imported) -> tuple[int, int, list[int]]:
    return result.added, result.unchanged, [rejected.index for rejected in result.rejected]


async def people(imports: Imports, store: UsersStore, size: int) -> None:
    await imports.import_users([ImportedUser(handle=f"u{n}", name=f"U {n}", id=n) for n in range(1, size + 1)])
    await events(store)


async def test_people_keep_their_ids_times_and_marks(imports: Imports, store: UsersStore) -> None:
    ada = ImportedUser("Ada", "Ada L", 7, "bio", "London", "https://a.example/", "https://a.example/a.png", LONG_AGO, True, True)
    for expected in ((2, 0, []), (0, 2, [])):
        assert tally(await imports.import_users([ada, ImportedUser("bob", "Bob")])) == expected
    found = await store.users_of_handles(["ada", "bob"])
    assert found["ada"] == User(
        7, "Ada", "Ada L", "bio", "London", "https://a.example/", "https://a.example/a.png", LONG_AGO, True, True
    )
    assert found["bob"].created_at == id_time(found["bob"].id) == NOW
    told = await events(store)
    assert [(event.handle, event.at) for event in told if isinstance(event, UserSignedUp)] == [("Ada", LONG_AGO), ("bob", NOW)]


async def test_people_who_can_not_be_taken_are_told_by_index_and_reason(imports: Imports, store: UsersStore) -> None:
    result = await imports.import_users(
        [
            ImportedUser("ada", "Ada", 1),
            ImportedUser("ADA", "Other", 2),
            ImportedUser("eve", "Eve", 1),
            ImportedUser("no handle", "X"),
            ImportedUser("\ud800", "X"),
            ImportedUser("bob", ""),
            ImportedUser("bob", "Bob", website="not a url"),
            ImportedUser("bob", "Bob", 0),
            ImportedUser("bob", "Bob", MAX_ID + 1),
            ImportedUser("bob", "Bob", created_at=-1),
            ImportedUser("bob", "Bob"),
            ImportedUser("Bob", "Bob again"),
        ]
    )
    assert tally(result) == (2, 1, [1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert [rejected.reason for rejected in result.rejected[:2]] == [
        "somebody else has that handle",
        "something else has that id",
    ]
    assert all(rejected.reason for rejected in result.rejected)
    assert len(await events(store)) == 2


async def test_follows_arrive_once_with_counts_and_events_of_their_own_times(imports: Imports, store: UsersStore) -> None:
    await people(imports, store, 4)
    rows = [
        ImportedEdge(1, 2, id=50),
        ImportedEdge(1, 3, created_at=LONG_AGO),
        ImportedEdge(1, 4, created_at=LONG_AGO),
        ImportedEdge(2, 1),
        ImportedEdge(3, 3),
        ImportedEdge(3, 99),
        ImportedEdge(4, 2, id=50),
        ImportedEdge(4, 3, id=-1),
        ImportedEdge(4, 3, created_at=10**18),
        ImportedEdge(1, 2),
    ]
    assert tally(await imports.import_follows(rows)) == (4, 1, [4, 5, 6, 7, 8])
    told = await events(store)
    assert [(event.follower_id, event.followee_id) for event in told if isinstance(event, Followed)] == [
        (1, 2),
        (1, 3),
        (1, 4),
        (2, 1),
    ]
    assert [event.at for event in told[1:]] == [LONG_AGO, LONG_AGO, NOW]
    assert tally(await imports.import_follows(rows)) == (0, 5, [4, 5, 6, 7, 8])
    assert await events(store) == []
    ada = (await store.users([1]))[1]
    assert (ada.follower_count, ada.following_count) == (1, 3)
    assert (await store.followees(1, 3))[2] == 2


async def test_a_crowd_that_follows_in_one_millisecond_arrives_whole_and_once(imports: Imports, store: UsersStore) -> None:
    size = 20_000
    rows = [ImportedEdge(n, 1, created_at=LONG_AGO) for n in range(2, size + 2)]
    people = [ImportedUser(handle=f"u{n}", name="U", id=n) for n in range(1, size + 2)]
    for start in range(0, size + 1, MAX_BATCH):
        await imports.import_users(people[start : start + MAX_BATCH])
    while await events(store):
        pass
    halves = (rows[:MAX_BATCH], rows[MAX_BATCH:])
    assert [tally(await imports.import_follows(half)) for half in halves] == [(MAX_BATCH, 0, [])] * 2
    edges = await store.all_edges("follow", (0, 0), size)
    assert len({edge.id for edge in edges}) == size
    assert len(await events(store)) + len(await events(store)) == size
    # In another order a row may hash to what another has moved to; it is there all the same.
    assert [tally(await imports.import_follows(half[::-1])) for half in halves[::-1]] == [(0, MAX_BATCH, [])] * 2
    assert await events(store) == []
    assert await store.all_edges("follow", (0, 0), size) == edges
    [first] = (await store.users([1])).values()
    assert first.follower_count == size


async def test_times_to_come_are_refused_and_so_is_what_no_id_can_hold(imports: Imports, store: UsersStore) -> None:
    await people(imports, store, 3)
    rows = [
        ImportedEdge(1, 2, created_at=NOW + 1),
        ImportedEdge(1, 2, id=first_id_at(NOW + 1)),
        ImportedEdge(1, 2, id=50, created_at=NOW + 1),
        ImportedEdge(1, 2, created_at=EPOCH_MS - 1),
        ImportedEdge(1, 2, created_at=-1),
        ImportedEdge(1, 2, created_at=NOW),
        ImportedEdge(1, 3, created_at=EPOCH_MS),
    ]
    for take in (imports.import_follows, imports.import_mutes, imports.import_blocks):
        result = await take(rows)
        assert tally(result) == (2, 0, [0, 1, 2, 3, 4])
        assert [rejected.reason for rejected in result.rejected] == [
            "its time is in the future",
            "the time in its id is in the future",
            "its time is in the future",
            "it is older than the epoch of ids, 2010-11-04: give it an id",
            "its time is before 1970",
        ]
    result = await imports.import_users(
        [
            ImportedUser("ada", "Ada", created_at=NOW + 1),
            ImportedUser("bob", "Bob", first_id_at(NOW + 1)),
            ImportedUser("eve", "Eve", created_at=EPOCH_MS - 1),
        ]
    )
    assert [rejected.reason for rejected in result.rejected] == [
        "its time is in the future",
        "the time in its id is in the future",
    ]
    assert (await store.users_of_handles(["eve"]))["eve"].created_at == EPOCH_MS - 1


async def test_an_exported_graph_comes_back_the_same(imports: Imports, store: UsersStore, tmp_path: Path) -> None:
    await people(imports, store, 30)
    await imports.import_follows([ImportedEdge(a, b, created_at=LONG_AGO) for a in range(1, 31) for b in range(1, 31) if a != b])
    edges = await store.all_edges("follow", (0, 0), 1_000)
    assert len({edge.id for edge in edges}) == len(edges) == 870
    other = open_store("sqlite:", tmp_path / "other")
    again = Imports(other, Snowflakes(2), lambda: NOW)
    users = await store.all_users(0, 100)
    await again.import_users([ImportedUser(user.handle, user.name, user.id, created_at=user.created_at) for user in users])
    assert tally(await again.import_follows([ImportedEdge(e.source_id, e.target_id, e.id) for e in edges])) == (870, 0, [])
    assert await other.all_edges("follow", (0, 0), 1_000) == edges
    assert await other.all_users(0, 100) == await store.all_users(0, 100)
    await other.close()


async def test_imported_blocks_end_follows_and_keep_out_later_ones(imports: Imports, store: UsersStore) -> None:
    await people(imports, store, 3)
    await imports.import_follows([ImportedEdge(1, 2), ImportedEdge(2, 1), ImportedEdge(1, 3)])
    await events(store)
    for expected in ((1, 0, [1]), (0, 1, [1])):
        assert tally(await imports.import_blocks([ImportedEdge(2, 1, id=9), ImportedEdge(2, 99)])) == expected
    assert [type(event) for event in await events(store)] == [Unfollowed, Unfollowed, Blocked]
    result = await imports.import_follows([ImportedEdge(1, 2)])
    assert [rejected.reason for rejected in result.rejected] == ["one of the two people has blocked the other"]
    assert await store.all_edges("block", (0, 0), 9) == [Edge(9, 2, 1)]
    counted = await store.users([1, 2])
    assert [(user.follower_count, user.following_count) for user in counted.values()] == [(0, 1), (0, 0)]


async def test_imported_mutes_are_mutes(imports: Imports, store: UsersStore) -> None:
    await people(imports, store, 2)
    for expected in ((1, 0, []), (0, 1, [])):
        assert tally(await imports.import_mutes([ImportedEdge(1, 2)])) == expected
    assert await store.relations(1, [2]) == {2: Relation(mutes=True)}
    assert [type(event) for event in await events(store)] == [Muted]


async def test_a_batch_is_bounded(imports: Imports) -> None:
    with pytest.raises(ValueError, match="at most"):
        await imports.import_mutes([ImportedEdge(1, 2)] * (MAX_BATCH + 1))


async def test_an_empty_batch_is_nothing(imports: Imports) -> None:
    assert tally(await imports.import_users([])) == tally(await imports.import_follows([])) == (0, 0, [])

"""What every users store keeps: profiles, follows, blocks and mutes, counts that equal the edges, and events with each change."""

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from murmur.cache.memory import MemoryCache
from murmur.cursors import Window
from murmur.events import (
    AnyEvent,
    Blocked,
    Followed,
    Muted,
    ProfileUpdated,
    Unblocked,
    Unfollowed,
    Unmuted,
    UserSignedUp,
    decode_event,
)
from murmur.relation import Relation
from subgraphs.users.model import Edge, Listing, Outcome, Side, User
from subgraphs.users.ports import UsersStore
from subgraphs.users.wiring import cached
from tests.support.users_stores import KINDS, open_again, open_empty

AT = 1_760_000_000_000
_event_ids = count(1)


@pytest.fixture(params=(*KINDS, "beside a cache"))
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[UsersStore]:
    beside_a_cache = request.param == "beside a cache"
    opened = await open_empty("sqlite" if beside_a_cache else request.param, request, tmp_path)
    yield cached(opened, MemoryCache(), lambda _kind, _outcome, _by: None) if beside_a_cache else opened
    await opened.close()


def person(id_: int, handle: str | None = None) -> User:
    return User(id_, handle or f"u{id_}", f"User {id_}", None, None, None, None, AT)


def signed_up(user: User) -> UserSignedUp:
    return UserSignedUp(id=next(_event_ids), at=AT, user_id=user.id, handle=user.handle, name=user.name)


async def add(store: UsersStore, *ids: int) -> None:
    users = [person(id_) for id_ in ids]
    assert set(await store.add_users([(user, signed_up(user)) for user in users])) == {Outcome.DONE}
    await events(store)


async def follow(store: UsersStore, *edges: Edge) -> list[Outcome]:
    return list(
        await store.follow(
            [
                (edge, Followed(id=next(_event_ids), at=AT, follower_id=edge.source_id, followee_id=edge.target_id))
                for edge in edges
            ]
        )
    )


async def unfollow(store: UsersStore, a: int, b: int) -> bool:
    return await store.remove("follow", a, b, Unfollowed(id=next(_event_ids), at=AT, follower_id=a, followee_id=b))


async def block(store: UsersStore, edge: Edge) -> Outcome:
    a, b = edge.source_id, edge.target_id
    endings = (
        Unfollowed(id=next(_event_ids), at=AT, follower_id=a, followee_id=b),
        Unfollowed(id=next(_event_ids), at=AT, follower_id=b, followee_id=a),
    )
    [outcome] = await store.block([(edge, Blocked(id=next(_event_ids), at=AT, blocker_id=a, blocked_id=b), endings)])
    return outcome


async def mute(store: UsersStore, edge: Edge) -> Outcome:
    event = Muted(id=next(_event_ids), at=AT, muter_id=edge.source_id, muted_id=edge.target_id)
    [outcome] = await store.mute([(edge, event)])
    return outcome


async def events(store: UsersStore) -> list[AnyEvent]:
    """Take what waits in the outbox."""
    entries = await store.outbox.pending(10_000)
    await store.outbox.remove(entries)
    return [decode_event(entry.payload) for entry in entries]


async def counts(store: UsersStore, id_: int) -> tuple[int, int]:
    user = (await store.users([id_]))[id_]
    return user.follower_count, user.following_count


async def listed(store: UsersStore, id_: int, side: Side, window: Window) -> list[int]:
    [rows] = await store.neighbours([Listing(side, id_, window)])
    return [row.user.id for row in rows]


async def test_a_profile_is_read_back_whole(store: UsersStore) -> None:
    ada = User(7, "Ada", "Ada L", "bio", "London", "https://ada.example/", "https://ada.example/a.png", AT, True, True)
    assert await store.add_users([(ada, signed_up(ada))]) == [Outcome.DONE]
    assert await store.users([7, 8]) == {7: ada}
    assert await store.users_of_handles(["aDA", "nobody"]) == {"ada": ada}
    assert await store.ids_of_handles(["ADA", "nobody"]) == {"ada": 7}
    assert await store.users([]) == {}


async def test_adding_again_changes_nothing_and_tells_nobody(store: UsersStore) -> None:
    ada, other_id, other_handle = person(1, "Ada"), person(2, "ADA"), person(1, "bob")
    await store.add_users([(ada, signed_up(ada))])
    again = [(user, signed_up(user)) for user in (person(1, "ada"), other_id, other_handle)]
    assert await store.add_users(again) == [Outcome.UNCHANGED, Outcome.HANDLE_TAKEN, Outcome.ID_TAKEN]
    assert await store.users([1, 2]) == {1: ada}
    assert len(await events(store)) == 1


async def test_a_profile_changes_where_asked_and_tells_of_it_once(store: UsersStore) -> None:
    await add(store, 1)

    def announce(user: User) -> ProfileUpdated:
        return ProfileUpdated(id=next(_event_ids), at=AT, user_id=user.id, name=user.name, bio=user.bio)

    for _ in range(2):
        changed = await store.update_profile(1, {"name": "New", "bio": "Hi"}, announce)
        assert changed is not None
        assert (changed.name, changed.bio, changed.location) == ("New", "Hi", None)
    cleared = await store.update_profile(1, {"bio": None}, announce)
    assert cleared is not None
    assert (cleared.name, cleared.bio) == ("New", None)
    assert [(event.name, event.bio) for event in await events(store) if isinstance(event, ProfileUpdated)] == [
        ("New", "Hi"),
        ("New", None),
    ]
    assert await store.update_profile(2, {"name": "New"}, announce) is None


async def test_a_follow_counts_once_however_often_it_is_written(store: UsersStore) -> None:
    await add(store, 1, 2)
    assert await follow(store, Edge(10, 1, 2)) == [Outcome.DONE]
    assert await follow(store, Edge(11, 1, 2)) == [Outcome.UNCHANGED]
    assert (await counts(store, 1), await counts(store, 2)) == ((0, 1), (1, 0))
    assert await store.follower_counts([1, 2, 3]) == {1: 0, 2: 1}
    [event] = await events(store)
    assert isinstance(event, Followed)
    assert await unfollow(store, 1, 2)
    assert not await unfollow(store, 1, 2)
    assert (await counts(store, 1), await counts(store, 2)) == ((0, 0), (0, 0))
    assert [type(event) for event in await events(store)] == [Unfollowed]


async def test_nobody_follows_whom_does_not_exist(store: UsersStore) -> None:
    await add(store, 1)
    assert await follow(store, Edge(10, 1, 2), Edge(11, 2, 1)) == [Outcome.UNKNOWN, Outcome.UNKNOWN]
    assert await block(store, Edge(12, 1, 2)) is Outcome.UNKNOWN
    assert await mute(store, Edge(13, 1, 2)) is Outcome.UNKNOWN
    assert await counts(store, 1) == (0, 0)
    assert await events(store) == []
    await add(store, 3)
    assert await follow(store, Edge(10, 1, 3), Edge(10, 1, 2)) == [Outcome.DONE, Outcome.UNKNOWN]


async def test_two_follows_of_one_list_never_share_a_position(store: UsersStore) -> None:
    await add(store, 1, 2, 3)
    assert await follow(store, Edge(10, 1, 2), Edge(10, 1, 3), Edge(10, 3, 2), Edge(10, 2, 3)) == [
        Outcome.DONE,
        Outcome.ID_TAKEN,
        Outcome.ID_TAKEN,
        Outcome.DONE,
    ]
    assert await counts(store, 2) == (1, 1)


async def test_a_follow_that_may_move_takes_the_next_free_position(store: UsersStore) -> None:
    await add(store, 1, 2, 3, 4)
    await follow(store, Edge(10, 1, 2), Edge(11, 1, 3))
    await events(store)
    for outcome in (Outcome.DONE, Outcome.UNCHANGED):
        event = Followed(id=next(_event_ids), at=AT, follower_id=1, followee_id=4)
        assert await store.follow([(Edge(10, 1, 4), event)], movable={0}) == [outcome]
    assert await store.all_edges("follow", (0, 0), 9) == [Edge(10, 1, 2), Edge(11, 1, 3), Edge(12, 1, 4)]
    assert len(await events(store)) == 1


async def test_a_follow_finds_a_free_position_behind_any_number_of_taken_ones(store: UsersStore) -> None:
    people = range(1, 203)
    await add(store, *people)
    await follow(store, *(Edge(1_000 + id_, id_, 202) for id_ in people[:200]))
    event = Followed(id=next(_event_ids), at=AT, follower_id=201, followee_id=202)
    assert await store.follow([(Edge(1_001, 201, 202), event)], movable={0}) == [Outcome.DONE]
    [newest, *_] = await store.neighbours([Listing("followers", 202, Window(1))])
    assert newest[0].position == 1_201


async def test_a_block_ends_both_follows_and_prevents_new_ones(store: UsersStore) -> None:
    await add(store, 1, 2)
    await follow(store, Edge(10, 1, 2), Edge(11, 2, 1))
    await events(store)
    assert await block(store, Edge(12, 1, 2)) is Outcome.DONE
    assert (await counts(store, 1), await counts(store, 2)) == ((0, 0), (0, 0))
    told = await events(store)
    assert {(event.follower_id, event.followee_id) for event in told if isinstance(event, Unfollowed)} == {(1, 2), (2, 1)}
    assert [(event.blocker_id, event.blocked_id) for event in told if isinstance(event, Blocked)] == [(1, 2)]
    assert await block(store, Edge(13, 1, 2)) is Outcome.UNCHANGED
    assert await follow(store, Edge(14, 1, 2), Edge(15, 2, 1)) == [Outcome.BLOCKED, Outcome.BLOCKED]
    assert await events(store) == []
    assert await store.remove("block", 1, 2, Unblocked(id=1, at=AT, blocker_id=1, blocked_id=2))
    assert not await store.remove("block", 1, 2, Unblocked(id=1, at=AT, blocker_id=1, blocked_id=2))
    assert await follow(store, Edge(16, 2, 1)) == [Outcome.DONE]


async def test_a_mute_touches_nothing_but_itself(store: UsersStore) -> None:
    await add(store, 1, 2)
    await follow(store, Edge(10, 1, 2))
    assert await mute(store, Edge(11, 1, 2)) is Outcome.DONE
    assert await mute(store, Edge(12, 1, 2)) is Outcome.UNCHANGED
    assert await store.relations(1, [2]) == {2: Relation(follows=True, mutes=True)}
    assert await store.remove("mute", 1, 2, Unmuted(id=1, at=AT, muter_id=1, muted_id=2))
    assert [type(event) for event in await events(store)] == [Followed, Muted, Unmuted]


async def test_relations_tell_each_direction_apart_and_leave_strangers_out(store: UsersStore) -> None:
    await add(store, *range(1, 8))
    await follow(store, Edge(10, 1, 2), Edge(11, 3, 1), Edge(12, 2, 3))
    await block(store, Edge(13, 1, 4))
    await block(store, Edge(14, 5, 1))
    await mute(store, Edge(15, 1, 6))
    await mute(store, Edge(16, 7, 1))
    assert await store.relations(1, range(1, 9)) == {
        2: Relation(follows=True),
        3: Relation(followed_by=True),
        4: Relation(blocks=True),
        5: Relation(blocked_by=True),
        6: Relation(mutes=True),
    }


async def test_followers_are_paged_by_the_follow_from_either_end(store: UsersStore) -> None:
    await add(store, *range(1, 8))
    await follow(store, *(Edge(10 + id_, id_, 1) for id_ in range(2, 8)), *(Edge(30 + id_, 1, id_) for id_ in range(2, 5)))
    assert await listed(store, 1, "followers", Window(2)) == [7, 6, 5]
    assert await listed(store, 1, "followers", Window(2, below=16)) == [5, 4, 3]
    assert await listed(store, 1, "followers", Window(2, above=14)) == [7, 6, 5]
    assert await listed(store, 1, "followers", Window(2, from_oldest=True)) == [4, 3, 2]
    assert await listed(store, 1, "followers", Window(2, below=17, above=13, from_oldest=True)) == [6, 5, 4]
    assert await listed(store, 1, "following", Window(10)) == [4, 3, 2]
    assert await listed(store, 1, "followers", Window(2, below=2**64 - 1, above=0)) == [7, 6, 5]


async def test_lists_of_any_kind_are_read_in_one_call_and_come_in_their_order(store: UsersStore) -> None:
    await add(store, *range(1, 5))
    await follow(store, Edge(12, 2, 1), Edge(13, 3, 1), Edge(14, 4, 1), Edge(22, 1, 2))
    found = await store.neighbours(
        [
            Listing("followers", 1, Window(1)),
            Listing("following", 1, Window(9)),
            Listing("followers", 9, Window(9)),
            Listing("followers", 1, Window(1, from_oldest=True)),
            Listing("followers", 2, Window(1)),
            Listing("followers", 1, Window(9)),
        ]
    )
    assert [[row.position for row in rows] for rows in found] == [[14, 13], [22], [], [13, 12], [22], [14, 13, 12]]
    assert [row.user.handle for row in found[5]] == ["u4", "u3", "u2"]
    assert await store.neighbours([]) == []


async def test_fanout_reads_followers_in_pages_of_rising_ids(store: UsersStore) -> None:
    await add(store, *range(1, 6))
    await follow(store, Edge(13, 2, 1), Edge(12, 3, 1), Edge(11, 4, 1), Edge(20, 1, 5), Edge(19, 1, 4))
    assert await store.followers_after(1, 0, 2) == [2, 3]
    assert await store.followers_after(1, 3, 2) == [4]
    assert await store.followees(1, 10) == [5, 4]
    assert await store.followees(1, 1) == [5]


async def test_whom_people_follow_comes_by_how_many_of_them_then_by_all_followers_then_by_id(store: UsersStore) -> None:
    await add(store, *range(1, 13))
    edges = [(2, 5), (3, 5), (4, 5), (2, 6), (3, 6), (2, 7), (2, 8), (12, 8), (4, 3), (3, 1), (12, 6)]
    await follow(store, *(Edge(100 + number, *edge) for number, edge in enumerate(edges)))
    assert [user.id for user in await store.followed_by([2, 3, 4], 10, [1], 10)] == [5, 6, 8, 3, 7]
    assert [user.id for user in await store.followed_by([2, 3, 4], 10, [5, 1], 2)] == [6, 8]
    assert await store.followed_by([2], 1, [], 10) == [(await store.users([8]))[8]]
    assert await store.followed_by([], 10, [1], 10) == []
    assert await store.followed_by([1, 99], 10, [], 10) == []


async def test_only_the_newest_follows_of_each_count(store: UsersStore) -> None:
    await add(store, *range(1, 8))
    # The id of the person says nothing about when the follow was: the newest follow is of the smallest id.
    await follow(store, *(Edge(100 - id_, source, id_) for id_ in range(3, 8) for source in (1, 2)))
    assert [user.id for user in await store.followed_by([1, 2], 3, [], 10)] == [3, 4, 5]


async def test_an_export_reads_everything_in_one_fixed_order(store: UsersStore) -> None:
    await add(store, 3, 1, 2)
    await follow(store, Edge(12, 2, 1), Edge(10, 1, 3), Edge(11, 1, 2))
    await block(store, Edge(13, 3, 2))
    await mute(store, Edge(14, 3, 1))
    assert [user.id for user in await store.all_users(0, 2)] == [1, 2]
    assert [user.id for user in await store.all_users(2, 2)] == [3]
    assert await store.all_edges("follow", (0, 0), 2) == [Edge(11, 1, 2), Edge(10, 1, 3)]
    assert await store.all_edges("follow", (1, 3), 2) == [Edge(12, 2, 1)]
    assert await store.all_edges("block", (0, 0), 2) == [Edge(13, 3, 2)]
    assert await store.all_edges("mute", (0, 0), 2) == [Edge(14, 3, 1)]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_written_is_there_when_the_store_is_opened_again(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    first = await open_empty(kind, request, tmp_path)
    await add(first, 1, 2)
    await follow(first, Edge(10, 1, 2))
    await first.close()
    second = open_again(kind, request, tmp_path)
    assert await counts(second, 2) == (1, 0)
    assert [type(event) for event in await events(second)] == [Followed]
    await second.close()

"""What every timeline store keeps of the promises in `subgraphs/timelines/ports.py`."""

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from murmur.post import Post
from subgraphs.timelines.model import KEPT, Delivery, Pull, Timeline, Withdrawal
from subgraphs.timelines.ports import TimelineStore
from subgraphs.timelines.wiring import open_store
from tests.support.engines import url_of
from tests.support.waiting import until

READER, OTHER, ABSENT = 1, 2, 3
AUTHOR, FRIEND = 10, 11


@pytest.fixture(params=["memory:", "redis", "redis cluster"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[TimelineStore]:
    store = open_store(url_of(request), Path())
    yield store
    await store.close()


@pytest.fixture(params=["memory:", "redis", "redis cluster"])
async def forgetful_store(request: pytest.FixtureRequest) -> AsyncIterator[TimelineStore]:
    store = open_store(url_of(request), Path(), capacity=50, idle_seconds=1)
    yield store
    await store.close()


def tweet(position: int, author_id: int = AUTHOR) -> Post:
    return Post(position, position, author_id, author_id)


async def hold(store: TimelineStore, user_id: int, *posts: Post, pulled: frozenset[int] = frozenset()) -> None:
    assert await store.put(user_id, await store.begin(user_id), posts, pulled) is not None


async def read(store: TimelineStore, user_id: int) -> Timeline:
    timeline = await store.read(user_id)
    assert timeline is not None
    return timeline


async def positions(store: TimelineStore, user_id: int) -> list[int]:
    entries = (await read(store, user_id)).entries
    return [entries[index].id for index in range(len(entries))]


async def test_who_never_read_has_no_timeline_and_gets_nothing(store: TimelineStore):
    assert await store.push([Delivery(tweet(1), [ABSENT])]) == 0
    await store.follow(ABSENT, [tweet(2)], {AUTHOR})
    await store.unfollow(ABSENT, {AUTHOR})
    await store.withdraw([Withdrawal(1, [ABSENT])])
    assert await store.read(ABSENT) is None
    assert await store.held([ABSENT]) == set()


async def test_what_is_put_is_read_by_rising_position_with_all_its_ids(store: TimelineStore):
    retweet = Post(2**63 - 2, 7, 8, 9)
    await hold(store, READER, tweet(30), retweet, tweet(10), pulled=frozenset({FRIEND}))
    timeline = await read(store, READER)
    assert [timeline.entries[index] for index in range(3)] == [tweet(10), tweet(30), retweet]
    assert timeline.pulled == {FRIEND}


async def test_a_push_reaches_each_held_timeline_once_however_often_it_is_repeated(store: TimelineStore):
    await hold(store, READER)
    await hold(store, OTHER, tweet(5))
    batch = [Delivery(tweet(7), [READER, ABSENT, OTHER]), Delivery(tweet(9), [OTHER])]
    assert await store.push(batch) == 3
    await store.push(batch)
    assert await positions(store, READER) == [7]
    assert await positions(store, OTHER) == [5, 7, 9]


async def test_a_late_post_lands_at_its_own_position(store: TimelineStore):
    await hold(store, READER, tweet(10), tweet(30))
    assert await store.push([Delivery(tweet(20), [READER]), Delivery(tweet(5), [READER]), Delivery(tweet(40), [READER])]) == 3
    assert await positions(store, READER) == [5, 10, 20, 30, 40]


async def test_the_newest_800_are_kept(store: TimelineStore):
    await hold(store, READER, *(tweet(position) for position in range(2, 2 * KEPT, 2)))
    await store.push([Delivery(tweet(position), [READER]) for position in range(2 * KEPT, 2 * KEPT + 600)])
    await store.push([Delivery(tweet(1), [READER])])
    await store.follow(READER, [tweet(1_001, FRIEND), tweet(2 * KEPT + 700, FRIEND)], set())
    kept = await positions(store, READER)
    assert len(kept) == KEPT
    wanted = [*range(2, 2 * KEPT, 2), *range(2 * KEPT, 2 * KEPT + 600), 1, 1_001, 2 * KEPT + 700]
    assert kept == sorted(wanted)[-KEPT:]


async def test_what_was_read_is_a_copy(store: TimelineStore):
    await hold(store, READER, tweet(1))
    timeline = await read(store, READER)
    await store.push([Delivery(tweet(2), [READER], pull=True)])
    assert len(timeline.entries) == 1
    assert timeline.pulled == set()
    timeline.entries.add(tweet(3))
    assert await positions(store, READER) == [1, 2]


async def test_a_withdrawn_post_goes_from_the_timelines_named(store: TimelineStore):
    await hold(store, READER, tweet(1), tweet(2), tweet(3))
    await hold(store, OTHER, tweet(2))
    await store.withdraw([Withdrawal(2, [READER, ABSENT]), Withdrawal(99, [READER])])
    assert await positions(store, READER) == [1, 3]
    assert await positions(store, OTHER) == [2]


async def test_a_follow_adds_posts_and_pulled_people_and_an_unfollow_takes_them_away(store: TimelineStore):
    await hold(store, READER, tweet(2, FRIEND), Post(3, 1, AUTHOR, FRIEND))
    await store.follow(READER, [tweet(1), Post(4, 2, FRIEND, AUTHOR)], {20, 21})
    assert await positions(store, READER) == [1, 2, 3, 4]
    assert (await read(store, READER)).pulled == {20, 21}
    await store.unfollow(READER, {AUTHOR, 20})
    # What a friend retweeted of the author stays: it is the friend's post.
    assert await positions(store, READER) == [2, 3]
    assert (await read(store, READER)).pulled == {21}


async def test_a_push_with_the_mark_has_timelines_pull_its_poster(store: TimelineStore):
    await hold(store, READER)
    await hold(store, OTHER, tweet(1))
    await store.push([Delivery(tweet(1), [READER, OTHER], pull=True)])
    for reader in (READER, OTHER):
        assert await positions(store, reader) == [1]
        assert (await read(store, reader)).pulled == {AUTHOR}


async def test_what_comes_while_a_timeline_is_built_is_in_what_is_put(store: TimelineStore):
    build = await store.begin(READER)
    assert await store.read(READER) is None
    assert await store.held([READER, ABSENT]) == {READER}
    await store.push([Delivery(tweet(5), [READER], pull=True), Delivery(tweet(2), [READER])])
    await store.withdraw([Withdrawal(3, [READER]), Withdrawal(2, [READER])])
    await store.unfollow(READER, {FRIEND, 30})
    await store.follow(READER, [tweet(8, 12)], {13})
    timeline = await store.put(READER, build, [tweet(3), tweet(4, FRIEND), tweet(1)], {30, 31})
    assert timeline is not None
    assert timeline.pulled == {31, AUTHOR, 13}
    assert await positions(store, READER) == [1, 5, 8]


async def test_of_two_builds_the_latest_counts_and_has_what_came_since_the_first(store: TimelineStore):
    first = await store.begin(READER)
    await store.push([Delivery(tweet(1), [READER])])
    second = await store.begin(READER)
    assert await store.put(READER, first, [tweet(7)], set()) is None
    assert await store.read(READER) is None
    assert await store.put(READER, second, [tweet(8)], set()) is not None
    assert await store.put(READER, second, [tweet(9)], set()) is None
    assert await positions(store, READER) == [1, 8]


async def test_a_timeline_that_is_held_can_be_built_anew(store: TimelineStore):
    await hold(store, READER, tweet(1))
    await store.push([Delivery(tweet(4), [READER])])
    build = await store.begin(READER)
    await store.push([Delivery(tweet(2), [READER])])
    assert await positions(store, READER) == [1, 2, 4]
    assert await store.put(READER, build, [tweet(3)], set()) is not None
    assert await positions(store, READER) == [2, 3]


async def test_however_much_comes_while_a_timeline_is_built_nothing_is_lost(store: TimelineStore):
    await hold(store, OTHER, tweet(1))
    builds = {reader: await store.begin(reader) for reader in (READER, OTHER)}
    for start in range(10, 610, 50):
        await store.push([Delivery(tweet(position), [READER, OTHER]) for position in range(start, start + 50)])
    for reader, build in builds.items():
        # A store may give up a build to which too much has come; then what it held stays as it was.
        if await store.put(reader, build, [tweet(1), tweet(2)], set()) is not None:
            assert await positions(store, reader) == [1, 2, *range(10, 610)]
        elif reader == OTHER:
            assert await positions(store, reader) == [1, *range(10, 610)]


async def test_who_is_pulled_is_remembered(store: TimelineStore):
    assert await store.pulls([AUTHOR]) == {}
    await store.set_pull({AUTHOR, FRIEND}, Pull.STARTED)
    await store.set_pull({FRIEND}, Pull.DONE)
    assert await store.pulls([AUTHOR, FRIEND, READER]) == {AUTHOR: Pull.STARTED, FRIEND: Pull.DONE}


async def test_who_has_not_read_for_longest_is_let_go_first(forgetful_store: TimelineStore):
    store, later = forgetful_store, count(1_000)
    await hold(store, OTHER)
    await hold(store, READER)

    async def other_is_gone() -> bool:
        # Others come and time passes: either makes a store let timelines go.
        assert await store.read(READER) is not None
        await hold(store, next(later))
        return not await store.held([OTHER])

    await until(other_is_gone)
    assert await store.held([READER]) == {READER}

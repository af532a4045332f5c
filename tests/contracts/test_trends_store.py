"""What every trend store keeps of the promises in `subgraphs.search.ports.TrendStore`."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from murmur.clock import wall_clock
from subgraphs.search.model import Board, Ranked, Tagged, TrendWindow
from subgraphs.search.ports import TrendStore
from tests.support.trend_stores import ADAPTERS, empty_trends
from tests.support.waiting import until

ADA, BEA, CLEO = 1, 2, 3
HOUR = 20_000 * 24
"""The first of a day."""
LATER = wall_clock() + 3_600_000


@pytest.fixture(params=ADAPTERS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TrendStore]:
    async with empty_trends(request.param, request, tmp_path) as opened:
        yield opened


def tweet(tweet_id: int, person: int, hour: int = HOUR, *tags: str) -> Tagged:
    return Tagged(tweet_id, person, hour, tags or ("cats",))


async def used(store: TrendStore, start: int = HOUR, stop: int = HOUR + 1, least: int = 1) -> dict[str, int]:
    return dict(await store.used(range(start, stop), least, 100))


async def test_a_person_counts_once_an_hour_for_a_hashtag(store: TrendStore) -> None:
    await store.add([tweet(1, ADA), tweet(2, ADA), tweet(3, BEA), tweet(4, ADA, HOUR, "dogs", "cats")], LATER)
    await store.add([tweet(5, ADA), tweet(6, ADA, HOUR + 1)], LATER)
    assert await used(store) == {"cats": 2, "dogs": 1}
    assert await used(store, HOUR, HOUR + 2) == {"cats": 3, "dogs": 1}
    assert await used(store, HOUR + 1, HOUR + 2) == {"cats": 1}


async def test_what_comes_again_changes_nothing(store: TrendStore) -> None:
    tweets = [tweet(number, number % 3, HOUR + number % 2, "cats", "dogs") for number in range(1, 20)]
    await store.add(tweets, LATER)
    before = await used(store, HOUR, HOUR + 2)
    await store.add(tweets, LATER)
    await store.add(tweets[5:6], LATER)
    assert await used(store, HOUR, HOUR + 2) == before == {"cats": 6, "dogs": 6}


async def test_a_removed_tweet_counts_no_longer_but_another_of_its_hour_does(store: TrendStore) -> None:
    await store.add([tweet(1, ADA), tweet(2, ADA), tweet(3, BEA)], LATER)
    for _again in range(2):
        await store.remove([1], LATER)
    assert await used(store) == {"cats": 2}
    await store.remove([2, 3, 99], LATER)
    assert await used(store) == {}
    await store.add([tweet(4, ADA)], LATER)
    assert await used(store) == {"cats": 1}


async def test_a_tweet_that_was_removed_is_not_counted_again(store: TrendStore) -> None:
    await store.remove([1], LATER)
    await store.add([tweet(1, ADA), tweet(2, BEA)], LATER)
    await store.remove([2], LATER)
    await store.add([tweet(2, BEA)], LATER)
    assert await used(store) == {}


async def test_adding_and_removing_at_once_agree_in_the_end(store: TrendStore) -> None:
    rng = random.Random(5)
    tweets = [tweet(number, rng.randrange(5), HOUR + rng.randrange(3), *rng.sample("abcde", 2)) for number in range(1, 61)]
    gone = {one.tweet_id for one in rng.sample(tweets, 25)}

    async def some(part: int) -> None:
        mine = tweets[part::4]
        await store.add(mine, LATER)
        await store.remove([one.tweet_id for one in mine if one.tweet_id in gone], LATER)
        await store.add(mine, LATER)

    await asyncio.gather(*(some(part % 4) for part in range(8)))
    slots = {(tag, one.hour, one.person_id) for one in tweets if one.tweet_id not in gone for tag in one.tags}
    expected = {tag: sum(slot[0] == tag for slot in slots) for tag in "abcde"}
    assert await used(store, HOUR, HOUR + 3) == {tag: uses for tag, uses in expected.items() if uses}


async def test_the_most_used_come_and_no_more_than_asked(store: TrendStore) -> None:
    await store.add([tweet(n, n, HOUR, *("abc"[: n % 3 + 1])) for n in range(1, 10)], LATER)
    assert await store.used(range(HOUR, HOUR + 1), 1, 2) == {"a": 9, "b": 6}
    assert await used(store, least=6) == {"a": 9, "b": 6}
    assert await used(store, HOUR - 5, HOUR) == {}


async def test_the_past_tells_how_many_hours_and_days_had_how_many_uses(store: TrendStore) -> None:
    assert await store.since() is None
    counts = {HOUR - 30: 2, HOUR - 26: 1, HOUR - 25: 2, HOUR - 3: 5, HOUR: 7}
    await store.add([tweet(hour * 10 + n, n, hour) for hour, uses in counts.items() for n in range(uses)], LATER)
    assert await store.since() == HOUR - 30
    assert await store.past(["cats", "dogs"], range(HOUR - 30, HOUR)) == {"cats": {2: 2, 1: 1, 5: 1}}
    assert await store.past(["cats"], range(HOUR - 29, HOUR - 25)) == {"cats": {1: 1}}
    day = HOUR // 24
    assert await store.past_days(["cats"], range(day - 2, day)) == {"cats": {5: 2}}
    assert await store.past_days(["cats"], range(day, day + 1)) == {"cats": {7: 1}}
    await store.remove([HOUR * 10], LATER)
    assert await store.past_days(["cats"], range(day, day + 1)) == {"cats": {6: 1}}


async def test_several_people_are_told_from_one_who_repeats(store: TrendStore) -> None:
    one = [tweet(n, ADA, HOUR + n, "spam") for n in range(10)]
    await store.add([*one, tweet(20, ADA), tweet(21, BEA), tweet(22, CLEO, HOUR + 9)], LATER)
    tags = ["spam", "cats", "none"]
    assert await store.used_by(tags, range(HOUR, HOUR + 10), 2) == {"cats"}
    assert await store.used_by(tags, range(HOUR, HOUR + 9), 3) == set()
    assert await store.used_by(tags, range(HOUR, HOUR + 10), 1) == {"cats", "spam"}


async def test_old_hours_become_days_and_old_days_go(store: TrendStore) -> None:
    await store.add([tweet(hour, ADA, hour) for hour in (HOUR - 50, HOUR - 25, HOUR - 24, HOUR)], LATER)
    day = HOUR // 24
    await store.tidy(HOUR + 5, day - 2)
    assert await store.past(["cats"], range(HOUR - 100, HOUR + 1)) == {"cats": {1: 1}}
    assert await store.past_days(["cats"], range(day - 9, day + 1)) == {"cats": {1: 3}}
    assert await used(store, HOUR, HOUR + 1) == {"cats": 1}


async def test_who_used_what_is_forgotten_and_the_counts_stay(store: TrendStore) -> None:
    await store.add([tweet(1, ADA)], wall_clock() - 1_000)
    await store.add([tweet(2, BEA)], LATER)

    async def forgotten() -> bool:
        await store.tidy(HOUR - 100, HOUR // 24 - 10)
        return await store.used_by(["cats"], range(HOUR, HOUR + 1), 2) == set()

    await until(forgotten)
    assert await used(store) == {"cats": 2}
    await store.remove([1, 2], LATER)
    assert await used(store) == {"cats": 1}


async def test_a_board_is_kept_for_each_window(store: TrendStore) -> None:
    assert await store.board(TrendWindow.DAY) is None
    for at, rows in ((1, (Ranked("cats", 3), Ranked("größe", 2))), (2, (Ranked("dogs", 9),)), (3, ())):
        await store.set_board(TrendWindow.DAY, Board(at, rows))
        assert await store.board(TrendWindow.DAY) == Board(at, rows)
    assert await store.board(TrendWindow.WEEK) is None


async def test_counting_can_begin_anew_without_what_was_removed(store: TrendStore) -> None:
    await store.add([tweet(1, ADA), tweet(2, BEA)], LATER)
    await store.remove([2], LATER)
    await store.clear()
    assert (await used(store), await store.since()) == ({}, None)
    await store.add([tweet(1, ADA), tweet(2, BEA)], LATER)
    assert await used(store) == {"cats": 1}

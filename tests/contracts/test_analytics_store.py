"""What every analytics store keeps of the promises in `subgraphs/analytics/ports.py`."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subgraphs.analytics.model import (
    DAY_MS,
    DAYS_KEPT,
    HOUR_MS,
    HOURS_KEPT_DAYS,
    TOLD_AGAIN_DAYS,
    Batch,
    Bucket,
    Kind,
    Mark,
    Span,
    Subject,
    day_of,
    hour_of,
)
from subgraphs.analytics.ports import AnalyticsStore
from subgraphs.analytics.wiring import open_store
from tests.support.analytics_stores import analytics_store
from tests.support.mongodb_databases import ADAPTERS, engine_of

ADA, BEA, TWEET = 1, 2, 100
NOW = day_of(1_760_000_000_000) + 13 * HOUR_MS
TODAY = Span(Bucket.HOUR, day_of(NOW), day_of(NOW) + DAY_MS)


@pytest.fixture(params=ADAPTERS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnalyticsStore]:
    async with analytics_store(engine_of(request.param, request), tmp_path) as opened:
        yield opened


def like(by: int, at: int = NOW, tweet: int = TWEET, owner: int = ADA) -> Mark:
    return Mark(owner, Kind.LIKE, hour_of(at), by, tweet)


async def series(store: AnalyticsStore, span: Span, *subject: int) -> Mapping[int, Mapping[Kind, int]]:
    asked = Subject(*subject)
    return (await store.series([asked], span)).get(asked, {})


async def total(store: AnalyticsStore, *subject: int) -> Mapping[Kind, int]:
    asked = Subject(*subject)
    return (await store.totals([asked])).get(asked, {})


async def tidy(store: AnalyticsStore, now: int = NOW) -> None:
    while await store.tidy(now):
        pass


def days(first: int, last: int) -> Span:
    """Days by their distance from today."""
    return Span(Bucket.DAY, day_of(NOW) + first * DAY_MS, day_of(NOW) + (last + 1) * DAY_MS)


async def test_a_mark_is_counted_for_its_owner_and_its_tweet(store: AnalyticsStore) -> None:
    visit = Mark(ADA, Kind.VISIT, hour_of(NOW), BEA)
    await store.add([like(1), like(2), like(3, tweet=TWEET + 1), visit, like(1, owner=BEA)], NOW)
    assert await series(store, TODAY, ADA) == {hour_of(NOW): {Kind.LIKE: 3, Kind.VISIT: 1}}
    found = await store.series([Subject(ADA, TWEET), Subject(ADA, TWEET + 1), Subject(ADA, 7), Subject(BEA, TWEET)], TODAY)
    assert found == {
        Subject(ADA, TWEET): {hour_of(NOW): {Kind.LIKE: 2}},
        Subject(ADA, TWEET + 1): {hour_of(NOW): {Kind.LIKE: 1}},
        Subject(BEA, TWEET): {hour_of(NOW): {Kind.LIKE: 1}},
    }
    assert await total(store, ADA) == {Kind.LIKE: 3, Kind.VISIT: 1}
    assert await store.series([], TODAY) == {}
    assert await store.totals([]) == {}


async def test_a_mark_counts_once_in_one_call_or_in_many(store: AnalyticsStore) -> None:
    await store.add([like(1), like(1)], NOW)
    await store.add([like(1), like(2)], NOW)
    await tidy(store)
    await store.add([like(2), like(1)], NOW + 1)
    await store.add([], NOW)
    assert await total(store, ADA, TWEET) == {Kind.LIKE: 2}


async def test_marks_of_one_name_in_other_hours_or_of_other_kinds_are_others(store: AnalyticsStore) -> None:
    earlier = NOW - HOUR_MS
    await store.add([like(1), like(1, earlier), Mark(ADA, Kind.RETWEET, hour_of(NOW), 1, TWEET)], NOW)
    assert await series(store, TODAY, ADA, TWEET) == {
        hour_of(earlier): {Kind.LIKE: 1},
        hour_of(NOW): {Kind.LIKE: 1, Kind.RETWEET: 1},
    }


async def test_amounts_are_summed_up(store: AnalyticsStore) -> None:
    marks = [Mark(-1, Kind.REQUEST, hour_of(NOW), by, amount=amount) for by, amount in enumerate((5, 70, 3_000_000_000))]
    await store.add(marks, NOW)
    await store.add(marks[:1], NOW)
    assert await total(store, -1) == {Kind.REQUEST: 3_000_000_075}


async def test_a_late_mark_lands_in_its_own_hour(store: AnalyticsStore) -> None:
    late = NOW - 3 * DAY_MS
    await store.add([like(1)], NOW)
    await store.add([like(2, late)], NOW)
    assert await series(store, days(-3, 0), ADA) == {day_of(late): {Kind.LIKE: 1}, day_of(NOW): {Kind.LIKE: 1}}
    assert await series(store, Span(Bucket.HOUR, day_of(late), day_of(late) + DAY_MS), ADA) == {hour_of(late): {Kind.LIKE: 1}}


async def test_a_span_holds_its_first_bucket_and_not_the_one_after_its_last(store: AnalyticsStore) -> None:
    await store.add([like(1, TODAY.start - 1), like(2, TODAY.start), like(3, TODAY.end - 1), like(4, TODAY.end)], NOW)
    assert sum(counts[Kind.LIKE] for counts in (await series(store, TODAY, ADA)).values()) == 2
    assert await series(store, days(0, 0), ADA) == {day_of(NOW): {Kind.LIKE: 2}}


async def test_old_hours_become_days_and_old_days_one_count_and_no_count_is_lost(store: AnalyticsStore) -> None:
    ages = (0, 1, HOURS_KEPT_DAYS, HOURS_KEPT_DAYS + 1, DAYS_KEPT, DAYS_KEPT + 1, DAYS_KEPT + 400)
    # Two hours of each day.
    marks = [like(age, NOW - age * DAY_MS - hour * HOUR_MS) for age in ages for hour in (0, 2)]
    await store.add(marks, NOW)
    for _ in range(2):
        await tidy(store)
        assert await total(store, ADA, TWEET) == await total(store, ADA) == {Kind.LIKE: 2 * len(ages)}
        found = await series(store, days(-DAYS_KEPT, 0), ADA, TWEET)
        assert found == {day_of(NOW) - age * DAY_MS: {Kind.LIKE: 2} for age in ages if age <= DAYS_KEPT}
        kept = Span(Bucket.HOUR, day_of(NOW) - HOURS_KEPT_DAYS * DAY_MS, TODAY.end)
        assert len(await series(store, kept, ADA)) == 6


async def test_what_comes_late_for_a_day_that_was_summed_up_is_counted_in_it_once(store: AnalyticsStore) -> None:
    old = NOW - (HOURS_KEPT_DAYS + 5) * DAY_MS
    ancient = NOW - (DAYS_KEPT + 5) * DAY_MS
    await store.add([like(1, old), like(1, ancient)], NOW)
    await tidy(store)
    await store.add([like(2, old), like(1, old), like(2, ancient), like(1, ancient)], NOW)
    for _ in range(2):
        assert await series(store, days(-DAYS_KEPT, 0), ADA) == {day_of(old): {Kind.LIKE: 2}}
        assert await total(store, ADA) == {Kind.LIKE: 4}
        await tidy(store)


async def test_a_mark_is_known_until_its_time_is_over_and_its_name_is_forgotten_then(store: AnalyticsStore) -> None:
    await store.add([like(1)], NOW)
    almost = NOW + TOLD_AGAIN_DAYS * DAY_MS
    await tidy(store, almost)
    await store.add([like(1)], almost)
    assert await total(store, ADA) == {Kind.LIKE: 1}


async def test_a_name_is_forgotten_once_its_time_is_over(store: AnalyticsStore) -> None:
    await store.add([like(1)], NOW)
    over = NOW + TOLD_AGAIN_DAYS * DAY_MS + 1
    # First it is counted, and what is counted can be forgotten.
    await tidy(store, over)
    await tidy(store, over)
    await store.add([like(1)], over)
    assert await total(store, ADA) == {Kind.LIKE: 2}


async def test_what_is_told_by_many_at_once_beside_readers_and_tidying_is_counted_once(store: AnalyticsStore) -> None:
    ages = (0, HOURS_KEPT_DAYS + 1, DAYS_KEPT + 1)
    marks = [like(by, NOW - age * DAY_MS, owner=owner) for by in range(40) for owner in (ADA, BEA) for age in ages]

    async def tell(seed: int) -> None:
        chance = random.Random(seed)
        for start in range(0, len(marks), 24):
            part = marks[start : start + 40]
            await store.add(chance.sample(part, len(part)), NOW)
            await store.tidy(NOW + HOUR_MS)
            seen = await total(store, chance.choice([ADA, BEA]))
            assert 0 < seen[Kind.LIKE] <= len(marks) // 2

    await asyncio.gather(*map(tell, range(4)))
    for owner in (ADA, BEA):
        assert await total(store, owner) == await total(store, owner, TWEET) == {Kind.LIKE: 120}
        found = await series(store, days(-DAYS_KEPT, 0), owner)
        assert found == {day_of(NOW) - age * DAY_MS: {Kind.LIKE: 40} for age in ages[:2]}


async def test_copies_are_exact_and_read_in_pages(store: AnalyticsStore, tmp_path: Path) -> None:
    ages = (0, 3, HOURS_KEPT_DAYS + 1, DAYS_KEPT + 1)
    marks = [like(by, NOW - age * DAY_MS, owner=owner) for by in range(3) for age in ages for owner in (-5, ADA, BEA)]
    await store.add([*marks, Mark(-5, Kind.REQUEST, hour_of(NOW), 1, amount=7)], NOW)
    await tidy(store, NOW + HOUR_MS)
    await store.add([like(9)], NOW)
    whole = await store.days_after((-99, 0, 0), 1_000)
    assert len(whole) == 3 * 2 * len(ages)
    copy = open_store("sqlite:", tmp_path / "copy")
    after = (-99, 0, 0)
    while page := await store.days_after(after, 5):
        for _ in range(2):
            await copy.put_days(page)
        after = page[-1].owner_id, page[-1].tweet_id, page[-1].day
    assert await copy.days_after((-99, 0, 0), 1_000) == whole
    for subject in (Subject(-5), Subject(ADA, TWEET)):
        assert await total(copy, subject.owner_id, subject.tweet_id) == await total(store, subject.owner_id, subject.tweet_id)
    await copy.close()
    # And back: what is there already changes nothing.
    await store.put_days(whole)
    assert await store.days_after((-99, 0, 0), 1_000) == whole
    await store.add([like(10)], NOW)
    assert (await total(store, ADA))[Kind.LIKE] == 3 * len(ages) + 2


async def test_a_batch_came_when_it_came_first(store: AnalyticsStore) -> None:
    first = Batch(ADA, "a", NOW)
    assert await store.first_told([first, Batch(BEA, "a", NOW + 1), Batch(ADA, "b", NOW + 2)]) == [NOW, NOW + 1, NOW + 2]
    again = Batch(ADA, "a", NOW + HOUR_MS)
    assert await store.first_told([again, first, again]) == [NOW, NOW, NOW]
    assert await store.first_told([]) == []


async def test_a_batch_of_another_day_is_another(store: AnalyticsStore) -> None:
    first, next_ = Batch(ADA, "a", NOW), Batch(ADA, "a", NOW + DAY_MS + 1)
    assert await store.first_told([first, next_, first]) == [NOW, next_.at, NOW]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
async def test_whatever_the_order_and_however_often_marks_are_told_the_counts_are_the_same(
    store: AnalyticsStore, seed: int
) -> None:
    chance = random.Random(seed)
    # Owners of this example alone: the store is shared by all examples.
    owners = [chance.getrandbits(60) for _ in range(3)]
    marks = {
        mark.name: mark
        for _ in range(60)
        for mark in [
            Mark(
                chance.choice(owners),
                chance.choice([Kind.LIKE, Kind.UNLIKE, Kind.IMPRESSION, Kind.FOLLOW]),
                hour_of(NOW - int(chance.expovariate(1 / (20 * DAY_MS)))),
                chance.randrange(8),
                chance.choice([0, TWEET, TWEET + 1]),
                amount=1,
            )
        ]
    }
    told = [*marks.values(), *chance.choices(list(marks.values()), k=60)]
    chance.shuffle(told)
    while told:
        size = chance.randrange(1, 20)
        part, told = told[:size], told[size:]
        await store.add(part, NOW)
        if chance.random() < 0.3:
            await store.tidy(NOW + chance.choice([0, HOUR_MS]))
    expected: Counter[tuple[int, int, int, Kind]] = Counter()
    for mark in marks.values():
        for tweet_id in {0, mark.tweet_id}:
            expected[mark.owner_id, tweet_id, day_of(mark.hour), mark.kind] += 1
    subjects = [Subject(owner, tweet) for owner in owners for tweet in (0, TWEET, TWEET + 1)]
    found = {
        (subject.owner_id, subject.tweet_id, day, kind): n
        for subject, series_ in (await store.series(subjects, days(-DAYS_KEPT, 0))).items()
        for day, counts in series_.items()
        for kind, n in counts.items()
    }
    assert found == expected

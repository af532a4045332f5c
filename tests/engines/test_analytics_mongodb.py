"""Analytics on MongoDB: reads and tidying look at what they need by indexes, and what fails half way counts nothing twice."""

from collections.abc import AsyncIterator

import pytest
from pymongo import AsyncMongoClient

from murmur.cluster.mongodb import MongoDB
from murmur.errors import Unavailable
from murmur.mongodb import Document
from subgraphs.analytics.model import DAY_MS, HOUR_MS, HOURS_KEPT_DAYS, Bucket, Kind, Mark, Span, Subject, day_of, hour_of
from subgraphs.analytics.stores.mongodb import MongoAnalytics
from tests.support.mongodb_databases import profiled, store_url

ADA, BEA, TWEET = 1, 2, 100
NOW = day_of(1_760_000_000_000) + 13 * HOUR_MS
WEEK = Span(Bucket.DAY, day_of(NOW) - 6 * DAY_MS, day_of(NOW) + DAY_MS)
_SHUT_DOWN = 11600


@pytest.fixture
async def url(mongodb: MongoDB) -> AsyncIterator[str]:
    async with store_url(mongodb, MongoAnalytics) as found:
        yield found


@pytest.fixture
async def store(url: str) -> AsyncIterator[MongoAnalytics]:
    opened = MongoAnalytics(url)
    yield opened
    await opened.close()


def likes(owner: int, people: int, tweets: int, days: int) -> list[Mark]:
    return [
        Mark(owner, Kind.LIKE, hour_of(NOW - day * DAY_MS), by, TWEET + tweet)
        for by in range(people)
        for tweet in range(tweets)
        for day in range(days)
    ]


async def test_reading_and_tidying_look_at_what_they_need_and_no_more(store: MongoAnalytics, url: str) -> None:
    for owner in range(ADA, ADA + 20):
        await store.add(likes(owner, 4, 5, 40), NOW)
    while await store.tidy(NOW + HOUR_MS):
        pass
    async with profiled(url) as looked_at:
        assert sum(await looked_at(store.series([Subject(ADA)], WEEK))) <= 2 * 10
        assert sum(await looked_at(store.series([Subject(ADA, TWEET), Subject(ADA, TWEET + 1)], WEEK))) <= 2 * 20
        assert sum(await looked_at(store.totals([Subject(ADA, TWEET)]))) <= 2 * 45
        assert sum(await looked_at(store.days_after((ADA, TWEET, 0), 10))) <= 2 * 2 * 60
        assert sum(await looked_at(store.tidy(NOW + HOUR_MS))) <= 10
        await store.add(likes(ADA, 5, 1, 1), NOW)
        # Of the four that were counted before, and the new one that waits.
        assert sum(await looked_at(store.totals([Subject(ADA, TWEET)]))) <= 2 * 50
        assert sum(await looked_at(store.tidy(NOW + 2 * HOUR_MS))) <= 30


@pytest.mark.parametrize("command", ["update", "commitTransaction"])
async def test_marks_that_could_not_be_put_into_counts_are_counted_all_the_same_and_once(
    store: MongoAnalytics, url: str, mongodb: MongoDB, command: str
) -> None:
    await store.add(likes(ADA, 7, 2, 1), NOW)
    async with AsyncMongoClient[Document](mongodb.url) as client:
        fault = {"failCommands": [command], "errorCode": _SHUT_DOWN, "appName": "murmur"}
        for _ in range(3):
            await client.admin.command("configureFailPoint", "failCommand", mode={"times": 1}, data=fault)
            try:
                await store.tidy(NOW + HOUR_MS)
            except Unavailable:
                pass
            finally:
                await client.admin.command("configureFailPoint", "failCommand", mode="off")
            assert (await store.totals([Subject(ADA)]))[Subject(ADA)] == {Kind.LIKE: 14}
            await store.add(likes(ADA, 7, 2, 1), NOW)
    await store.tidy(NOW + HOUR_MS)
    assert (await store.totals([Subject(ADA, TWEET)]))[Subject(ADA, TWEET)] == {Kind.LIKE: 7}


async def test_hours_are_summed_up_beside_marks_that_come_late(store: MongoAnalytics) -> None:
    old = (HOURS_KEPT_DAYS + 2) * DAY_MS
    for by in range(5):
        await store.add([Mark(BEA, Kind.VISIT, hour_of(NOW - old + by * HOUR_MS), by)], NOW)
        await store.tidy(NOW + HOUR_MS)
        await store.tidy(NOW + HOUR_MS)
        days = Span(Bucket.DAY, day_of(NOW) - 100 * DAY_MS, day_of(NOW) + DAY_MS)
        assert (await store.series([Subject(BEA)], days))[Subject(BEA)] == {day_of(NOW - old): {Kind.VISIT: by + 1}}

"""Whatever dies while hashtags are counted on MongoDB, heard again they are counted exactly."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from murmur.clock import wall_clock
from murmur.cluster.mongodb import MongoDB
from murmur.errors import Unavailable
from subgraphs.search.model import Tagged
from subgraphs.search.stores.trends_mongodb import MongoTrendStore
from tests.support.trend_stores import empty_trends
from tests.support.waiting import until

HOUR = 480_000
LATER = wall_clock() + 3_600_000
TWEETS = [Tagged(number, number % 3, HOUR, ("cats", "dogs")) for number in range(1, 9)]
_TIMED_OUT = 50
_HELD_UP_MS = 3_000


@pytest.fixture
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MongoTrendStore]:
    async with empty_trends("mongodb", request, tmp_path) as opened:
        assert isinstance(opened, MongoTrendStore)
        yield opened


@contextmanager
def disturbed(server: MongoDB, mode: object, **how: object) -> Iterator[None]:
    point = {"configureFailPoint": "failCommand", "mode": mode, "data": how}
    server.ask(server.members[0], point)
    try:
        yield
    finally:
        server.ask(server.members[0], {"configureFailPoint": "failCommand", "mode": "off"})


async def used(store: MongoTrendStore) -> dict[str, int]:
    return dict(await store.used(range(HOUR, HOUR + 1), 1, 10))


@pytest.mark.parametrize("command", ["update", "commitTransaction"])
async def test_what_fails_in_between_is_counted_when_it_comes_again(
    store: MongoTrendStore, mongodb: MongoDB, command: str
) -> None:
    # The first write is done; the ones of the transactions are not.
    mode = {"skip": 1} if command == "update" else "alwaysOn"
    with disturbed(mongodb, mode, failCommands=[command], errorCode=_TIMED_OUT), pytest.raises(Unavailable):
        await store.add(TWEETS, LATER)
    for _again in range(2):
        await store.add(TWEETS, LATER)
        assert await used(store) == {"cats": 3, "dogs": 3}
    assert await store.past_days(["cats"], range(HOUR // 24, HOUR // 24 + 1)) == {"cats": {3: 1}}


async def test_a_connection_that_breaks_at_a_commit_neither_loses_nor_doubles(store: MongoTrendStore, mongodb: MongoDB) -> None:
    with disturbed(mongodb, {"times": 2}, failCommands=["commitTransaction"], closeConnection=True):
        await store.add(TWEETS, LATER)
    assert await used(store) == {"cats": 3, "dogs": 3}


async def test_a_tweet_that_is_removed_while_it_is_counted_does_not_count(store: MongoTrendStore, mongodb: MongoDB) -> None:
    parameter = "failpoint.failCommand"

    def entered() -> int:
        return mongodb.ask(mongodb.members[0], {"getParameter": 1, parameter: 1})[parameter].get("timesEntered", 0)

    async def begun() -> bool:
        return entered() > before

    before = entered()
    hold = {"failCommands": ["update"], "namespace": store._slots.full_name, "blockConnection": True, "blockTimeMS": _HELD_UP_MS}
    with disturbed(mongodb, {"times": 1}, **hold):
        adding = asyncio.create_task(store.add([Tagged(1, 1, HOUR, ("cats",))], LATER))
        await until(begun)
        await store.remove([1], LATER)
        assert not adding.done()
        await adding
    assert await used(store) == {}
    assert await store.used_by(["cats"], range(HOUR, HOUR + 1), 1) == set()

"""The outbox of a SQLite store and the relay that empties it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from murmur.broker.ports import Message
from murmur.broker.sqlite import SqliteBroker
from murmur.errors import Refused, Unavailable, UserErrorCode
from murmur.events import Liked, TweetDeleted, decode_event, encode_event
from murmur.outbox import SCHEMA, OutboxEntry, SqliteOutbox, append
from murmur.sqlite import Database
from murmur.telemetry.metrics import Metrics
from tests.support.waiting import until
from workers.outbox_relay import run_relay


def event(number: int) -> TweetDeleted:
    return TweetDeleted(id=number, at=0, tweet_id=number, author_id=1)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(tmp_path / "store.db", [SCHEMA])
    yield database
    await database.close()


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[SqliteBroker]:
    broker = SqliteBroker(tmp_path / "broker.db")
    yield broker
    await broker.close()


@asynccontextmanager
async def relay(*arguments: object, **named: object) -> AsyncIterator[None]:
    task = asyncio.create_task(run_relay(*arguments, **named))  # type: ignore[arg-type]
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def published(broker: SqliteBroker) -> list[int]:
    return [decode_event(record.value).id for record in await broker.tail(10_000)]


async def test_an_event_waits_in_the_outbox_of_its_write(database: Database):
    outbox = SqliteOutbox(database, "tweets")
    await database.write(lambda connection: append(connection, event(1), Liked(id=2, at=0, tweet_id=5, author_id=1, user_id=3)))
    first, second = await outbox.pending(10)
    assert (first.topic, first.key, decode_event(first.payload)) == ("murmur.tweets", 1, event(1))
    assert second.key == 5
    assert await outbox.pending(1) == [first]
    await outbox.remove([first])
    await outbox.remove([first])
    await outbox.remove([])
    assert await outbox.pending(10) == [second]


async def test_a_write_that_is_undone_leaves_no_event(database: Database):
    def refuse(connection) -> None:
        append(connection, event(1))
        raise Refused(UserErrorCode.TAKEN, "no")

    with pytest.raises(Refused):
        await database.write(refuse)
    assert await SqliteOutbox(database, "tweets").pending(10) == []


async def test_waiting_ends_at_the_next_commit(database: Database):
    outbox = SqliteOutbox(database, "tweets")
    assert await outbox.pending(10) == []
    waiting = asyncio.create_task(outbox.wait())
    await database.write(lambda connection: append(connection, event(1)))
    async with asyncio.timeout(0.5):
        await waiting


async def test_events_are_published_in_order_and_removed(database: Database, broker: SqliteBroker):
    outbox, metrics = SqliteOutbox(database, "tweets"), Metrics()
    await database.write(lambda connection: append(connection, *map(event, range(25))))

    async def empty() -> bool:
        return not await outbox.pending(1)

    async with relay({"tweets": outbox}, broker, metrics, batch=10):
        await until(empty)
        await database.write(lambda connection: append(connection, event(25)))
        await until(empty)
    assert await published(broker) == list(range(26))
    assert b'murmur_events_published_total{outbox="tweets"} 26.0' in metrics.exposition()


async def test_a_new_event_is_relayed_at_its_commit(database: Database, broker: SqliteBroker):
    async with relay({"tweets": SqliteOutbox(database, "tweets")}, broker, Metrics()):
        await until(lambda: asyncio.sleep(0, result=True))
        await database.write(lambda connection: append(connection, event(1)))

        async def arrived() -> bool:
            return await published(broker) == [1]

        await until(arrived, seconds=0.5)


class Failing:
    """A broker and an outbox in one, which do not answer at first. It keeps what got through."""

    def __init__(self, outages: Sequence[str]) -> None:
        self.outages = list(outages)
        self.entries = [OutboxEntry(1, "murmur.tweets", 1, encode_event(event(1)))]
        self.published: list[Message] = []
        self.opened: list[str] = []

    def _answer(self, verb: str) -> None:
        if self.outages and self.outages[0] == verb:
            raise Unavailable(self.outages.pop(0))

    async def pending(self, _limit: int) -> Sequence[OutboxEntry]:
        self._answer("pending")
        return self.entries

    @asynccontextmanager
    async def publisher(self, name: str) -> AsyncIterator["Failing"]:
        self._answer("publisher")
        self.opened.append(name)
        yield self

    async def publish(self, messages: Sequence[Message]) -> None:
        self._answer("publish")
        self.published += messages

    async def remove(self, _entries: Sequence[OutboxEntry]) -> None:
        self._answer("remove")
        self.entries = []

    async def wait(self) -> None:
        await asyncio.Event().wait()


async def test_outages_are_waited_for_and_what_is_published_is_not_published_again():
    part = Failing(["publisher", "pending", "publish", "publish", "remove"])

    async def emptied() -> bool:
        return not part.entries

    async with relay({"tweets": part}, part, Metrics()):
        await until(emptied)
    assert part.outages == []
    assert len(part.published) == 1
    # Who failed to publish reads what there is again, as a new publisher.
    assert part.opened == ["outbox.tweets"] * 3


async def test_a_relay_that_is_told_to_end_finishes_its_batch(database: Database, broker: SqliteBroker):
    outbox, read, go_on = SqliteOutbox(database, "tweets"), asyncio.Event(), asyncio.Event()

    class Slow:
        @asynccontextmanager
        async def publisher(self, name: str) -> AsyncIterator["Slow"]:
            yield self

        async def publish(self, messages: Sequence[Message]) -> None:
            read.set()
            await go_on.wait()
            await broker.publish(messages)

    await database.write(lambda connection: append(connection, event(1)))
    task = asyncio.create_task(run_relay({"tweets": outbox}, Slow(), Metrics()))
    await read.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await published(broker) == [1]
    assert await outbox.pending(1) == []


async def test_a_relay_that_stands_by_goes_on_where_another_ended(database: Database, broker: SqliteBroker):
    outbox, metrics = SqliteOutbox(database, "tweets"), Metrics()

    async def empty() -> bool:
        return not await outbox.pending(1)

    await database.write(lambda connection: append(connection, *map(event, range(5))))
    async with AsyncExitStack() as working:
        await working.enter_async_context(relay({"tweets": outbox}, broker, Metrics()))
        await until(empty)
        async with relay({"tweets": outbox}, broker, metrics):
            await database.write(lambda connection: append(connection, *map(event, range(5, 10))))
            await until(empty)
            assert b'murmur_events_published_total{outbox="tweets"}' not in metrics.exposition()
            await working.aclose()
            await database.write(lambda connection: append(connection, *map(event, range(10, 15))))
            await until(empty)
    assert await published(broker) == list(range(15))
    assert b'murmur_events_published_total{outbox="tweets"} 5.0' in metrics.exposition()

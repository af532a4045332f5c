"""What the worker runtime does with batches, failures and cancellation, on a real log."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from murmur.broker.ports import Message
from murmur.broker.sqlite import SqliteBroker
from murmur.errors import Unavailable
from murmur.events import AnyEvent, TweetDeleted, encode_event
from murmur.telemetry.metrics import Metrics
from tests.support.waiting import until
from workers.runtime import run_worker

TOPIC = "murmur.tweets"


class Work:
    """A handler that remembers what it did, and fails where it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.failures: dict[int, list[Exception]] = {}
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, events: Sequence[AnyEvent]) -> None:
        self.entered.set()
        await self.go_on.wait()
        for event in events:
            if self.failures.get(event.id):
                failure = self.failures[event.id][0]
                if not getattr(failure, "lasts", False):
                    self.failures[event.id].pop(0)
                raise failure
        self.batches.append([event.id for event in events])

    @property
    def done(self) -> list[int]:
        return [number for batch in self.batches for number in batch]


def lasting(error: Exception) -> Exception:
    error.lasts = True  # type: ignore[attr-defined]
    return error


def message(number: int) -> Message:
    return Message(TOPIC, 1, encode_event(TweetDeleted(id=number, at=0, tweet_id=1, author_id=1)))


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[SqliteBroker]:
    broker = SqliteBroker(tmp_path / "broker.db")
    yield broker
    await broker.close()


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def start(broker: SqliteBroker, work: Work, metrics: Metrics, batch: int = 500) -> asyncio.Task[None]:
    return asyncio.create_task(run_worker("w", broker, [TOPIC], work, metrics, batch=batch, attempts=3, first_wait=0.001))


async def stop(worker: asyncio.Task[None]) -> None:
    worker.cancel()
    with suppress(asyncio.CancelledError):
        await worker


async def until_read(broker: SqliteBroker) -> None:
    async def is_read() -> bool:
        # A group that has not joined yet has no lag either.
        return bool(await broker.database.fetch("SELECT 1 FROM offsets LIMIT 1")) and await broker.lag("w") == 0

    await until(is_read)


async def test_events_are_handed_over_in_bounded_batches_in_order_and_committed(broker, work, metrics):
    await broker.publish([message(number) for number in range(25)])
    worker = start(broker, work, metrics, batch=10)
    await until_read(broker)
    await stop(worker)
    assert work.batches == [list(range(10)), list(range(10, 20)), list(range(20, 25))]
    assert b'murmur_events_consumed_total{outcome="done",worker="w"} 25.0' in metrics.exposition()


async def test_an_outage_is_waited_for_and_nothing_is_given_up(broker, work, metrics):
    work.failures = {2: [Unavailable("a store is down") for _ in range(10)]}
    await broker.publish([message(number) for number in range(4)])
    worker = start(broker, work, metrics)
    await until_read(broker)
    await stop(worker)
    assert work.done == [0, 1, 2, 3]
    assert await broker.dead_letters(10) == []


async def test_a_poison_event_is_isolated_and_buried_with_its_reason(broker, work, metrics):
    work.failures = {2: [lasting(ZeroDivisionError("no\ntraceback"))]}
    await broker.publish([message(number) for number in range(5)])
    worker = start(broker, work, metrics)
    await until_read(broker)
    await stop(worker)
    assert work.done == [0, 1, 3, 4]
    (letter,) = await broker.dead_letters(10)
    assert (letter.record.value, letter.group) == (message(2).value, "w")
    assert letter.reason == "ZeroDivisionError: no\ntraceback"
    assert b'murmur_dead_letters_total{worker="w"} 1.0' in metrics.exposition()


async def test_an_event_that_fails_once_is_not_buried(broker, work, metrics):
    work.failures = {2: [RuntimeError("once"), RuntimeError("twice")]}
    await broker.publish([message(number) for number in range(5)])
    worker = start(broker, work, metrics)
    await until_read(broker)
    await stop(worker)
    assert work.done == [0, 1, 2, 3, 4]
    assert await broker.dead_letters(10) == []


async def test_bytes_that_are_no_event_are_buried_and_the_rest_is_done(broker, work, metrics):
    await broker.publish([message(1), Message(TOPIC, 1, b"{"), message(2), Message(TOPIC, 1, b'{"type":"unheard_of.v9"}')])
    worker = start(broker, work, metrics)
    await until_read(broker)
    await stop(worker)
    assert work.batches == [[1, 2]]
    letters = await broker.dead_letters(10)
    assert [letter.record.value for letter in letters] == [b'{"type":"unheard_of.v9"}', b"{"]
    assert all("not an event of a known version" in letter.reason for letter in letters)


async def test_unreadable_bytes_in_a_batch_that_fails_are_buried_in_their_turn(broker, work, metrics):
    work.failures = {1: [lasting(RuntimeError("poison"))]}
    await broker.publish([message(1), Message(TOPIC, 1, b"{"), message(2)])
    worker = start(broker, work, metrics)
    await until_read(broker)
    await stop(worker)
    assert work.done == [2]
    assert len(await broker.dead_letters(10)) == 2


async def test_cancellation_while_waiting_ends_the_worker_at_once(broker, work, metrics):
    worker = start(broker, work, metrics)
    await until_read(broker)
    async with asyncio.timeout(1):
        await stop(worker)


async def test_cancellation_during_a_batch_lets_it_be_finished_and_committed(broker, work, metrics):
    work.go_on.clear()
    await broker.publish([message(1), message(2)])
    worker = start(broker, work, metrics)
    await work.entered.wait()
    worker.cancel()
    await asyncio.sleep(0)
    work.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await worker
    assert work.done == [1, 2]
    assert await broker.lag("w") == 0


async def test_a_second_cancellation_ends_the_batch_and_it_comes_again(broker, work, metrics):
    work.go_on.clear()
    await broker.publish([message(1)])
    worker = start(broker, work, metrics)
    await work.entered.wait()
    for _ in range(2):
        worker.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await worker
    assert await broker.lag("w") == 1
    work.go_on.set()
    worker = start(broker, work, metrics)
    await until_read(broker)
    await stop(worker)
    assert work.done == [1]


async def test_cancellation_during_a_batch_that_fails_still_ends_the_worker(broker, work, metrics):
    work.failures = {1: [lasting(Unavailable("down"))]}
    work.go_on.clear()
    await broker.publish([message(1)])
    worker = start(broker, work, metrics)
    await work.entered.wait()
    worker.cancel()
    await asyncio.sleep(0)
    work.go_on.set()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await worker
    assert await broker.lag("w") == 1


async def test_a_backlog_is_worked_off_as_it_happened_and_each_key_in_its_own_order(
    broker: SqliteBroker, work: Work, metrics: Metrics
):
    def of(key: int, number: int) -> Message:
        return Message(TOPIC, key, encode_event(TweetDeleted(id=number, at=0, tweet_id=key, author_id=1)))

    # A clock of another process may be behind: within a key the log's order holds all the same.
    for number in (1, 5, 9, 2, 11):
        await broker.publish([of(1, number)])
    for number in (3, 4, 10):
        await broker.publish([of(2, number)])
    worker = start(broker, work, metrics)
    await until_read(broker)
    await stop(worker)
    assert work.batches == [[1, 3, 4, 5, 9, 2, 10, 11]]

"""What every event consumer is run by: poll, decode, hand over, commit; retry, isolate, bury.

At least once: a batch is committed after the handler is done with it, so a process that dies in between gets it again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from heapq import merge
from operator import attrgetter
from typing import NoReturn, Protocol

import structlog

from murmur.broker.ports import Consumer, Place, Record
from murmur.errors import Unavailable, Unreadable
from murmur.events import AnyEvent, Topic, decode_event
from murmur.telemetry.metrics import Metrics
from workers.draining import finish
from workers.retrying import Backoff

Handler = Callable[[Sequence[AnyEvent]], Awaitable[None]]
"""Does the work for events in their order (within each key, and about as they happened); doing it twice must be harmless.

Raises Unavailable for what will pass; anything else is taken to be the fault of an event in the batch.
"""

_POLL_SECONDS = 5
_LAG_SECONDS = 5
_MAX_REASON = 500
_log = structlog.get_logger()


class Log(Protocol):
    """The part of a broker that a worker reads from."""

    def consumer(self, group: str, topics: Sequence[Topic]) -> AbstractAsyncContextManager[Consumer]: ...

    async def lag(self, group: str, topics: Sequence[Topic] = ()) -> int: ...


async def run_worker(
    name: str,
    log: Log,
    topics: Sequence[Topic],
    handler: Handler,
    metrics: Metrics,
    *,
    batch: int = 500,
    attempts: int = 4,
    first_wait: float = 0.1,
) -> None:
    """Work as a member of the group `name` until cancelled; a batch that is being processed is finished and committed first.

    When a store is Unavailable the batch is tried `attempts` times, waiting `first_wait` seconds and then ever longer, and
    polled again after that, for as long as it takes: nothing is given up for it. When the handler fails otherwise, the
    events are handed over one by one; the one that fails `attempts` times alone goes to the dead letters.
    """
    outage = Backoff(first_wait)
    while True:
        try:
            async with log.consumer(name, topics) as consumer:
                worker = _Worker(name, consumer, handler, metrics, attempts, first_wait)
                await _work(name, log, topics, consumer, worker, metrics, batch, outage)
        except Unavailable as error:
            _log.warning("worker waits for the event log", worker=name, reason=str(error))
            await outage.wait()


async def _work(
    name: str,
    log: Log,
    topics: Sequence[Topic],
    consumer: Consumer,
    worker: "_Worker",
    metrics: Metrics,
    batch: int,
    outage: Backoff,
) -> NoReturn:
    """Raises Unavailable when the group must be joined again."""
    loop = asyncio.get_running_loop()
    next_lag = loop.time()
    while True:
        try:
            if (now := loop.time()) >= next_lag:
                next_lag = now + _LAG_SECONDS
                # Whoever can't be asked now keeps nobody from work.
                with suppress(Unavailable):
                    metrics.gauge("murmur_consumer_lag", await log.lag(name, topics), name)
            records = await consumer.poll(batch, _POLL_SECONDS)
            if records:
                await finish(worker.process(records))
                outage.reset()
        except Unavailable as error:
            _log.warning("worker waits for a store", worker=name, reason=str(error))
            await outage.wait()
            await consumer.rewind()


class _Worker:
    def __init__(
        self, name: str, consumer: Consumer, handler: Handler, metrics: Metrics, attempts: int, first_wait: float
    ) -> None:
        self._name = name
        self._consumer = consumer
        self._handler = handler
        self._metrics = metrics
        self._attempts = attempts
        self._first_wait = first_wait

    async def process(self, records: Sequence[Record]) -> None:
        """Work on a batch and commit it. Raises Unavailable when it must be polled again."""
        events: dict[Place, list[AnyEvent]] = {}
        unreadable: list[tuple[Record, str]] = []
        for record in records:
            try:
                events.setdefault((record.topic, record.partition), []).append(decode_event(record.value))
            except Unreadable as error:
                unreadable.append((record, str(error)))
        # Each partition in its order, and all as they happened: whoever catches up sees no later thing before an earlier one.
        in_order = list(merge(*events.values(), key=attrgetter("id")))
        try:
            await self._hand_over(in_order)
        except Unavailable:
            raise
        except Exception as error:
            _log.warning("a batch failed; its events are replayed one by one", worker=self._name, reason=_reason(error))
            await self._replay(records)
            return
        # Burying a record commits what stands before it in its partition, so it comes after the work.
        for record, reason in unreadable:
            await self._bury(record, reason)
        await self._consumer.commit(records)
        self._metrics.count("murmur_events_consumed_total", self._name, "done", by=len(in_order))

    async def _replay(self, records: Sequence[Record]) -> None:
        for record in records:
            reason = await self._attempt(record)
            if reason is None:
                await self._consumer.commit([record])
                self._metrics.count("murmur_events_consumed_total", self._name, "done")
            else:
                await self._bury(record, reason)

    async def _attempt(self, record: Record) -> str | None:
        """Work on one record; why it can't be done, when it can't."""
        try:
            event = decode_event(record.value)
        except Unreadable as error:
            return str(error)
        backoff = Backoff(self._first_wait)
        for remaining in range(self._attempts - 1, -1, -1):
            try:
                await self._hand_over([event])
            except Unavailable:
                raise
            except Exception as error:
                if not remaining:
                    _log.error("an event failed", worker=self._name, topic=record.topic, offset=record.offset, exc_info=error)
                    return _reason(error)
                await backoff.wait()
            else:
                break
        return None

    async def _hand_over(self, events: Sequence[AnyEvent]) -> None:
        backoff = Backoff(self._first_wait)
        for remaining in range(self._attempts - 1, -1, -1):
            try:
                if events:
                    await self._handler(events)
            except Unavailable:
                if not remaining:
                    raise
                await backoff.wait()
            else:
                return

    async def _bury(self, record: Record, reason: str) -> None:
        await self._consumer.bury(record, reason)
        self._metrics.count("murmur_events_consumed_total", self._name, "buried")
        self._metrics.count("murmur_dead_letters_total", self._name)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_MAX_REASON]

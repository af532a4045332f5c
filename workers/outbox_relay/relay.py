"""One loop an outbox: what waits is published in batches and removed after that."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import NoReturn, Protocol

import structlog

from murmur.broker.ports import Message, Publisher
from murmur.errors import Unavailable
from murmur.outbox import Outbox, OutboxEntry
from murmur.telemetry.metrics import Metrics
from workers.draining import finish
from workers.retrying import Backoff, until_available

_BATCH = 500
_log = structlog.get_logger()


class Log(Protocol):
    """The part of a broker that a relay writes to."""

    def publisher(self, name: str) -> AbstractAsyncContextManager[Publisher]: ...


async def run_relay(outboxes: Mapping[str, Outbox], log: Log, metrics: Metrics, *, batch: int = _BATCH) -> None:
    """Relay until cancelled; a batch that is being published is finished and removed first.

    Of all the relays of an outbox, in whatever process, one works and the others stand by. The name of an outbox says which
    one it is, so it must be the same for all of them. What is Unavailable is waited for.
    """
    async with asyncio.TaskGroup() as group:
        for name, outbox in outboxes.items():
            group.create_task(_relay(name, outbox, log, metrics, batch), name=f"relay {name}")


async def _relay(name: str, outbox: Outbox, log: Log, metrics: Metrics, batch: int) -> NoReturn:
    backoff = Backoff()
    while True:
        try:
            async with log.publisher(f"outbox.{name}") as publisher:
                await _move_all(name, outbox, publisher, metrics, batch, backoff)
        except Unavailable as error:
            # What was read before may be published by another meanwhile: it is read again by who is the publisher then.
            _log.warning("a relay begins again", outbox=name, reason=str(error))
            await backoff.wait()


async def _move_all(name: str, outbox: Outbox, publisher: Publisher, metrics: Metrics, batch: int, backoff: Backoff) -> NoReturn:
    """Raises Unavailable when nothing more can be published by this publisher."""
    while True:
        entries = await until_available(partial(outbox.pending, batch), f"outbox {name}", backoff)
        if entries:
            await finish(_move(name, entries, outbox, publisher, metrics))
        else:
            await until_available(outbox.wait, f"outbox {name}", backoff)


async def _move(name: str, entries: Sequence[OutboxEntry], outbox: Outbox, publisher: Publisher, metrics: Metrics) -> None:
    await publisher.publish([Message(entry.topic, entry.key, entry.payload) for entry in entries])
    # Repeated alone: an outbox that can't forget yet does not have its events published again and again.
    await until_available(partial(outbox.remove, entries), f"outbox {name}", Backoff())
    metrics.count("murmur_events_published_total", name, by=len(entries))

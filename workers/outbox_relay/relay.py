"""One loop an outbox: what waits is published in batches and removed after that."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

from murmur.broker.ports import Message
from murmur.outbox import Outbox
from murmur.telemetry.metrics import Metrics
from workers.retrying import Backoff, until_available

_BATCH = 500


class Publisher(Protocol):
    async def publish(self, messages: Sequence[Message]) -> None: ...


async def run_relay(outboxes: Mapping[str, Outbox], publisher: Publisher, metrics: Metrics, *, batch: int = _BATCH) -> None:
    """Relay until cancelled. `outboxes` are named for the metrics. A store that is Unavailable is waited for."""
    async with asyncio.TaskGroup() as group:
        for name, outbox in outboxes.items():
            group.create_task(_relay(name, outbox, publisher, metrics, batch), name=f"relay {name}")


async def _relay(name: str, outbox: Outbox, publisher: Publisher, metrics: Metrics, batch: int) -> None:
    backoff = Backoff()
    while True:
        entries = await until_available(partial(outbox.pending, batch), f"outbox {name}", backoff)
        if not entries:
            await outbox.wait()
            continue
        messages = [Message(entry.topic, entry.key, entry.payload) for entry in entries]
        # Each step is repeated alone: an outbox that can't forget yet does not have its events published again and again.
        await until_available(partial(publisher.publish, messages), "broker", backoff)
        await until_available(partial(outbox.remove, entries), f"outbox {name}", backoff)
        metrics.count("murmur_events_published_total", name, by=len(entries))

"""Counts what happens. A consumer group called `analytics`, whose members also tidy what is counted, and look at the backlog."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from murmur.clock import wall_clock
from murmur.events import AnyEvent
from murmur.ids import random_id_at
from murmur.telemetry.metrics import Metrics
from workers.groups import GROUPS
from workers.retrying import repeat
from workers.runtime import Log, run_worker

_TIDY_SECONDS = 10.0
_LOOK_SECONDS = 10.0


class Counts(Protocol):
    """Of the analytics subgraph."""

    async def hear(self, events: Sequence[AnyEvent]) -> None:
        """Count what happened; hearing it again counts nothing."""
        ...

    async def look(self, backlog: int, look_id: int) -> None:
        """Note how much waits to be delivered to timelines, if anything does. `look_id` names this look."""
        ...

    async def tidy(self) -> bool:
        """Sum up what is old: a part of the work. Whether there is more."""
        ...


async def run_analytics(log: Log, counts: Counts, metrics: Metrics) -> None:
    """Work until cancelled."""

    async def look() -> bool:
        await counts.look(await log.lag("fanout", GROUPS["fanout"]), random_id_at(wall_clock()))
        return False

    async with asyncio.TaskGroup() as tasks:
        beside = [
            tasks.create_task(repeat(counts.tidy, "tidy analytics", _TIDY_SECONDS), name="tidy analytics"),
            tasks.create_task(repeat(look, "look at the backlog", _LOOK_SECONDS), name="look at the backlog"),
        ]
        try:
            await run_worker("analytics", log, GROUPS["analytics"], counts.hear, metrics)
        finally:
            for task in beside:
                task.cancel()

"""Counts what happens. A consumer group called `analytics`, whose members also tidy what is counted, and look at the backlog."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn, Protocol

import structlog

from murmur.clock import wall_clock
from murmur.errors import Unavailable
from murmur.events import AnyEvent
from murmur.ids import random_id_at
from murmur.telemetry.metrics import Metrics
from workers.runtime import Log, run_worker

TOPICS = ("murmur.graph", "murmur.tweets", "murmur.analytics")
_TIDY_SECONDS = 10.0
_LOOK_SECONDS = 10.0
_log = structlog.get_logger()


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
        await counts.look(await log.lag("fanout"), random_id_at(wall_clock()))
        return False

    async with asyncio.TaskGroup() as tasks:
        beside = [
            tasks.create_task(_now_and_then(_TIDY_SECONDS, counts.tidy), name="tidy analytics"),
            tasks.create_task(_now_and_then(_LOOK_SECONDS, look), name="look at the backlog"),
        ]
        try:
            await run_worker("analytics", log, TOPICS, counts.hear, metrics)
        finally:
            for task in beside:
                task.cancel()


async def _now_and_then(seconds: float, work: Callable[[], Awaitable[bool]]) -> NoReturn:
    """Do a work again and again, at once while there is more of it."""
    while True:
        try:
            more = await work()
        except Unavailable as error:
            _log.warning("analytics wait for an engine", reason=str(error))
            more = False
        await asyncio.sleep(0 if more else seconds)

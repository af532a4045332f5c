"""Keeps the search index up with tweets and people. A consumer group called `indexer`."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from murmur.events import AnyEvent
from murmur.telemetry.metrics import Metrics
from workers.groups import GROUPS
from workers.runtime import Log, run_worker

_APART_SECONDS = 0.1
"""A commit of an index costs far more than a document, so what comes meanwhile shares the next one."""


class Hears(Protocol):
    """Of the search subgraph."""

    async def hear(self, events: Sequence[AnyEvent]) -> None:
        """Take in what happened; hearing it again, or in another order, changes nothing."""
        ...


async def run_indexer(log: Log, hears: Hears, metrics: Metrics) -> None:
    """Work until cancelled."""
    loop = asyncio.get_running_loop()
    next_at = loop.time()

    async def handle(events: Sequence[AnyEvent]) -> None:
        nonlocal next_at
        await asyncio.sleep(next_at - loop.time())
        next_at = loop.time() + _APART_SECONDS
        await hears.hear(events)

    await run_worker("indexer", log, GROUPS["indexer"], handle, metrics)

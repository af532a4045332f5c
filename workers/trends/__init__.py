"""Counts hashtags, and ranks from time to time which of them rise. A consumer group called `trends`."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from murmur.events import AnyEvent
from murmur.telemetry.metrics import Metrics
from workers.groups import GROUPS
from workers.retrying import repeat
from workers.runtime import Log, run_worker

_SECONDS = 2.0
_SHARE = 20
"""Ranking takes at most one part in so many of the time: it pauses for so many times what it took."""
_TIDY_SECONDS = 3_600.0


class Ranks(Protocol):
    """Of the search subgraph."""

    async def hear(self, events: Sequence[AnyEvent]) -> None:
        """Take in what happened; hearing it again, or in another order, changes nothing."""
        ...

    async def rank_all(self) -> None:
        """Look at what was counted, and keep what rises."""
        ...

    async def tidy(self) -> None:
        """Let old detail go."""
        ...


async def run_trends(log: Log, ranks: Ranks, metrics: Metrics) -> None:
    """Work until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_worker("trends", log, GROUPS["trends"], ranks.hear, metrics))
        tasks.create_task(repeat(ranks.rank_all, "rank hashtags", _SECONDS, _SHARE))
        tasks.create_task(repeat(ranks.tidy, "tidy trends", _TIDY_SECONDS, _SHARE))

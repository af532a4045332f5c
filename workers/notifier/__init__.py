"""Tells people what others did with them. A consumer group called `notifier`."""

from collections.abc import Sequence
from typing import Protocol

from murmur.events import AnyEvent
from murmur.telemetry.metrics import Metrics
from workers.groups import GROUPS
from workers.runtime import Log, run_worker


class Hears(Protocol):
    """Of the notifications subgraph."""

    async def hear(self, events: Sequence[AnyEvent]) -> None:
        """Take in what happened, in order; hearing it again changes nothing."""
        ...


async def run_notifier(log: Log, hears: Hears, metrics: Metrics) -> None:
    """Work until cancelled."""
    await run_worker("notifier", log, GROUPS["notifier"], hears.hear, metrics)

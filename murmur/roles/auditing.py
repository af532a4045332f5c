"""The audit of everything that the settings name, beside a running platform or without one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

from murmur.audit.finding import Finding, steady
from murmur.audit.graph import audit_graph
from murmur.audit.timelines import audit_timelines
from murmur.audit.tweets import audit_tweets
from murmur.broker.ports import Broker
from murmur.broker.wiring import open_broker
from murmur.outbox import Outbox
from murmur.roles.rooms import Rooms, open_rooms
from murmur.roles.workers import GROUPS
from murmur.settings import Settings
from murmur.telemetry.metrics import Metrics

_DEAD_LETTERS = 100
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found, and what could not be looked at, in words."""

    findings: tuple[Finding, ...]
    left_out: tuple[str, ...]


async def audit(settings: Settings, *, seconds: float) -> Audit:
    """Audit the stores. Waits up to `seconds` for the workers to have done what is due. Raises StartupError and Unavailable."""
    left_out: list[str] = []
    async with AsyncExitStack() as stack:
        rooms = await stack.enter_async_context(open_rooms(settings, Metrics()))
        broker = open_broker(settings.stores.broker_url, settings.server.data_dir)
        stack.push_async_callback(broker.close)
        findings = await steady(lambda: audit_graph(rooms.users.store))
        findings += await steady(lambda: audit_tweets(rooms.tweets.store, rooms.users.store))
        if settings.stores.timelines_url.startswith("memory:"):
            left_out.append("timelines: they are in the memory of `murmur up`, which rebuilds them when it starts")
        elif behind := await come_to_rest(rooms, broker, seconds):
            left_out.append(f"timelines: {behind} after {seconds:g} s, so they can't be complete")
        else:
            findings += await steady(lambda: audit_timelines(rooms.timelines.store, rooms.users.store, rooms.tweets.store))
        findings += [finding async for finding in _dead_letters(broker)]
    return Audit(tuple(findings), tuple(left_out))


async def come_to_rest(rooms: Rooms, broker: Broker, seconds: float) -> str | None:
    """Wait until every event was published and consumed; what is left after `seconds`, in words, or None."""
    deadline = asyncio.get_running_loop().time() + seconds
    while behind := await _behind(rooms, broker):
        if asyncio.get_running_loop().time() > deadline:
            return behind
        await asyncio.sleep(_POLL_SECONDS)
    return None


async def _behind(rooms: Rooms, broker: Broker) -> str | None:
    outboxes: dict[str, Outbox] = {"users": rooms.users.store.outbox, "tweets": rooms.tweets.store.outbox}
    for name, outbox in outboxes.items():
        if await outbox.pending(1):
            return f"events of {name} wait to be published"
    for group in GROUPS:
        if lag := await broker.lag(group):
            return f"{group} is {lag} events behind"
    return None


async def _dead_letters(broker: Broker) -> AsyncIterator[Finding]:
    for letter in await broker.dead_letters(_DEAD_LETTERS):
        record = letter.record
        yield Finding(
            "dead letter", f"{letter.group}: {record.topic}/{record.partition}@{record.offset}", told=f"given up: {letter.reason}"
        )

"""The audit of everything that the settings name, beside a running platform or without one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from murmur.audit.analytics import audit_analytics
from murmur.audit.finding import Finding, steady
from murmur.audit.graph import audit_graph
from murmur.audit.notifications import audit_notifications
from murmur.audit.search import audit_search
from murmur.audit.timelines import audit_timelines
from murmur.audit.trends import audit_trends
from murmur.audit.tweets import audit_tweets
from murmur.broker.ports import Broker
from murmur.clock import wall_clock
from murmur.errors import Unavailable
from murmur.outbox import Outbox
from murmur.roles.stores import Stores
from murmur.settings import Settings
from workers.groups import GROUPS

_DEAD_LETTERS = 100
_POLL_SECONDS = 0.2

Pass = Callable[[], AsyncIterator[Finding]]
"""Goes through everything once."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found, and what could not be looked at, in words."""

    findings: tuple[Finding, ...]
    left_out: tuple[str, ...]


async def audit(settings: Settings, *, seconds: float) -> Audit:
    """Audit the stores. Waits up to `seconds` for the workers to have done what is due. Raises StartupError and Unavailable."""
    left_out: list[str] = []
    async with AsyncExitStack() as stack:
        stores = Stores(settings, stack)
        passes = [*passes_at_any_time(stores)]
        if settings.stores.timelines_url.startswith("memory:"):
            left_out.append("timelines: they are in the memory of `murmur up`, which rebuilds them when it starts")
        if behind := await come_to_rest(stores, seconds):
            left_out.append(f"what workers keep up: {behind} after {seconds:g} s, so it can't be complete")
        else:
            passes += [*passes_at_rest(stores), *passes_over_copies(stores)]
            if not left_out:
                passes.append(lambda: audit_timelines(stores.timelines, stores.users, stores.tweets))
        findings = [finding for one in passes for finding in await steady(one)]
        findings += [finding async for finding in _dead_letters(stores.broker)]
    return Audit(tuple(findings), tuple(left_out))


def passes_at_any_time(stores: Stores) -> Sequence[Pass]:
    """What agrees whatever the workers are at."""
    users, tweets = stores.users, stores.tweets
    return (lambda: audit_graph(users), lambda: audit_tweets(tweets, users))


def passes_at_rest(stores: Stores) -> Sequence[Pass]:
    """What agrees once the workers have done what is due, of stores that nothing can be made again from."""
    return (
        lambda: audit_notifications(stores.notifications, stores.users, stores.tweets),
        lambda: audit_analytics(stores.analytics, stores.users, stores.tweets),
    )


def passes_over_copies(stores: Stores) -> Sequence[Pass]:
    """What agrees then of stores that are made again from the others."""
    return (
        lambda: audit_search(stores.search, stores.tweets, stores.users),
        lambda: audit_trends(stores.trends, stores.users, stores.tweets, wall_clock()),
    )


async def come_to_rest(stores: Stores, seconds: float) -> str | None:
    """Wait until every event was published and consumed; what is left after `seconds`, in words, or None."""
    deadline = asyncio.get_running_loop().time() + seconds
    while behind := await _behind(stores):
        if asyncio.get_running_loop().time() > deadline:
            return behind
        await asyncio.sleep(_POLL_SECONDS)
    return None


async def _behind(stores: Stores) -> str | None:
    try:
        return await _waiting(stores)
    except Unavailable as error:
        # A new event log is asked for its groups before it has any place to keep them.
        return str(error)


async def _waiting(stores: Stores) -> str | None:
    outboxes: dict[str, Outbox] = {"users": stores.users.outbox, "tweets": stores.tweets.outbox}
    for name, outbox in outboxes.items():
        if await outbox.pending(1):
            return f"events of {name} wait to be published"
    for group, topics in GROUPS.items():
        if lag := await stores.broker.lag(group, topics):
            return f"{group} is {lag} events behind"
    return None


async def _dead_letters(broker: Broker) -> AsyncIterator[Finding]:
    for letter in await broker.dead_letters(_DEAD_LETTERS):
        record = letter.record
        yield Finding(
            "dead letter", f"{letter.group}: {record.topic}/{record.partition}@{record.offset}", told=f"given up: {letter.reason}"
        )

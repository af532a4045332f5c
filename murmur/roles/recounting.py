"""Counting what the event log still has, for analytics, beside a running platform or without one."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress

from murmur.broker.ports import Place
from murmur.clock import wall_clock
from murmur.engines import engine_of
from murmur.errors import Unreadable
from murmur.events import AnyEvent, decode_event
from murmur.roles.stores import Stores
from murmur.settings import Settings
from subgraphs.analytics.service import Counting

_PAGE = 1_000


async def recount(settings: Settings) -> AsyncGenerator[int]:
    """Tells how many events were heard, a page at a time. Raises StartupError and Unavailable; it can be run again at any time,
    since what was counted before is not counted again."""
    async with AsyncExitStack() as stack:
        stores = Stores(settings, stack)
        if engine := engine_of(stores.analytics):
            await engine.apply()
        counting = Counting(stores.analytics, stores.tweets, stores.users, wall_clock)
        positions: dict[Place, int] = {}
        while records := await stores.broker.after(positions, _PAGE):
            events: list[AnyEvent] = []
            for record in records:
                positions[record.topic, record.partition] = record.offset
                # Of an event that can't be read the worker has told, when it buried it.
                with suppress(Unreadable):
                    events.append(decode_event(record.value))
            await counting.hear(events)
            yield len(events)

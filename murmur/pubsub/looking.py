"""How those who follow something wait for word of a change."""

import asyncio
from contextlib import suppress

from murmur.pubsub.ports import Listener

LOOK_SECONDS = 30
"""After so long whoever waits looks again all the same, since word may be lost."""


async def word_or_while(listener: Listener) -> None:
    """Return when there is word of a change, or after a while without."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_SECONDS):
            await listener.next()

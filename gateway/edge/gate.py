"""How many requests are in work, and whether more may come in."""

import asyncio
from collections.abc import Awaitable, Callable

from gateway.edge.refusal import CLOSE, Refusal
from murmur.errors import ErrorCode


class Gate:
    """At most `limit` requests at once; none any more once it drains."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._idle = asyncio.Event()
        self._idle.set()
        self.in_flight = 0
        self.draining = False
        self._live: tuple[Callable[[], Awaitable[None]], Callable[[], None]] | None = None

    def before_drain(self, sockets: Callable[[], Awaitable[None]], streams: Callable[[], None]) -> None:
        """What ends that would never end by itself."""
        self._live = sockets, streams

    def enter(self) -> None:
        """Counts a request in. Raises Refusal (503) when it may not; `leave` is then not to be called."""
        if self.draining:
            raise Refusal(503, ErrorCode.UNAVAILABLE, "this server is stopping", (b"retry-after", b"1"), CLOSE)
        if self.in_flight >= self._limit:
            raise Refusal(503, ErrorCode.UNAVAILABLE, "too many requests at once; try again", (b"retry-after", b"1"))
        self.in_flight += 1
        self._idle.clear()

    def leave(self) -> None:
        self.in_flight -= 1
        if not self.in_flight:
            self._idle.set()

    async def drain(self, seconds: float) -> bool:
        """Lets nobody in any more and waits for those inside. Returns whether all left within `seconds`."""
        self.draining = True
        if self._live is not None:
            sockets, streams = self._live
            streams()
            await sockets()
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

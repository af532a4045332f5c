"""Equal subscriptions are run once, and each who follows gets the same bytes."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing

from gateway.edge.refusal import Refusal
from murmur.errors import ErrorCode


class SharedStreams:
    """Streams that run, by a key that is equal where what they give is.

    Who follows one that runs already gets what comes from then on. One for whom more than `queued` events wait is cut off alone.
    """

    def __init__(self, queued: int) -> None:
        self._queued = queued
        self._running: dict[Hashable, _Shared] = {}

    async def follow(self, key: Hashable, begin: Callable[[], AsyncGenerator[bytes]]) -> AsyncGenerator[bytes]:
        """The stream of this key, begun where none runs. Raises what it ended by, and Refusal for who takes too slowly."""
        shared = self._running.get(key)
        if shared is None or shared.ended:
            shared = self._running[key] = _Shared(begin())
        follower = _Follower(self._queued)
        shared.followers.add(follower)
        try:
            while (event := await follower.next()) is not None:
                yield event
        finally:
            shared.followers.discard(follower)
            if not shared.followers:
                if self._running.get(key) is shared:
                    del self._running[key]
                await shared.stop()


class _Shared:
    def __init__(self, events: AsyncGenerator[bytes]) -> None:
        self.followers: set[_Follower] = set()
        self.ended = False
        self._task = asyncio.create_task(self._run(events))

    async def stop(self) -> None:
        """End what it runs on, if it runs still."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self, events: AsyncGenerator[bytes]) -> None:
        end: BaseException | None = None
        try:
            async with aclosing(events):
                async for event in events:
                    for follower in self.followers:
                        follower.put(event)
                    # Events that are there at once leave those who follow no other moment to take them.
                    await asyncio.sleep(0)
        except Exception as error:
            # Each of those who follow tells its client, and none is left waiting.
            end = error
        self.ended = True
        for follower in self.followers:
            follower.end(end)


class _Follower:
    def __init__(self, queued: int) -> None:
        self._queued = queued
        self._events: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None

    def put(self, event: bytes) -> None:
        if self._ended:
            return
        if len(self._events) >= self._queued:
            self._events.clear()
            self.end(Refusal(503, ErrorCode.UNAVAILABLE, "events came faster than they were taken; follow again"))
            return
        self._events.append(event)
        self._changed.set()

    def end(self, error: BaseException | None) -> None:
        """Nothing comes any more; what waits is still given."""
        if not self._ended:
            self._ended, self._error = True, error
            self._changed.set()

    async def next(self) -> bytes | None:
        """None at the end. Raises what it ended by."""
        while not self._events and not self._ended:
            self._changed.clear()
            await self._changed.wait()
        if self._events:
            return self._events.popleft()
        if self._error is not None:
            raise self._error
        return None

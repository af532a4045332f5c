"""Listeners in this process: what each adapter hands messages to."""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence

from murmur.pubsub.ports import Message

_QUEUED = 1_000


class Queue:
    """A `Listener` that holds at most `limit` messages; beyond that it forgets them all, and has a gap."""

    def __init__(self, limit: int = _QUEUED) -> None:
        self._limit = limit
        self._waiting: deque[Message | None] = deque()
        self._changed = asyncio.Event()

    async def next(self) -> Message | None:
        while not self._waiting:
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()

    def put(self, message: Message) -> None:
        if len(self._waiting) >= self._limit:
            self.gap()
        self._waiting.append(message)
        self._changed.set()

    def gap(self) -> None:
        """Forget what waits: whoever reads next looks into the stores anyway."""
        self._waiting.clear()
        self._waiting.append(None)
        self._changed.set()


class Channels:
    """Which listeners of this process listen to which channel."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Queue]] = {}

    def names(self) -> Sequence[str]:
        return list(self._listeners)

    def add(self, listener: Queue, channels: Collection[str]) -> Sequence[str]:
        """Returns the channels that nobody listened to before."""
        new = [channel for channel in channels if channel not in self._listeners]
        for channel in channels:
            self._listeners.setdefault(channel, set()).add(listener)
        return new

    def remove(self, listener: Queue, channels: Collection[str]) -> Sequence[str]:
        """Returns the channels that nobody listens to any more."""
        left: list[str] = []
        for channel in channels:
            listeners = self._listeners.get(channel, set())
            listeners.discard(listener)
            if not listeners and self._listeners.pop(channel, None) is not None:
                left.append(channel)
        return left

    def put(self, message: Message) -> None:
        for listener in self._listeners.get(message.channel, ()):
            listener.put(message)

    def gap(self, channel: str) -> None:
        for listener in self._listeners.get(channel, ()):
            listener.gap()

"""Publish/subscribe within one process."""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager

from murmur.pubsub.local import Channels, Queue
from murmur.pubsub.ports import MAX_MESSAGE, Listener, Message


class MemoryPubSub:
    """A `PubSub` for a platform that is one process."""

    def __init__(self) -> None:
        self._channels = Channels()

    async def publish(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if len(message.value) > MAX_MESSAGE:
                raise ValueError(f"a message of {len(message.value)} bytes; the most is {MAX_MESSAGE}")
            self._channels.put(message)

    @asynccontextmanager
    async def listen(self, channels: Collection[str]) -> AsyncGenerator[Listener]:
        listener, names = Queue(), set(channels)
        self._channels.add(listener, names)
        try:
            yield listener
        finally:
            self._channels.remove(listener, names)

    async def close(self) -> None:
        """Nothing is held."""

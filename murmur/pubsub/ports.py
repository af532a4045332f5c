"""What Murmur asks of a publish/subscribe system.

A message reaches those who listen to its channel now, in the channel's order of publication, at most once; nothing is kept
for those who do not. So nothing may depend on a message alone: it says that there is something to look up in a store, and a
listener that may have missed some is told so by a gap.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

MAX_MESSAGE = 64 * 1024
"""Bytes of one message."""


class Message(NamedTuple):
    channel: str
    value: bytes


class Listener(Protocol):
    """Not for concurrent use."""

    async def next(self) -> Message | None:
        """The next message; None for a gap: some messages may have been lost before the next one.

        There is a gap where the listener fell behind by more than its bound, and where the connection was lost for a while.
        """
        ...


class PubSub(Protocol):
    async def publish(self, messages: Sequence[Message]) -> None:
        """Send the messages, in their order. Raises Unavailable, and then some may have been sent, or may be sent later."""
        ...

    def listen(self, channels: Collection[str]) -> AbstractAsyncContextManager[Listener]:
        """Listen to channels. What is published after the context was entered is received. Raises Unavailable.

        Many listeners of one channel cost this process one upstream subscription.
        """
        ...

    async def close(self) -> None: ...

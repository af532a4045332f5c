"""Streams of the single connection mode: reserved, opened by their token, and carrying the events of many operations."""

import asyncio
import secrets
from collections import deque
from collections.abc import Coroutine, Hashable
from dataclasses import dataclass, field

from gateway.edge.events import EventStream, EventStreams
from gateway.edge.refusal import Refusal, malformed
from murmur.errors import ErrorCode

_UNOPENED_SECONDS = 30.0


@dataclass(slots=True, eq=False)
class ReservedStream:
    """`owner` and `identity` are of who reserved it. `expiry` ends it where nobody opens it; once it is open there is none."""

    owner: Hashable
    identity: Hashable
    events: EventStream
    expiry: asyncio.TimerHandle | None
    operations: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, "asyncio.Task[None]"])

    def start(self, id_: str, run: Coroutine[None, None, None]) -> None:
        """Run an operation until it ends, or the stream does."""
        task = self.operations[id_] = asyncio.create_task(run)
        task.add_done_callback(lambda _: self._finished(id_, task))

    def end(self, id_: str) -> None:
        """End an operation, if it runs."""
        if task := self.operations.pop(id_, None):
            task.cancel()

    def _finished(self, id_: str, task: asyncio.Task[None]) -> None:
        # One that was ended may finish after another has taken its name.
        if self.operations.get(id_) is task:
            del self.operations[id_]


class Reservations:
    """Reserved streams by their tokens. One that nobody opens is forgotten after half a minute.

    It takes a place all the same, so one owner has at most `most_unopened` of them, and the oldest gives way to a new one.
    """

    def __init__(self, streams: EventStreams, most_unopened: int) -> None:
        self._streams = streams
        self._most_unopened = most_unopened
        self._reserved: dict[str, ReservedStream] = {}
        self._unopened: dict[Hashable, deque[str]] = {}

    def reserve(self, owner: Hashable, identity: Hashable) -> str:
        """The token of a stream for whoever has this identity. Raises Refusal."""
        waiting = self._unopened.get(owner)
        if waiting and len(waiting) >= self._most_unopened:
            self.forget(waiting[0])
        token = secrets.token_urlsafe(24)
        events = self._streams.admit()
        expiry = asyncio.get_running_loop().call_later(_UNOPENED_SECONDS, self.forget, token)
        self._reserved[token] = ReservedStream(owner, identity, events, expiry)
        self._unopened.setdefault(owner, deque()).append(token)
        return token

    def known(self, token: str, identity: Hashable) -> ReservedStream:
        """Raises Refusal (404) where there is none, or it is somebody else's."""
        stream = self._reserved.get(token)
        if stream is None or stream.identity != identity:
            raise Refusal(404, ErrorCode.NOT_FOUND, "there is no such stream; reserve one with PUT")
        return stream

    def open(self, token: str, identity: Hashable) -> EventStream:
        """The events of a stream, until `forget`. Raises Refusal where it is not known, or is open already."""
        stream = self.known(token, identity)
        if stream.expiry is None:
            raise malformed("this stream is open already", 409)
        self._waits_no_more(token, stream, stream.expiry)
        stream.expiry = None
        return stream.events

    def forget(self, token: str) -> None:
        """End a stream's operations, and let its place go."""
        if stream := self._reserved.pop(token, None):
            if stream.expiry is not None:
                self._waits_no_more(token, stream, stream.expiry)
            self._streams.release(stream.events)
            for task in stream.operations.values():
                task.cancel()

    def _waits_no_more(self, token: str, stream: ReservedStream, expiry: asyncio.TimerHandle) -> None:
        expiry.cancel()
        waiting = self._unopened[stream.owner]
        waiting.remove(token)
        if not waiting:
            del self._unopened[stream.owner]

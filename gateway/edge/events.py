"""Server-sent events on their way to clients, in either mode of the graphql-sse protocol."""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import orjson
from starlette.types import Receive, Send

from gateway.edge.refusal import CLOSE, Header, Refusal
from murmur.clock import wall_clock
from murmur.errors import ErrorCode
from murmur.sockets.session import SocketLimits

_COMMENT = b":\n\n"
_COMMENT_SECONDS = 12.0
_EVENT_STREAM: tuple[Header, ...] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
)


def wants_events(headers: Iterable[Header]) -> bool:
    return any(name == b"accept" and b"text/event-stream" in value for name, value in headers)


def write_event(kind: Literal["next", "complete"], id_: str | None, payload: bytes | None = None) -> bytes:
    """`payload` is a response that is JSON already. `id_` names the operation on a stream that carries several."""
    if id_ is None:
        data = payload or b""
    else:
        named = orjson.dumps(id_)
        data = b'{"id":%b,"payload":%b}' % (named, payload) if payload is not None else b'{"id":%b}' % named
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)


@dataclass(slots=True, eq=False)
class EventStream:
    """Events on their way to one client, bounded: who does not read is cut off."""

    limits: SocketLimits
    events: deque[bytes] = field(default_factory=deque[bytes])
    size: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    def put(self, event: bytes) -> bool:
        """False when nothing goes out any more."""
        if self.ended:
            return False
        self.events.append(event)
        self.size += len(event)
        if len(self.events) > self.limits.queued_messages or self.size > self.limits.queued_bytes:
            self.events.clear()
            self.end()
        self.changed.set()
        return not self.ended

    def end(self) -> None:
        """No event more; what is queued still goes out."""
        self.ended = True
        self.changed.set()

    async def send(self, receive: Receive, send: Send, headers: Iterable[Header], expires_at: int | None) -> None:
        """Answer with the events until their end, the client's, or `expires_at`: milliseconds since the Unix epoch."""
        expiry: asyncio.TimerHandle | None = None
        if expires_at is not None:
            seconds = max(expires_at - wall_clock(), 0) / 1000
            expiry = asyncio.get_running_loop().call_later(seconds, self.end)
        gone = asyncio.create_task(self._end_with_client(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [*_EVENT_STREAM, *headers]})
            # A first comment, so that a client knows at once that the stream is open.
            await send({"type": "http.response.body", "body": _COMMENT, "more_body": True})
            while taken := await self._take():
                await send({"type": "http.response.body", "body": taken, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            if expiry is not None:
                expiry.cancel()
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone

    async def _take(self) -> bytes:
        """What is queued, a comment when nothing was for a while; nothing at the end."""
        if not self.events and not self.ended:
            self.changed.clear()
            try:
                async with asyncio.timeout(_COMMENT_SECONDS):
                    await self.changed.wait()
            except TimeoutError:
                return _COMMENT
        taken = b"".join(self.events)
        self.events.clear()
        self.size = 0
        return taken

    async def _end_with_client(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.end()


class EventStreams:
    """All streams of a process, so that they can be drained. At most `most`; one that is reserved counts from then on."""

    def __init__(self, limits: SocketLimits, most: int) -> None:
        self._limits = limits
        self._most = most
        self._streams: set[EventStream] = set()
        self._draining = False

    def admit(self) -> EventStream:
        """A stream, which `release` gives back. Raises Refusal (503) when there are too many, and once they drain."""
        if self._draining:
            raise Refusal(503, ErrorCode.UNAVAILABLE, "this server is stopping", (b"retry-after", b"1"), CLOSE)
        if len(self._streams) >= self._most:
            raise Refusal(503, ErrorCode.UNAVAILABLE, "too many streams at once; try again", (b"retry-after", b"1"))
        stream = EventStream(self._limits)
        self._streams.add(stream)
        return stream

    def release(self, stream: EventStream) -> None:
        self._streams.discard(stream)

    def drain(self) -> None:
        """Let nobody in any more, and end every stream; clients open them again, elsewhere."""
        self._draining = True
        for stream in self._streams:
            stream.end()

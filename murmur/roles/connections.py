"""Bounds on connections, which the HTTP server itself has none of."""

import asyncio
import resource

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MOST_CONNECTIONS = 4_000
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 20\r\nretry-after: 1\r\nconnection: close\r\n\r\ntoo many connections"
)


def most_connections() -> int:
    """How many connections a process may hold, so that a quarter of its file descriptors stays for all else."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if files == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, files * 3 // 4)


class _Taken(asyncio.Protocol):
    """Cuts a connection off whose other side has taken nothing of what it was sent for a while: its buffer would stay."""

    taking_seconds = 20.0
    transport: asyncio.Transport
    _stuck: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stuck is None:
            self._stuck = asyncio.get_running_loop().call_later(self.taking_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._taken()

    def connection_lost(self, exc: Exception | None) -> None:
        self._taken()
        super().connection_lost(exc)

    def _taken(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None


class BoundedSocket(_Taken, WebSocketsSansIOProtocol):
    """A WebSocket that is cut off when its client reads nothing. Server and client ping each other to stay connected."""


class BoundedConnection(_Taken, HttpToolsProtocol):
    """Closes a connection that keeps the server waiting, and answers 503 to those that are too many.

    The time for what is awaited runs from connecting, or from a request's first byte where there was one before it, until
    the headers are complete. It runs anew from an answer that was given before its request's body was complete.
    """

    most = most_connections()
    seconds = 10.0
    _due: asyncio.TimerHandle | None = None
    _in_head = False
    _in_body = False
    _advanced = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] (as uvicorn's own)
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.write(_BUSY)
            transport.close()
        else:
            self._await()

    def connection_lost(self, exc: Exception | None) -> None:
        self._came()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._came()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        self._advanced = False
        super().data_received(data)
        # Empty lines before a request are no progress.
        if self._in_head or not (self._in_body or self._advanced):
            self._await()

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body, self._advanced = False, True, True
        self._came()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body, self._advanced = False, True
        self._came()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_body:
            self._await()

    def _await(self) -> None:
        if self._due is None and not self.transport.is_closing():
            self._due = self.loop.call_later(self.seconds, self._give_up)

    def _came(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _give_up(self) -> None:
        self._due = None
        if self.cycle is None or self.cycle.response_complete:  # pyright: ignore[reportUnnecessaryComparison] (None until a request)
            self.transport.close()
        else:
            self._await()

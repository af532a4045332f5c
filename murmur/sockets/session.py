"""One socket of a client, on the server's side: handshake, many operations, bounded in all that it keeps."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from starlette.types import Receive, Scope, Send

from murmur.errors import DEFECT, ErrorCode
from murmur.sockets.messages import (
    PROTOCOL,
    ClientMessage,
    Close,
    Closed,
    read_client_message,
    write_bare,
    write_complete,
    write_error,
    write_next,
)

_MAX_REASON = 120
_log = structlog.get_logger()


class OperationRefused(Exception):
    """The operation is not run; `errors` are formatted as the GraphQL specification has them."""

    def __init__(self, errors: object) -> None:
        super().__init__("refused")
        self.errors = errors


class Connection(Protocol):
    """A client that said who it is."""

    @property
    def expires_at(self) -> float | None:
        """When the identity ends, by the event loop's clock; the socket is closed then. None: it does not."""
        ...

    def run(self, request: Mapping[str, Any]) -> AsyncGenerator[bytes]:
        """The responses of an operation, as JSON, until it ends. Raises OperationRefused; closing it ends the operation."""
        ...


Connect = Callable[[Mapping[str, Any] | None], Awaitable[Connection]]
"""Takes the payload of `connection_init`. Raises Closed for who may not connect."""


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """What one socket may keep and how long it may wait. A stream of server-sent events is bounded by the same numbers.

    What is not sent yet is bounded by `queued_messages` and `queued_bytes` together: who exceeds one is too slow.
    """

    init_seconds: float = 5.0
    operations: int = 100
    queued_messages: int = 256
    queued_bytes: int = 1 << 20


class Sockets:
    """All sockets of a process that are open, so that they can be drained. At most `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: set[_Session] = set()
        self._idle = asyncio.Event()
        self.draining = False

    def __len__(self) -> int:
        return len(self._open)

    async def serve(self, scope: Scope, receive: Receive, send: Send, connect: Connect, limits: SocketLimits) -> None:
        """An ASGI WebSocket, from its handshake to its end."""
        if (await receive())["type"] != "websocket.connect":
            return
        session = _Session(receive, send, connect, limits)
        if self.draining or len(self._open) >= self._most:
            await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
            await session.close_at_once(Close.TOO_SLOW, "too many sockets; try again")
            return
        offered = PROTOCOL in scope["subprotocols"]
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL if offered else None})
        if not offered:
            await session.close_at_once(Close.NOT_ACCEPTABLE, f"the subprotocol is {PROTOCOL}")
            return
        self._open.add(session)
        try:
            await session.run()
        finally:
            self._open.discard(session)
            if self.draining and not self._open:
                self._idle.set()

    async def drain(self, seconds: float) -> None:
        """Let nobody in any more, and close what is open with the code on which clients connect again."""
        self.draining = True
        for session in list(self._open):
            session.close(Close.RESTART, "this server is stopping")
        if self._open:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._idle.wait()


class _Session:
    def __init__(self, receive: Receive, send: Send, connect: Connect, limits: SocketLimits) -> None:
        self._receive = receive
        self._send = send
        self._connect = connect
        self._limits = limits
        self._connection: Connection | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}
        # Most sockets are idle, so what they would wait with is made when there is something to send.
        self._queue: list[bytes] = []
        self._queued_bytes = 0
        self._writer: asyncio.Task[None] | None = None
        self._closing: tuple[Close, str] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        self._close_later(self._limits.init_seconds, Close.INIT_TIMEOUT, "connection_init did not come in time")
        try:
            while (message := await self._receive())["type"] == "websocket.receive":
                try:
                    await self._take(read_client_message(message.get("text")))
                except Closed as closed:
                    self.close(closed.code, str(closed))
        finally:
            if self._timer is not None:
                self._timer.cancel()
            await _ended([*self._operations.values(), *([self._writer] if self._writer else ())])

    def close(self, code: Close, reason: str) -> None:
        """What is not sent yet is dropped; nothing is taken any more."""
        if self._closing is None:
            self._closing = code, reason
            self._queue.clear()
            for task in self._operations.values():
                task.cancel()
            self._wake()

    async def close_at_once(self, code: Close, reason: str) -> None:
        await self._send({"type": "websocket.close", "code": int(code), "reason": reason[:_MAX_REASON]})

    async def _take(self, message: ClientMessage) -> None:
        if self._closing is not None:
            return
        if message.kind == "connection_init":
            await self._init(message.payload)
        elif message.kind == "ping":
            self._put(write_bare("pong", message.payload))
        elif message.kind == "complete":
            if task := self._operations.pop(message.id, None):
                task.cancel()
        elif message.kind == "subscribe":
            self._subscribe(message.id, message.payload or {})

    async def _init(self, payload: Mapping[str, Any] | None) -> None:
        if self._connection is not None:
            raise Closed(Close.TOO_MANY_INITS, "connection_init is sent once")
        self._connection = connection = await self._connect(payload)
        if self._timer is not None:
            self._timer.cancel()
        if connection.expires_at is not None:
            remaining = connection.expires_at - asyncio.get_running_loop().time()
            self._close_later(max(remaining, 0), Close.FORBIDDEN, "the access token has expired; connect with a new one")
        self._put(write_bare("connection_ack"))

    def _subscribe(self, id_: str, request: Mapping[str, Any]) -> None:
        if self._connection is None:
            raise Closed(Close.UNAUTHORIZED, "connection_init comes first")
        if id_ in self._operations:
            raise Closed(Close.DUPLICATE, f"there is an operation {id_} already")
        if len(self._operations) >= self._limits.operations:
            told = f"a socket has at most {self._limits.operations} operations at once"
            self._put(write_error(id_, [{"message": told, "extensions": {"code": ErrorCode.RATE_LIMITED.value}}]))
            return
        self._operations[id_] = asyncio.create_task(self._operate(id_, self._connection.run(request)))

    async def _operate(self, id_: str, responses: AsyncGenerator[bytes]) -> None:
        try:
            async with aclosing(responses):
                async for response in responses:
                    self._put(write_next(id_, response))
            end = write_complete(id_)
        except OperationRefused as refused:
            end = write_error(id_, refused.errors)
        except Exception as error:
            _log.error("an operation of a socket failed", exc_info=error)
            end = write_error(id_, [{"message": DEFECT, "extensions": {"code": ErrorCode.INTERNAL.value}}])
        # The id is free before the client hears of it, so that it may use it again at once.
        del self._operations[id_]
        self._put(end)

    def _put(self, message: bytes) -> None:
        if self._closing is not None:
            return
        self._queue.append(message)
        self._queued_bytes += len(message)
        if len(self._queue) > self._limits.queued_messages or self._queued_bytes > self._limits.queued_bytes:
            self.close(Close.TOO_SLOW, "this client reads too slowly")
        self._wake()

    def _wake(self) -> None:
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Send what is queued, in order, and the close frame in the end. A send waits while the client does not read."""
        try:
            while self._queue and self._closing is None:
                await self._send({"type": "websocket.send", "text": self._next()})
            if self._closing is not None:
                await self.close_at_once(*self._closing)
                return
        except OSError:
            # The client is gone, and the reader hears of it too.
            return
        self._writer = None

    def _next(self) -> str:
        message = self._queue.pop(0)
        self._queued_bytes -= len(message)
        return message.decode()

    def _close_later(self, seconds: float, code: Close, reason: str) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self.close, code, reason)


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)

"""Subscriptions of a subgraph over WebSocket, by the `graphql-transport-ws` protocol: a caller's operations share a socket."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Hashable, Mapping
from contextlib import suppress
from itertools import count
from typing import Any, cast

import aiohttp
import orjson

from gateway.federation.executor.transport import SubgraphRequest, SubgraphResponse, Transport, TransportError
from gateway.transports.context import RequestContext
from murmur.sockets.messages import PROTOCOL

_INIT_SECONDS = 5.0
_HEARTBEAT_SECONDS = 15.0
_QUEUED_EVENTS = 256
_UNREACHABLE = "a part of the platform can't be reached for events"
_BROKEN = "a part of the platform broke off its events"

_Event = Mapping[str, Any] | TransportError | None


class WebSocketTransport:
    """Fetches through `fetches`, and follows subscriptions at `url` (`ws:` or `wss:`).

    What a subgraph is told of the caller goes into `connection_init`, so a socket is shared by the operations of one caller.
    An operation whose events are not taken fast enough ends with an error; the socket goes on.
    """

    def __init__(self, fetches: Transport, url: str, session: aiohttp.ClientSession, *, max_bytes: int) -> None:
        self._fetches = fetches
        self._url = url
        self._session = session
        self._max_bytes = max_bytes
        self._sockets: dict[Hashable, _Socket] = {}

    async def fetch(self, request: SubgraphRequest, context: object) -> SubgraphResponse:
        return await self._fetches.fetch(request, context)

    async def subscribe(self, request: SubgraphRequest, context: object) -> AsyncGenerator[SubgraphResponse]:
        asked = cast(RequestContext, context)
        socket = self._sockets.get(asked.identity)
        if socket is None or socket.ended:
            socket = self._sockets[asked.identity] = _Socket(self._connect(asked))
        socket.users += 1
        try:
            async for event in socket.follow(request):
                yield event
        finally:
            socket.users -= 1
            if not socket.users:
                if self._sockets.get(asked.identity) is socket:
                    del self._sockets[asked.identity]
                await socket.close()

    async def _connect(self, context: RequestContext) -> aiohttp.ClientWebSocketResponse:
        init = {"type": "connection_init", "payload": dict(context.subgraph_headers(context.caller))}
        try:
            async with asyncio.timeout(_INIT_SECONDS):
                connection = await self._session.ws_connect(
                    self._url, protocols=(PROTOCOL,), heartbeat=_HEARTBEAT_SECONDS, max_msg_size=self._max_bytes
                )
                await connection.send_str(orjson.dumps(init).decode())
                ack = await connection.receive()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise TransportError(_UNREACHABLE) from error
        if ack.type is not aiohttp.WSMsgType.TEXT or orjson.loads(ack.data).get("type") != "connection_ack":
            await connection.close()
            raise TransportError(_UNREACHABLE)
        return connection


def socket_url(url: str) -> str:
    """Where a subgraph that answers at `url` over HTTP offers its subscriptions, unless it says otherwise."""
    return url.replace("http", "ws", 1)


class _Socket:
    """One connection and the operations on it; `users` are those who follow one, or are about to."""

    def __init__(self, connecting: Coroutine[Any, Any, aiohttp.ClientWebSocketResponse]) -> None:
        self.users = 0
        self.ended = False
        self._connecting = asyncio.create_task(connecting)
        self._reading: asyncio.Task[None] | None = None
        self._ids = count(1)
        self._queues: dict[str, asyncio.Queue[_Event]] = {}

    async def follow(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        """Every event until the subgraph completes the operation. Raises TransportError."""
        try:
            connection = await asyncio.shield(self._connecting)
        except TransportError:
            self.ended = True
            raise
        if self._reading is None:
            self._reading = asyncio.create_task(self._read(connection))
        id_ = str(next(self._ids))
        queue = self._queues[id_] = asyncio.Queue(_QUEUED_EVENTS)
        payload = {"query": request.document, "variables": request.variables, "operationName": request.operation_name}
        try:
            await _send(connection, {"type": "subscribe", "id": id_, "payload": payload})
            while (event := await queue.get()) is not None:
                if isinstance(event, TransportError):
                    raise event
                yield SubgraphResponse(event.get("data"), event.get("errors") or (), event.get("extensions") or {})
        finally:
            # Whoever is still among them has not heard of an end from the subgraph.
            if self._queues.pop(id_, None) is not None and not connection.closed:
                with suppress(TransportError):
                    await _send(connection, {"type": "complete", "id": id_})

    async def close(self) -> None:
        self.ended = True
        self._connecting.cancel()
        if self._reading is not None:
            self._reading.cancel()
        if self._connecting.done() and not self._connecting.cancelled() and self._connecting.exception() is None:
            await self._connecting.result().close()

    async def _read(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for message in connection:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._take(connection, orjson.loads(message.data))
        except (orjson.JSONDecodeError, AttributeError, KeyError):
            await connection.close()
        finally:
            self.ended = True
            for id_ in list(self._queues):
                self._end(id_, TransportError(_BROKEN))

    async def _take(self, connection: aiohttp.ClientWebSocketResponse, message: Mapping[str, Any]) -> None:
        kind, id_ = message["type"], message.get("id", "")
        if kind == "ping":
            await _send(connection, {"type": "pong"})
        elif kind == "next":
            if queue := self._queues.get(id_):
                try:
                    queue.put_nowait(message["payload"])
                except asyncio.QueueFull:
                    self._end(id_, TransportError("events came faster than they could be passed on"))
                    await _send(connection, {"type": "complete", "id": id_})
        elif kind == "error":
            self._end(id_, {"data": None, "errors": message["payload"]}, None)
        elif kind == "complete":
            self._end(id_, None)

    def _end(self, id_: str, *last: _Event) -> None:
        """Let the operation's reader come to its end after what waits for it; of that the oldest makes room where it is full."""
        queue = self._queues.pop(id_, None)
        if queue is not None:
            while queue.qsize() > _QUEUED_EVENTS - len(last):
                queue.get_nowait()
            for event in last:
                queue.put_nowait(event)


async def _send(connection: aiohttp.ClientWebSocketResponse, message: Mapping[str, Any]) -> None:
    try:
        await connection.send_str(orjson.dumps(message).decode())
    except (aiohttp.ClientError, OSError) as error:
        raise TransportError(_BROKEN) from error

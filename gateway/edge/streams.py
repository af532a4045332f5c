"""Subscriptions as server-sent events, for where WebSocket is barred: both modes of the graphql-sse protocol.

Distinct connections: each operation is a request with `Accept: text/event-stream`. Single connection: `PUT` reserves a
stream and answers its token, `GET` opens it, each `POST` with the token starts an operation whose events come on it, and
`DELETE` with `operationId` ends one.
"""

import asyncio
import math
import secrets
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import parse_qs

import orjson
import structlog
from starlette.types import Receive, Scope, Send

from gateway.edge.callers import Callers, context_of
from gateway.edge.masking import defect
from gateway.edge.media import require_json
from gateway.edge.operations import Operations, request_id_of
from gateway.edge.options import EdgeOptions
from gateway.edge.origins import Origins
from gateway.edge.parameters import Body, ClientGone, Parameters, of_body, of_query
from gateway.edge.refusal import Header, Refusal, malformed
from gateway.federation.engine import RequestRefused
from gateway.transports.context import RequestContext
from murmur.clock import wall_clock
from murmur.errors import ErrorCode
from murmur.sockets.messages import MAX_ID
from murmur.sockets.session import SocketLimits

STREAM_PATH = "/graphql/stream"
_TOKEN_HEADER = b"x-graphql-event-stream-token"
_METHODS = ("GET", "POST", "PUT", "DELETE")
_PING = b":\n\n"
_PING_SECONDS = 12.0
_UNOPENED_SECONDS = 30.0
_EVENT_STREAM: tuple[Header, ...] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
)
_log = structlog.get_logger()


def wants_events(headers: Iterable[Header]) -> bool:
    return any(name == b"accept" and b"text/event-stream" in value for name, value in headers)


@dataclass(slots=True, eq=False)
class _Outbound:
    """Events on their way to one client, bounded: who does not read is cut off."""

    limits: SocketLimits
    events: deque[bytes] = field(default_factory=deque[bytes])
    size: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    ended: str | None = None

    def put(self, event: bytes) -> bool:
        """False when nothing goes out any more."""
        if self.ended is not None:
            return False
        self.events.append(event)
        self.size += len(event)
        if len(self.events) > self.limits.queued_messages or self.size > self.limits.queued_bytes:
            self.events.clear()
            self.end("this client reads too slowly")
        self.changed.set()
        return self.ended is None

    def end(self, reason: str) -> None:
        """No event more; what is queued still goes out."""
        if self.ended is None:
            self.ended = reason
            self.changed.set()

    async def take(self) -> bytes | None:
        """What is queued, a comment when nothing was for a while; None at the end."""
        if not self.events and self.ended is None:
            self.changed.clear()
            try:
                async with asyncio.timeout(_PING_SECONDS):
                    await self.changed.wait()
            except TimeoutError:
                return _PING
        if self.events:
            taken = b"".join(self.events)
            self.events.clear()
            self.size = 0
            return taken
        return None if self.ended is not None else _PING


@dataclass(slots=True, eq=False)
class _Reserved:
    """A stream of the single connection mode, and the operations whose events it carries."""

    identity: object
    out: _Outbound
    opened: bool = False
    operations: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, "asyncio.Task[None]"])
    expiry: asyncio.TimerHandle | None = None

    def finished(self, id_: str, task: asyncio.Task[None]) -> None:
        # One that was ended by `DELETE` may finish after another has taken its name.
        if self.operations.get(id_) is task:
            del self.operations[id_]


class StreamEndpoint:
    """At most `most` streams at once, in both modes together; one that is reserved counts from then on."""

    def __init__(self, operations: Operations, callers: Callers, options: EdgeOptions, *, most: int) -> None:
        self._operations = operations
        self._callers = callers
        self._bounds = options.bounds
        self._origins = Origins(options.allowed_origins, (*options.allowed_headers, _TOKEN_HEADER.decode()), _METHODS)
        self._seconds = options.seconds
        self._limits = options.socket
        self._most = most
        self._streams: set[_Outbound] = set()
        self._reserved: dict[str, _Reserved] = {}

    def drain(self) -> None:
        """End every stream; clients open them again, elsewhere."""
        for out in list(self._streams):
            out.end("this server is stopping")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        allowed = self._origins.headers(headers.get(b"origin"))
        try:
            method: str = scope["method"]
            if method == "OPTIONS":
                await _answer(send, 200, b"", self._origins.preflight(headers.get(b"origin")))
                return
            if method not in _METHODS:
                raise malformed(f"{method} is not offered here", 405)
            if method == "GET":
                self._origins.guard(headers)
            context = await context_of(self._callers, scope, headers, math.inf)
            token = headers.get(_TOKEN_HEADER, b"").decode("latin-1") or _parameter(scope, "token")
            if method == "PUT":
                await _answer(send, 201, self._reserve(context).encode(), (*allowed, (b"content-type", b"text/plain")))
            elif not token:
                await self._distinct(scope, headers, receive, send, context, allowed)
            else:
                stream = self._known(token, context)
                if method == "DELETE":
                    if task := stream.operations.pop(_parameter(scope, "operationId"), None):
                        task.cancel()
                    await _answer(send, 200, b"", allowed)
                elif wants_events(headers.items()):
                    await self._open_reserved(token, stream, context, receive, send, allowed)
                else:
                    await self._start(token, scope, headers, receive, context)
                    await _answer(send, 202, b"", allowed)
        except ClientGone:
            return
        except Refusal as refusal:
            body = orjson.dumps({"errors": [refusal.error()]})
            await _answer(send, refusal.status, body, (*allowed, *refusal.headers, (b"content-type", b"application/json")))

    async def _distinct(
        self,
        scope: Scope,
        headers: dict[bytes, bytes],
        receive: Receive,
        send: Send,
        context: RequestContext,
        allowed: tuple[Header, ...],
    ) -> None:
        if not wants_events(headers.items()):
            raise malformed("accept text/event-stream, or send the token of a stream", 406)
        (parameters, _), method = await self._parameters(scope, headers, receive, named=False), scope["method"]
        out = self._admit()
        task = asyncio.create_task(self._run(parameters, context, method, headers, out, None))
        task.add_done_callback(lambda _: out.end("complete"))
        try:
            await self._send(out, context, receive, send, allowed)
        finally:
            self._streams.discard(out)
            task.cancel()
            await asyncio.wait([task])

    def _admit(self) -> _Outbound:
        if len(self._streams) >= self._most:
            raise Refusal(503, ErrorCode.UNAVAILABLE, "too many streams at once; try again", (b"retry-after", b"1"))
        out = _Outbound(self._limits)
        self._streams.add(out)
        return out

    def _reserve(self, context: RequestContext) -> str:
        stream = _Reserved(context.identity, self._admit())
        token = secrets.token_urlsafe(24)
        self._reserved[token] = stream
        # A stream that nobody opens is forgotten.
        stream.expiry = asyncio.get_running_loop().call_later(_UNOPENED_SECONDS, self._forget, token)
        return token

    def _known(self, token: str, context: RequestContext) -> _Reserved:
        stream = self._reserved.get(token)
        if stream is None or stream.identity != context.identity:
            raise Refusal(404, ErrorCode.NOT_FOUND, "there is no such stream; reserve one with PUT")
        return stream

    def _forget(self, token: str) -> None:
        if stream := self._reserved.pop(token, None):
            self._streams.discard(stream.out)
            for task in stream.operations.values():
                task.cancel()

    async def _open_reserved(
        self,
        token: str,
        stream: _Reserved,
        context: RequestContext,
        receive: Receive,
        send: Send,
        allowed: tuple[Header, ...],
    ) -> None:
        if stream.opened:
            raise malformed("this stream is open already", 409)
        stream.opened = True
        if stream.expiry is not None:
            stream.expiry.cancel()
        try:
            await self._send(stream.out, context, receive, send, allowed)
        finally:
            self._forget(token)

    async def _start(
        self, token: str, scope: Scope, headers: dict[bytes, bytes], receive: Receive, context: RequestContext
    ) -> None:
        parameters, id_ = await self._parameters(scope, headers, receive, named=True)
        # The stream may have ended while the body came, and nobody would end what starts on it then.
        stream = self._known(token, context)
        if id_ in stream.operations:
            raise malformed(f"there is an operation {id_} on this stream already", 409)
        if len(stream.operations) >= self._limits.operations:
            raise Refusal(429, ErrorCode.RATE_LIMITED, f"a stream has at most {self._limits.operations} operations at once")
        run = self._run(parameters, context, scope["method"], headers, stream.out, id_)
        task = stream.operations[id_] = asyncio.create_task(run)
        task.add_done_callback(partial(stream.finished, id_))

    async def _parameters(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, *, named: bool
    ) -> tuple[Parameters, str]:
        """What is asked, and where it is to be `named`, the operation's name on its stream."""
        if scope["method"] == "GET":
            if named:
                raise malformed("an operation of a stream is a POST", 405)
            return of_query(scope["query_string"], self._bounds), ""
        require_json(headers.get(b"content-type"))
        body = await Body(receive, headers).read(self._bounds.body_bytes)
        parameters = of_body(body, self._bounds)
        return parameters, _operation_id(body) if named else ""

    async def _run(
        self,
        parameters: Parameters,
        context: RequestContext,
        method: str,
        headers: Mapping[bytes, bytes],
        out: _Outbound,
        id_: str | None,
    ) -> None:
        """One operation, its events and its end; `id_` names it where a stream carries several."""
        request_id = request_id_of(headers)
        try:
            operation, parameters = await self._operations.admit(parameters, context, headers)
            if method == "GET" and operation.kind == "mutation":
                raise malformed("a mutation needs POST", 405)
            if operation.kind != "subscription":
                context = context.until(asyncio.get_running_loop().time() + self._seconds)
            responses = self._operations.stream(operation, parameters, context, "sse", request_id)
            async with aclosing(responses):
                async for response in responses:
                    if not out.put(_event("next", id_, response)):
                        return
        except Refusal as refusal:
            out.put(_event("next", id_, orjson.dumps({"errors": [refusal.error()]})))
        except RequestRefused as refused:
            out.put(_event("next", id_, orjson.dumps({"errors": refused.errors})))
        except Exception as error:
            _log.error("an operation of a stream failed", request_id=request_id, exc_info=error)
            out.put(_event("next", id_, orjson.dumps({"errors": [defect(request_id)]})))
        out.put(_event("complete", id_, None))

    async def _send(
        self, out: _Outbound, context: RequestContext, receive: Receive, send: Send, allowed: tuple[Header, ...]
    ) -> None:
        """Send events until their end, the client's, or that of its token."""
        loop = asyncio.get_running_loop()
        expiry: asyncio.TimerHandle | None = None
        if context.expires_at is not None:
            expiry = loop.call_later(max(context.expires_at - wall_clock(), 0) / 1000, out.end, "the access token has expired")
        gone = asyncio.create_task(_disconnected(receive, out))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [*_EVENT_STREAM, *allowed]})
            # A first comment, so that a client knows at once that the stream is open.
            await send({"type": "http.response.body", "body": _PING, "more_body": True})
            while (taken := await out.take()) is not None:
                await send({"type": "http.response.body", "body": taken, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            if expiry is not None:
                expiry.cancel()
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone


async def _disconnected(receive: Receive, out: _Outbound) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    out.end("the client is gone")


def _event(kind: str, id_: str | None, payload: bytes | None) -> bytes:
    if id_ is None:
        data = payload or b""
    else:
        named = orjson.dumps(id_)
        data = b'{"id":%b,"payload":%b}' % (named, payload) if payload is not None else b'{"id":%b}' % named
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)


def _operation_id(body: bytes) -> str:
    extensions = orjson.loads(body).get("extensions")
    id_ = extensions.get("operationId") if isinstance(extensions, dict) else None
    if not isinstance(id_, str) or not 0 < len(id_) <= MAX_ID:
        raise malformed(f"`extensions.operationId` names the operation on its stream: a string of 1 to {MAX_ID} characters")
    return id_


def _parameter(scope: Scope, name: str) -> str:
    return parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20).get(name, [""])[0]


async def _answer(send: Send, status: int, body: bytes, headers: tuple[Header, ...]) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [length, (b"cache-control", b"no-store"), *headers]})
    await send({"type": "http.response.body", "body": body})

"""Subscriptions as server-sent events, for where WebSocket is barred: both modes of the graphql-sse protocol.

Distinct connections: each operation is a request with `Accept: text/event-stream`. Single connection: `PUT` reserves a
stream and answers its token, `GET` opens it, each `POST` with the token starts an operation whose events come on it, and
`DELETE` with `operationId` ends one.
"""

import asyncio
import math
from collections.abc import Hashable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson
import structlog
from starlette.types import Receive, Scope, Send

from gateway.edge.callers import Callers, context_of
from gateway.edge.events import EventStream, EventStreams, wants_events, write_event
from gateway.edge.masking import defect
from gateway.edge.media import require_json
from gateway.edge.operations import Operations, request_id_of
from gateway.edge.options import EdgeOptions
from gateway.edge.origins import Origins
from gateway.edge.parameters import MOST_PARAMETERS, Body, ClientGone, Parameters, of_query, of_request, request_of
from gateway.edge.refusal import Header, Refusal, malformed
from gateway.edge.reservations import Reservations
from gateway.federation.engine import RequestRefused
from gateway.transports.context import RequestContext
from murmur.errors import ErrorCode
from murmur.sockets.messages import MAX_ID

STREAM_PATH = "/graphql/stream"
_TOKEN_HEADER = b"x-graphql-event-stream-token"
_METHODS = ("GET", "POST", "PUT", "DELETE")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A request and the way of its answer; every answer has the headers `allowed`, which say what pages may read it."""

    scope: Scope
    receive: Receive
    send: Send
    headers: dict[bytes, bytes]
    allowed: tuple[Header, ...]

    @property
    def method(self) -> str:
        return self.scope["method"]

    def parameter(self, name: str) -> str:
        """Of the URL; empty where there is none. Raises Refusal."""
        try:
            given = parse_qs(self.scope["query_string"].decode("latin-1"), max_num_fields=MOST_PARAMETERS)
        except ValueError as error:
            raise malformed(f"the URL has more than {MOST_PARAMETERS} parameters") from error
        return given.get(name, [""])[0]

    async def answer(self, status: int, body: bytes = b"", *headers: Header) -> None:
        always = (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store"), *self.allowed
        await self.send({"type": "http.response.start", "status": status, "headers": [*always, *headers]})
        await self.send({"type": "http.response.body", "body": body})


class StreamEndpoint:
    """At most `most` streams at once, in both modes together."""

    def __init__(self, operations: Operations, callers: Callers, options: EdgeOptions, *, most: int) -> None:
        self._operations = operations
        self._callers = callers
        self._bounds = options.bounds
        self._origins = Origins(options.allowed_origins, (*options.allowed_headers, _TOKEN_HEADER.decode()), _METHODS)
        self._seconds = options.seconds
        self._limits = options.socket
        self._streams = EventStreams(options.socket, most)
        self._reservations = Reservations(self._streams, options.most_unopened_streams)

    def drain(self) -> None:
        """Let nobody in any more, and end every stream; clients open them again, elsewhere."""
        self._streams.drain()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        exchange = _Exchange(scope, receive, send, headers, self._origins.headers(headers.get(b"origin")))
        try:
            await self._answer(exchange)
        except ClientGone:
            return
        except Refusal as refusal:
            body = orjson.dumps({"errors": [refusal.error()]})
            await exchange.answer(refusal.status, body, *refusal.headers, (b"content-type", b"application/json"))

    async def _answer(self, exchange: _Exchange) -> None:
        method, headers = exchange.method, exchange.headers
        if method == "OPTIONS":
            await exchange.answer(200, b"", *self._origins.preflight(headers.get(b"origin")))
            return
        if method not in _METHODS:
            raise malformed(f"{method} is not offered here", 405)
        if method == "GET":
            self._origins.guard(headers)
        context = await context_of(self._callers, exchange.scope, headers, math.inf)
        token = headers.get(_TOKEN_HEADER, b"").decode("latin-1") or exchange.parameter("token")
        if method == "PUT":
            reserved = self._reservations.reserve(_owner(context, exchange.scope), context.identity)
            await exchange.answer(201, reserved.encode(), (b"content-type", b"text/plain"))
        elif not token:
            await self._distinct(exchange, context)
        elif method == "DELETE":
            self._reservations.known(token, context.identity).end(exchange.parameter("operationId"))
            await exchange.answer(200)
        elif wants_events(headers.items()):
            await self._open(token, exchange, context)
        else:
            await self._start(token, exchange, context)
            await exchange.answer(202)

    async def _distinct(self, exchange: _Exchange, context: RequestContext) -> None:
        if not wants_events(exchange.headers.items()):
            raise malformed("accept text/event-stream, or send the token of a stream", 406)
        if exchange.method == "GET":
            parameters = of_query(exchange.scope["query_string"], self._bounds)
        else:
            parameters = of_request(await self._request(exchange), self._bounds)
        events = self._streams.admit()
        task = asyncio.create_task(self._run(parameters, context, exchange, events, None))
        task.add_done_callback(lambda _: events.end())
        try:
            await events.send(exchange.receive, exchange.send, exchange.allowed, context.expires_at)
        finally:
            self._streams.release(events)
            task.cancel()
            await asyncio.wait([task])

    async def _open(self, token: str, exchange: _Exchange, context: RequestContext) -> None:
        events = self._reservations.open(token, context.identity)
        try:
            await events.send(exchange.receive, exchange.send, exchange.allowed, context.expires_at)
        finally:
            self._reservations.forget(token)

    async def _start(self, token: str, exchange: _Exchange, context: RequestContext) -> None:
        self._reservations.known(token, context.identity)
        if exchange.method == "GET":
            raise malformed("an operation of a stream is a POST", 405)
        request = await self._request(exchange)
        parameters, id_ = of_request(request, self._bounds), _operation_id(request)
        # The stream may have ended while the body came, and nobody would end what starts on it then.
        stream = self._reservations.known(token, context.identity)
        if id_ in stream.operations:
            raise malformed(f"there is an operation {id_} on this stream already", 409)
        if len(stream.operations) >= self._limits.operations:
            raise Refusal(429, ErrorCode.RATE_LIMITED, f"a stream has at most {self._limits.operations} operations at once")
        stream.start(id_, self._run(parameters, context, exchange, stream.events, id_))

    async def _request(self, exchange: _Exchange) -> Mapping[str, Any]:
        require_json(exchange.headers.get(b"content-type"))
        return request_of(await Body(exchange.receive, exchange.headers).read(self._bounds.body_bytes))

    async def _run(
        self, parameters: Parameters, context: RequestContext, exchange: _Exchange, events: EventStream, id_: str | None
    ) -> None:
        """One operation, its events and its end; `id_` names it where a stream carries several."""
        request_id = request_id_of(exchange.headers)
        try:
            operation, parameters = await self._operations.admit(parameters, context, exchange.headers)
            if exchange.method == "GET" and operation.kind == "mutation":
                raise malformed("a mutation needs POST", 405)
            if operation.kind != "subscription":
                context = context.until(asyncio.get_running_loop().time() + self._seconds)
            responses = self._operations.stream(operation, parameters, context, "sse", request_id)
            async with aclosing(responses):
                async for response in responses:
                    if not events.put(write_event("next", id_, response)):
                        return
        except Refusal as refusal:
            events.put(_failed(id_, refusal.error()))
        except RequestRefused as refused:
            events.put(_failed(id_, *refused.errors))
        except Exception as error:
            _log.error("an operation of a stream failed", request_id=request_id, exc_info=error)
            events.put(_failed(id_, defect(request_id)))
        events.put(write_event("complete", id_))


def _owner(context: RequestContext, scope: Scope) -> Hashable:
    """The person where one is known, else the address: what a client can't choose anew for each request."""
    if context.caller.viewer is not None:
        return context.caller.viewer.user_id
    return context.caller.address or (scope["client"] or [""])[0]


def _failed(id_: str | None, *errors: Mapping[str, Any]) -> bytes:
    return write_event("next", id_, orjson.dumps({"errors": errors}))


def _operation_id(request: Mapping[str, Any]) -> str:
    extensions = request.get("extensions")
    id_ = extensions.get("operationId") if isinstance(extensions, dict) else None
    if not isinstance(id_, str) or not 0 < len(id_) <= MAX_ID:
        raise malformed(f"`extensions.operationId` names the operation on its stream: a string of 1 to {MAX_ID} characters")
    return id_

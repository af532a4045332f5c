"""`/graphql` over WebSocket: who connects, and the operations of a socket."""

import asyncio
import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Scope, Send

from gateway.edge.callers import Callers, context_of
from gateway.edge.operations import Operations, request_id_of
from gateway.edge.options import Bounds, EdgeOptions
from gateway.edge.origins import Origins
from gateway.edge.parameters import of_request
from gateway.edge.refusal import Refusal
from gateway.edge.trusted import API_KEY
from gateway.federation.engine import RequestRefused
from gateway.transports.context import RequestContext
from murmur.clock import wall_clock
from murmur.sockets.messages import Close, Closed
from murmur.sockets.session import OperationRefused, Sockets

_MOST_HEADERS = 20
# What a client says of itself: a credential proves itself, and the id of a request is its own to choose.
_OWN = frozenset({b"authorization", API_KEY, b"x-request-id"})


class SocketEndpoint:
    """Who connects is whom `connection_init` names: its payload holds headers such as `{"Authorization": "Bearer TOKEN"}`,
    since a browser can set none on a WebSocket. Without any, the headers of the handshake count.

    Of a payload only credentials and the request's id take the place of a header of the handshake. Headers that go on to
    subgraphs are taken where the handshake has none, and no others are: a proxy's word on who asks is not the client's to change.
    """

    def __init__(self, operations: Operations, callers: Callers, sockets: Sockets, options: EdgeOptions) -> None:
        self._operations = operations
        self._callers = callers
        self._sockets = sockets
        self._origins = Origins(options.allowed_origins, options.allowed_headers)
        self._bounds = options.bounds
        self._seconds = options.seconds
        self._limits = options.socket
        self._passed = frozenset(name.lower().encode() for name in options.allowed_headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])

        async def connect(payload: Mapping[str, Any] | None) -> "_Client":
            if not self._origins.may_connect(headers):
                raise Closed(Close.FORBIDDEN, "this origin may not connect")
            given = {name: value for name, value in _headers_of(payload) if name in _OWN or self._may_add(name, headers)}
            merged = {**headers, **given}
            kept = [(name, value) for name, value in scope["headers"] if name not in given]
            asked = {**scope, "headers": [*kept, *given.items()]}
            try:
                context = await context_of(self._callers, asked, merged, math.inf)
            except Refusal as refusal:
                # Clients connect again on the one, and ask their person to sign in on the other.
                code = Close.RESTART if refusal.status == 503 else Close.FORBIDDEN
                raise Closed(code, str(refusal)) from refusal
            return _Client(self._operations, context, merged, self._bounds, self._seconds, request_id_of(merged))

        await self._sockets.serve(scope, receive, send, connect, self._limits)

    def _may_add(self, name: bytes, headers: Mapping[bytes, bytes]) -> bool:
        return name in self._passed and name not in headers


@dataclass(frozen=True, slots=True)
class _Client:
    operations: Operations
    context: RequestContext
    headers: Mapping[bytes, bytes]
    bounds: Bounds
    seconds: float
    request_id: str

    @property
    def expires_at(self) -> float | None:
        if self.context.expires_at is None:
            return None
        return asyncio.get_running_loop().time() + (self.context.expires_at - wall_clock()) / 1000

    async def run(self, request: Mapping[str, Any]) -> AsyncGenerator[bytes]:
        try:
            parameters = of_request(request, self.bounds)
            context = self.context
            operation, parameters = await self.operations.admit(parameters, context, self.headers)
            if operation.kind != "subscription":
                context = context.until(asyncio.get_running_loop().time() + self.seconds)
            stream = self.operations.stream(operation, parameters, context, "websocket", self.request_id)
            async with aclosing(stream):
                async for response in stream:
                    yield response
        except Refusal as refusal:
            raise OperationRefused([refusal.error()]) from refusal
        except RequestRefused as refused:
            raise OperationRefused(refused.errors) from refused


def _headers_of(payload: Mapping[str, Any] | None) -> list[tuple[bytes, bytes]]:
    """The texts of a payload as headers, in lower case; some clients put them into an object `headers` of their own."""
    given = dict(payload or {})
    nested = given.pop("headers", None)
    if isinstance(nested, dict):
        given |= nested
    texts = {name.lower(): value for name, value in given.items() if isinstance(value, str)}
    if len(texts) > _MOST_HEADERS:
        raise Closed(Close.FORBIDDEN, f"connection_init holds more than {_MOST_HEADERS} headers")
    try:
        return [(name.encode("ascii"), value.encode("latin-1")) for name, value in texts.items()]
    except UnicodeEncodeError as error:
        raise Closed(Close.FORBIDDEN, "connection_init holds what is no header") from error

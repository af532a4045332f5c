"""A subgraph's subscriptions over WebSocket, for the gateway alone."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from murmur.errors import Unauthenticated
from murmur.identity import IDENTITY_HEADER, Caller, TokenVerifier
from murmur.runtime.subgraph import Subgraph
from murmur.sockets.messages import Close, Closed
from murmur.sockets.session import SocketLimits, Sockets

# A gateway's socket carries all that one person follows on all devices; the gateway bounds each of those itself.
_LIMITS = SocketLimits(operations=1_000, queued_messages=4_000, queued_bytes=8 << 20)


class SubgraphSockets:
    """`connection_init` holds the signed identity of the gateway, which counts for as long as the gateway keeps the socket."""

    def __init__(self, subgraph: Subgraph, identities: TokenVerifier, *, most: int = 10_000) -> None:
        self._subgraph = subgraph
        self._identities = identities
        self.sockets = Sockets(most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def connect(payload: Mapping[str, Any] | None) -> _Gateway:
            try:
                caller = self._identities.verify(str((payload or {}).get(IDENTITY_HEADER, "")))
            except Unauthenticated as error:
                raise Closed(Close.FORBIDDEN, str(error)) from error
            return _Gateway(self._subgraph, caller)

        await self.sockets.serve(scope, receive, send, connect, _LIMITS)


@dataclass(frozen=True, slots=True)
class _Gateway:
    subgraph: Subgraph
    caller: Caller
    expires_at: float | None = None

    async def run(self, request: Mapping[str, Any]) -> AsyncGenerator[bytes]:
        document, variables, name = request.get("query"), request.get("variables"), request.get("operationName")
        responses = self.subgraph.subscribe(str(document), variables, name, self.caller)
        async with aclosing(responses):
            async for response in responses:
                yield orjson.dumps(response)

"""A subgraph in the same process: its executor is called with the caller himself, so nothing is encoded or signed."""

from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from typing import Any, Protocol, cast

import structlog

from gateway.federation.executor.transport import SubgraphRequest, SubgraphResponse, TransportError
from gateway.transports.context import RequestContext
from gateway.transports.deadlines import within
from murmur.errors import ErrorCode
from murmur.identity import Caller

_log = structlog.get_logger()


class Execute(Protocol):
    """Executes one operation and returns a GraphQL response, `data` and `errors`, that the caller may keep and change."""

    def __call__(
        self, document: str, variables: Mapping[str, object] | None, operation_name: str | None, caller: Caller
    ) -> Awaitable[dict[str, Any]]: ...


class Subscribe(Protocol):
    """Follows one subscription: a GraphQL response for each event, each for the caller to keep and change."""

    def __call__(
        self, document: str, variables: Mapping[str, object] | None, operation_name: str | None, caller: Caller
    ) -> AsyncGenerator[dict[str, Any]]: ...


class InProcessTransport:
    """`seconds` bounds one fetch; what runs beyond it is cancelled."""

    def __init__(self, name: str, execute: Execute, subscribe: Subscribe | None = None, *, seconds: float) -> None:
        self._name = name
        self._execute = execute
        self._subscribe = subscribe
        self._seconds = seconds

    async def subscribe(self, request: SubgraphRequest, context: object) -> AsyncGenerator[SubgraphResponse]:
        if self._subscribe is None:
            raise TransportError("a part of the platform offers no subscriptions")
        caller = cast(RequestContext, context).caller
        events = self._subscribe(request.document, request.variables, request.operation_name, caller)
        try:
            async with aclosing(events):
                async for event in events:
                    yield _response(event)
        except Exception as error:
            _log.error("subgraph failed", subgraph=self._name, exc_info=error)
            raise TransportError("a part of the platform broke off its events") from error

    async def fetch(self, request: SubgraphRequest, context: object) -> SubgraphResponse:
        asked = cast(RequestContext, context)
        answer = self._execute(request.document, request.variables, request.operation_name, asked.caller)
        response = await within(self._guarded(answer), self._seconds, request, asked)
        return _response(response)

    async def _guarded(self, answer: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        try:
            return await answer
        except Exception as error:
            _log.error("subgraph failed", subgraph=self._name, exc_info=error)
            failure = {"message": "the subgraph failed", "extensions": {"code": ErrorCode.INTERNAL.value}}
            return {"data": None, "errors": [failure]}


def _response(response: Mapping[str, Any]) -> SubgraphResponse:
    return SubgraphResponse(response.get("data"), response.get("errors") or (), response.get("extensions") or {})

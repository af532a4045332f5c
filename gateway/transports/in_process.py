"""A subgraph in the same process: its executor is called with the caller himself, so nothing is encoded or signed."""

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol, cast

import structlog

from gateway.federation.executor.transport import SubgraphRequest, SubgraphResponse
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


class InProcessTransport:
    """`seconds` bounds one fetch; what runs beyond it is cancelled."""

    def __init__(self, name: str, execute: Execute, *, seconds: float) -> None:
        self._name = name
        self._execute = execute
        self._seconds = seconds

    async def fetch(self, request: SubgraphRequest, context: object) -> SubgraphResponse:
        asked = cast(RequestContext, context)
        answer = self._execute(request.document, request.variables, request.operation_name, asked.caller)
        response = await within(self._guarded(answer), self._seconds, request, asked)
        return SubgraphResponse(response.get("data"), response.get("errors") or (), response.get("extensions") or {})

    async def _guarded(self, answer: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        try:
            return await answer
        except Exception as error:
            _log.error("subgraph failed", subgraph=self._name, exc_info=error)
            failure = {"message": "the subgraph failed", "extensions": {"code": ErrorCode.INTERNAL.value}}
            return {"data": None, "errors": [failure]}

"""From a request's parameters to an operation that may run: bounds of its text, plan, and the size of its answer."""

import secrets
from collections import Counter
from collections.abc import AsyncGenerator, Hashable, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import orjson

from gateway.edge.cost import ObjectBound
from gateway.edge.document import DocumentBounds
from gateway.edge.gate import Gate
from gateway.edge.masking import ErrorMask
from gateway.edge.options import EdgeOptions
from gateway.edge.parameters import Parameters
from gateway.edge.sharing import SharedStreams
from gateway.edge.trusted import API_KEY, TrustedDocuments
from gateway.federation.engine import Engine, PreparedOperation
from gateway.partners.service import Partners
from gateway.transports.context import RequestContext
from murmur.telemetry.metrics import Metrics

_MAX_REQUEST_ID = 64
Door = Literal["http", "websocket", "sse"]


class Operations:
    """What the edge's doors share: HTTP, WebSocket and SSE let the same operations through, by the same rules."""

    def __init__(
        self, engine: Engine, gate: Gate, metrics: Metrics, options: EdgeOptions, partners: Partners | None = None
    ) -> None:
        self._engine = engine
        self._gate = gate
        self._metrics = metrics
        self._documents = DocumentBounds(options.bounds)
        self._objects = ObjectBound(engine.api_schema, options.answer_objects) if options.answer_objects else None
        self._errors = ErrorMask(options.errors)
        self._trusted = TrustedDocuments(partners, published_only=options.published_only)
        self._published_only = options.published_only
        self._unshared = options.unshared_subscriptions
        self._shared = SharedStreams(options.socket.queued_messages)
        self.runs = 0
        """Subscriptions that run; what several clients share counts once."""
        self.subscriptions: Counter[Door] = Counter()
        """How many run now, by the door that they came through."""

    async def admit(
        self, parameters: Parameters, context: RequestContext, headers: Mapping[bytes, bytes]
    ) -> tuple[PreparedOperation, Parameters]:
        """The operation as it runs for this request, and the parameters with its document. Raises Refusal and RequestRefused."""
        api_key = headers.get(API_KEY)
        if api_key is None and not parameters.named and not self._published_only:
            return self._prepare(parameters, context), parameters
        resolved, key = await self._trusted.resolve(parameters, api_key)
        operation = self._prepare(resolved, context)
        if key is not None:
            self._trusted.check_scope(key, operation)
        if resolved.document_id is not None and operation.kind == "subscription":
            resolved = replace(resolved, still_allowed=partial(self._trusted.resolve, parameters, api_key))
        return operation, resolved

    def _prepare(self, parameters: Parameters, context: RequestContext) -> PreparedOperation:
        self._documents.check(parameters.document)
        operation = self._engine.prepare(parameters.document, parameters.operation_name, context)
        if self._objects is not None:
            self._objects.check(parameters.document, parameters.operation_name, parameters.variables)
        return operation

    async def execute(
        self, operation: PreparedOperation, parameters: Parameters, context: RequestContext, request_id: str
    ) -> dict[str, Any]:
        """The response to a query or mutation, its errors as a client may see them."""
        return self._shown(await self._engine.execute(operation, parameters.variables, context), request_id)

    async def stream(
        self, operation: PreparedOperation, parameters: Parameters, context: RequestContext, door: Door, request_id: str
    ) -> AsyncGenerator[bytes]:
        """The responses of an operation as JSON: one for a query or mutation, one an event for a subscription.

        Equal subscriptions of one caller share one run, but for those whose events depend on when they began.
        Raises Refusal when too many requests are in work, and where a published document may not be run any more.
        """
        if operation.kind != "subscription":
            self._gate.enter()
            try:
                response = await self.execute(operation, parameters, context, request_id)
            finally:
                self._gate.leave()
            yield orjson.dumps(response)
            return
        begin = partial(self._events, operation, parameters, context, request_id)
        own = operation.root_fields & self._unshared
        self.subscriptions[door] += 1
        try:
            async with aclosing(
                begin() if own else self._shared.follow(_likeness(operation, parameters, context), begin)
            ) as responses:
                async for response in responses:
                    # A key may be revoked, or a document withdrawn, long after the subscription began.
                    if parameters.still_allowed is not None:
                        await parameters.still_allowed()
                    self._metrics.count("murmur_subscription_events_total", door)
                    yield response
        finally:
            self.subscriptions[door] -= 1

    async def _events(
        self, operation: PreparedOperation, parameters: Parameters, context: RequestContext, request_id: str
    ) -> AsyncGenerator[bytes]:
        self.runs += 1
        try:
            async with aclosing(self._engine.subscribe(operation, parameters.variables, context)) as responses:
                async for response in responses:
                    yield orjson.dumps(self._shown(response, request_id))
        finally:
            self.runs -= 1

    def _shown(self, response: dict[str, Any], request_id: str) -> dict[str, Any]:
        if errors := response.get("errors"):
            response["errors"] = self._errors.mask(errors, request_id)
        return response


def _likeness(operation: PreparedOperation, parameters: Parameters, context: RequestContext) -> Hashable:
    """Equal where the events are: one operation, equal values, and callers of whom the subgraphs are told the same."""
    return operation, orjson.dumps(parameters.variables, option=orjson.OPT_SORT_KEYS), context.identity


def request_id_of(headers: Mapping[bytes, bytes]) -> str:
    """The client's own `X-Request-Id` where it is a plain word, else a new one."""
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    if given and len(given) <= _MAX_REQUEST_ID and given.isascii() and given.replace("-", "").replace("_", "").isalnum():
        return given
    return secrets.token_hex(8)

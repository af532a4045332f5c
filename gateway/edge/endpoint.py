"""`/graphql` as a plain ASGI callable: on the hot path there is no routing, no middleware and no dependency injection."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import orjson
import structlog
from starlette.types import Receive, Scope, Send

from gateway.edge.callers import Callers, context_of
from gateway.edge.explorer import ExplorerPage
from gateway.edge.gate import Gate
from gateway.edge.masking import defect
from gateway.edge.media import Media, negotiate, require_json
from gateway.edge.operations import Operations, request_id_of
from gateway.edge.options import EdgeOptions
from gateway.edge.origins import Origins
from gateway.edge.parameters import Body, ClientGone, Parameters, of_body, of_query
from gateway.edge.refusal import CLOSE, Header, Refusal, malformed
from gateway.edge.trusted import API_KEY
from gateway.federation.engine import PreparedOperation, RequestRefused
from gateway.transports.context import RequestContext
from murmur.errors import ErrorCode
from murmur.telemetry.metrics import Metrics

_log = structlog.get_logger()
_SECONDS_OF_GRACE = 1.0
_SUBSCRIPTIONS = "subscriptions come over WebSocket (graphql-transport-ws), or with `Accept: text/event-stream`"
_METHODS = (b"allow", b"GET, POST, OPTIONS")
_NO_STORE: Header = (b"cache-control", b"no-store")
_PUBLIC_SECONDS = 15
_FAULTS = (ErrorCode.UNAVAILABLE.value, ErrorCode.INTERNAL.value)
_ALWAYS: tuple[Header, ...] = (
    (b"vary", b"accept, authorization, origin, x-api-key"),
    (b"x-content-type-options", b"nosniff"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """`kind` is the operation's, or `none` where it did not come to one; `outcome` is the metric's label."""

    status: int
    media: Media
    body: bytes
    outcome: str
    kind: str = "none"
    headers: tuple[Header, ...] = ()


class GraphqlEndpoint:
    """Answers every request with a well-formed GraphQL response, the explorer's page, or an empty body for `OPTIONS`."""

    def __init__(
        self,
        operations: Operations,
        callers: Callers,
        metrics: Metrics,
        gate: Gate,
        options: EdgeOptions,
    ) -> None:
        self._operations = operations
        self._callers = callers
        self._metrics = metrics
        self._gate = gate
        self._bounds = options.bounds
        self._explorer = ExplorerPage(options.explorer) if options.explorer else None
        self._origins = Origins(options.allowed_origins, options.allowed_headers)
        self._seconds = options.seconds
        self._show_plans = options.show_plans

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            answer = await self._answer(scope, headers, receive)
        except ClientGone:
            self._metrics.count("murmur_requests_total", "abandoned")
            return
        self._metrics.count("murmur_requests_total", answer.outcome)
        if answer.kind != "none":
            self._metrics.observe("murmur_request_seconds", perf_counter() - started, answer.kind)
        start = {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [
                (b"content-type", answer.media.content_type),
                (b"content-length", b"%d" % len(answer.body)),
                *_ALWAYS,
                *(() if any(name == b"cache-control" for name, _ in answer.headers) else (_NO_STORE,)),
                *answer.headers,
                *self._origins.headers(headers.get(b"origin")),
            ],
        }
        await send(start)
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Answer:
        media = Media.JSON
        body = Body(receive, headers)
        try:
            method: str = scope["method"]
            if method == "OPTIONS":
                return Answer(200, media, b"", "ok", headers=(_METHODS, *self._origins.preflight(headers.get(b"origin"))))
            media = negotiate(headers.get(b"accept"), html=self._explorer is not None and method == "GET")
            if media is Media.HTML and self._explorer:
                return Answer(200, media, self._explorer.html(), "ok", headers=self._explorer.headers)
            async with asyncio.timeout(self._seconds + _SECONDS_OF_GRACE):
                return await self._operation(method, scope, headers, body, media)
        except Refusal as refusal:
            if CLOSE in refusal.headers:
                await body.drop()
            return _refuse(refusal, media)
        except TimeoutError:
            return _refuse(Refusal(504, ErrorCode.UNAVAILABLE, f"no answer within {self._seconds:g} seconds"), media)
        except ClientGone:
            raise
        except Exception as error:
            request_id = request_id_of(headers)
            _log.error("request failed", request_id=request_id, exc_info=error)
            return Answer(500, media, orjson.dumps({"errors": [defect(request_id)]}), "failed")

    async def _operation(self, method: str, scope: Scope, headers: dict[bytes, bytes], body: Body, media: Media) -> Answer:
        deadline = asyncio.get_running_loop().time() + self._seconds
        if method == "POST":
            require_json(headers.get(b"content-type"))
        elif method == "GET":
            self._origins.guard(headers)
        else:
            raise Refusal(405, ErrorCode.BAD_USER_INPUT, f"{method} is not offered: use POST, or GET for queries", _METHODS)
        # Bodies under way count too: as many as there may be requests are held in memory.
        self._gate.enter()
        try:
            if method == "POST":
                parameters = of_body(await body.read(self._bounds.body_bytes), self._bounds)
            else:
                parameters = of_query(scope["query_string"], self._bounds)
            context = await context_of(self._callers, scope, headers, deadline)
            return await self._execute(parameters, context, method, headers, media)
        finally:
            self._gate.leave()

    async def _execute(
        self, parameters: Parameters, context: RequestContext, method: str, headers: dict[bytes, bytes], media: Media
    ) -> Answer:
        try:
            operation, parameters = await self._operations.admit(parameters, context, headers)
        except RequestRefused as refused:
            return Answer(_status_of_refused(media), media, orjson.dumps({"errors": refused.errors}), "refused")
        _check_kind(operation, method)
        result = await self._operations.execute(operation, parameters, context, request_id_of(headers))
        status, outcome = 200, "ok"
        if "errors" in result:
            outcome = "failed" if any(map(_is_fault, result["errors"])) else "partial"
            if "data" not in result:
                status, outcome = _status_of_refused(media), "refused"
        if self._show_plans and headers.get(b"murmur-query-plan") == b"1":
            result["extensions"] = {"queryPlan": str(operation.plan)}
        answered = orjson.dumps(result)
        if method == "GET" and parameters.document_id and outcome == "ok":
            return _cacheable(answered, headers, context, media, operation.kind)
        return Answer(status, media, answered, outcome, operation.kind)


def _check_kind(operation: PreparedOperation, method: str) -> None:
    if operation.kind == "subscription":
        raise malformed(_SUBSCRIPTIONS)
    if method == "GET" and operation.kind != "query":
        raise Refusal(405, ErrorCode.BAD_USER_INPUT, "a mutation needs POST", (b"allow", b"POST"))


def _is_fault(error: Mapping[str, Any]) -> bool:
    """Whether an error is the platform's, and not something that the client can mend."""
    return error.get("extensions", {}).get("code") in _FAULTS


def _cacheable(body: bytes, headers: Mapping[bytes, bytes], context: RequestContext, media: Media, kind: str) -> Answer:
    """What a document gave to a GET. Only an answer that is the same for everybody may be kept by a shared cache."""
    tag = b'"%b"' % hashlib.sha256(body).hexdigest()[:32].encode()
    private = context.identity is not None or API_KEY in headers or b"authorization" in headers
    control = b"private, no-cache" if private else b"public, max-age=%d" % _PUBLIC_SECONDS
    kept = ((b"cache-control", control), (b"etag", tag))
    if tag in [each.strip().removeprefix(b"W/") for each in headers.get(b"if-none-match", b"").split(b",")]:
        return Answer(304, media, b"", "ok", kind, kept)
    return Answer(200, media, body, "ok", kind, kept)


def _status_of_refused(media: Media) -> int:
    """The status of a request that is well-formed HTTP but can't be executed, by the GraphQL over HTTP specification."""
    return 400 if media is Media.RESPONSE else 200


def _refuse(refusal: Refusal, media: Media) -> Answer:
    body = orjson.dumps({"errors": [refusal.error()]})
    outcome = "refused" if refusal.status < 500 else "failed"
    return Answer(refusal.status, media if media is not Media.HTML else Media.JSON, body, outcome, headers=refusal.headers)

"""A subgraph over HTTP and WebSocket: `/graphql` for the gateway alone, and health. No identity token, no answer."""

from collections.abc import Mapping, Sequence
from time import perf_counter

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from murmur.errors import Unauthenticated
from murmur.identity import IDENTITY_HEADER, JWKS_PATH, TokenVerifier
from murmur.runtime.sockets import SubgraphSockets
from murmur.runtime.subgraph import Subgraph
from murmur.telemetry.health import Health, health_routes
from murmur.telemetry.metrics import Metrics

_MAX_BODY = 16 * 1024 * 1024


class _SubgraphApp(Starlette):
    """Answers `POST /graphql` itself: routing and middleware would cost more than the rest of a small request."""

    def __init__(self, graphql: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        super().__init__(routes=routes)
        self._graphql = graphql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/graphql":
            await self._graphql(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def subgraph_app(
    subgraph: Subgraph,
    identities: TokenVerifier,
    health: Health,
    metrics: Metrics,
    jwks: Mapping[str, object] | None = None,
) -> Starlette:
    """The ASGI app of one subgraph. It trusts the signed identity of the gateway and nothing else in a request.

    `jwks` is the key set that it publishes, if it signs tokens. While the process drains, each answer closes its connection,
    so that no gateway sends a request on one that is about to be closed.
    """

    async def graphql(scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        response = await answer(Request(scope, receive))
        metrics.count("murmur_requests_total", "ok" if response.status_code == 200 else "refused")
        metrics.observe("murmur_request_seconds", perf_counter() - started, "subgraph")
        if health.draining:
            response.headers["connection"] = "close"
        await response(scope, receive, send)

    async def answer(request: Request) -> Response:
        if request.method != "POST":
            return Response(status_code=405, headers={"allow": "POST"})
        try:
            caller = identities.verify(request.headers.get(IDENTITY_HEADER, ""))
        except Unauthenticated as error:
            return _json({"errors": [{"message": str(error), "extensions": error.extensions()}]}, 401)
        if int(request.headers.get("content-length", _MAX_BODY + 1)) > _MAX_BODY:
            return _json({"errors": [{"message": f"a body needs a content-length of at most {_MAX_BODY} bytes"}]}, 413)
        try:
            body = orjson.loads(await request.body())
            document, variables, name = body["query"], body.get("variables"), body.get("operationName")
        except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError):
            return _json({"errors": [{"message": "the body is not a GraphQL request: a JSON object with `query`"}]}, 400)
        return _json(await subgraph.execute(document, variables, name, caller))

    async def keys(_request: Request) -> Response:
        return _json(jwks)

    sockets = WebSocketRoute("/graphql", SubgraphSockets(subgraph, identities))
    return _SubgraphApp(graphql, [sockets, *health_routes(health, metrics), *([Route(JWKS_PATH, keys)] if jwks else ())])


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")

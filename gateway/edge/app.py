"""The edge's ASGI app."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.edge.callers import Callers
from gateway.edge.client import WebClient
from gateway.edge.endpoint import GraphqlEndpoint
from gateway.edge.events import wants_events
from gateway.edge.explorer import ASSETS_PATH, ExplorerAssets
from gateway.edge.gate import Gate
from gateway.edge.operations import Operations
from gateway.edge.options import EdgeOptions
from gateway.edge.sockets import SocketEndpoint
from gateway.edge.streams import STREAM_PATH, StreamEndpoint
from gateway.federation.engine import Engine
from gateway.partners.service import Partners
from murmur.identity import JWKS_PATH
from murmur.sockets.session import Sockets
from murmur.telemetry.health import Health, health_routes
from murmur.telemetry.metrics import Metrics

GRAPHQL_PATH = "/graphql"
_CLOSING_SECONDS = 3


class _EdgeApp(FastAPI):
    """Answers `/graphql` itself: what else an application does for each request would cost more than the rest of the edge."""

    def __init__(self, endpoint: GraphqlEndpoint, sockets: SocketEndpoint, streams: StreamEndpoint) -> None:
        super().__init__(title="murmur gateway", docs_url=None, redoc_url=None, openapi_url=None)
        self._endpoint = endpoint
        self._sockets = sockets
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, kind = scope.get("path"), scope["type"]
        if path == GRAPHQL_PATH and kind == "http":
            if scope["method"] in ("GET", "POST") and wants_events(scope["headers"]):
                await self._streams(scope, receive, send)
            else:
                await self._endpoint(scope, receive, send)
        elif path == GRAPHQL_PATH and kind == "websocket":
            await self._sockets(scope, receive, send)
        elif path == STREAM_PATH and kind == "http":
            await self._streams(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def edge_app(
    engine: Engine,
    *,
    callers: Callers,
    metrics: Metrics,
    gate: Gate,
    health: Health,
    options: EdgeOptions,
    partners: Partners | None = None,
    client: WebClient | None = None,
    jwks: Callable[[], Mapping[str, object]] | None = None,
) -> FastAPI:
    """The app that serves `engine`.

    `client` is the page at `/`, and `jwks` gives the key set to publish, where there is one. Who stops the
    process drains `gate` first.
    """
    operations = Operations(engine, gate, metrics, options, partners)
    sockets = Sockets(options.most_sockets)
    streams = StreamEndpoint(operations, callers, options, most=options.most_sockets)
    gate.before_drain(lambda: sockets.drain(_CLOSING_SECONDS), streams.drain)
    app = _EdgeApp(
        GraphqlEndpoint(operations, callers, metrics, gate, options),
        SocketEndpoint(operations, callers, sockets, options),
        streams,
    )

    metrics.watch("murmur_requests_in_flight", lambda: gate.in_flight)
    metrics.watch("murmur_sockets", lambda: len(sockets))
    metrics.watch("murmur_subscription_runs", lambda: operations.runs)
    for door in ("websocket", "sse"):
        metrics.watch("murmur_subscriptions", partial(operations.subscriptions.__getitem__, door), door)
    app.router.routes.extend(health_routes(health, metrics))
    if jwks:
        app.add_route(JWKS_PATH, _key_set(jwks))
    if client is not None:
        app.router.routes.extend(client.routes())
    if options.explorer:
        app.add_route(f"{ASSETS_PATH}/{{name}}", ExplorerAssets(options.explorer).__call__)
    return app


def _key_set(jwks: Callable[[], Mapping[str, object]]) -> Callable[[Request], Awaitable[Response]]:
    async def keys(_request: Request) -> Response:
        return Response(
            orjson.dumps(jwks()), headers={"cache-control": "public, max-age=300"}, media_type="application/jwk-set+json"
        )

    return keys

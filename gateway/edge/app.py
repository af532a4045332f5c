"""The edge's ASGI app."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.edge.callers import Callers
from gateway.edge.endpoint import GraphqlEndpoint
from gateway.edge.explorer import ASSETS_PATH, ExplorerAssets
from gateway.edge.gate import Gate
from gateway.edge.options import EdgeOptions
from gateway.federation.engine import Engine
from murmur.telemetry.metrics import Metrics

GRAPHQL_PATH = "/graphql"
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _EdgeApp(FastAPI):
    """Answers `/graphql` itself: what else an application does for each request would cost more than the rest of the edge."""

    def __init__(self, endpoint: GraphqlEndpoint) -> None:
        super().__init__(title="murmur gateway", docs_url=None, redoc_url=None, openapi_url=None)
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == GRAPHQL_PATH:
            await self._endpoint(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def edge_app(
    engine: Engine,
    *,
    callers: Callers,
    metrics: Metrics,
    gate: Gate,
    ready: Callable[[], Sequence[str]],
    options: EdgeOptions,
    jwks: Callable[[], Mapping[str, object]] | None = None,
) -> FastAPI:
    """The app that serves `engine`.

    `ready` gives the reasons why the process is not ready, none when it is; `jwks` the key set to publish, if there is one.
    Who stops the process drains `gate` first.
    """
    app = _EdgeApp(GraphqlEndpoint(engine, callers, metrics, gate, options))

    async def live(_request: Request) -> Response:
        return _json({"status": "ok"})

    async def readiness(_request: Request) -> Response:
        reasons = [*ready(), *(["draining"] if gate.draining else [])]
        return _json({"status": "not ready", "reasons": reasons}, 503) if reasons else _json({"status": "ok"})

    async def exposition(_request: Request) -> Response:
        metrics.gauge("murmur_requests_in_flight", gate.in_flight)
        return Response(metrics.exposition(), headers={"content-type": METRICS_TYPE})

    app.add_route("/health/live", live)
    app.add_route("/health/ready", readiness)
    app.add_route("/metrics", exposition)
    if jwks:
        app.add_route("/.well-known/jwks.json", _key_set(jwks))
    if options.explorer:
        app.add_route(f"{ASSETS_PATH}/{{name}}", ExplorerAssets(options.explorer).__call__)
    return app


def _key_set(jwks: Callable[[], Mapping[str, object]]) -> Callable[[Request], Awaitable[Response]]:
    async def keys(_request: Request) -> Response:
        return Response(
            orjson.dumps(jwks()), headers={"cache-control": "public, max-age=300"}, media_type="application/jwk-set+json"
        )

    return keys


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")

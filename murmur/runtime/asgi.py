"""A subgraph over HTTP and WebSocket: `/graphql` for the gateway alone, and health. No identity token, no answer."""

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute

from murmur.errors import Unauthenticated
from murmur.identity import IDENTITY_HEADER, TokenVerifier
from murmur.runtime.sockets import SubgraphSockets
from murmur.runtime.subgraph import Subgraph

_MAX_BODY = 16 * 1024 * 1024


def subgraph_app(subgraph: Subgraph, identities: TokenVerifier) -> FastAPI:
    """The ASGI app of one subgraph. It trusts the signed identity of the gateway and nothing else in a request."""
    app = FastAPI(title=f"murmur {subgraph.name}", docs_url=None, redoc_url=None, openapi_url=None)

    async def graphql(request: Request) -> Response:
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

    async def live(_request: Request) -> Response:
        return Response("ok")

    app.add_route("/graphql", graphql, methods=["POST"])
    app.router.routes.append(WebSocketRoute("/graphql", SubgraphSockets(subgraph, identities)))
    app.add_route("/health/live", live)
    app.add_route("/health/ready", live)
    return app


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")

"""The gateway over this process's subgraphs, or over those that the settings reach by HTTP."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from gateway.edge.app import edge_app
from gateway.edge.gate import Gate
from gateway.edge.options import Explorer
from gateway.edge.tokens import TokenCallers
from gateway.federation.composition import SubgraphSdl
from gateway.federation.engine import Engine
from gateway.federation.executor.transport import Transport
from gateway.federation.supergraph import load_supergraph
from gateway.transports.http import HttpTransport, subgraph_session
from gateway.transports.in_process import InProcessTransport
from gateway.transports.measured import MeasuredTransport
from gateway.transports.websocket import WebSocketTransport, socket_url
from murmur.errors import StartupError
from murmur.identity import TokenVerifier
from murmur.roles.edge import CONNECTIONS, MAX_RESPONSE_BYTES, Gateway, edge_options, trusted_proxies
from murmur.roles.rooms import Rooms
from murmur.roles.schemas import composed, default_url
from murmur.settings import Settings
from murmur.telemetry.metrics import Metrics

_EXAMPLE = """# Paste an access token into the Headers tab to be somebody:  { "Authorization": "Bearer …" }
# Sign in first:  mutation { signIn(input: {handle: "maya", password: "…"}) { accessToken } }
query Timeline {
  homeTimeline(first: 10) {
    nodes {
      retweetedBy { handle }
      tweet {
        text
        createdAt
        likeCount
        author { handle name followerCount }
      }
    }
    pageInfo { endCursor hasNextPage }
  }
}
"""


@asynccontextmanager
async def open_gateway(
    rooms: Rooms, settings: Settings, metrics: Metrics, ready: Callable[[], Sequence[str]]
) -> AsyncGenerator[Gateway]:
    """Compose, plan and serve. `ready` tells why the process is not ready yet, nothing when it is. Raises StartupError."""
    server, limits, federation = settings.server, settings.limits, settings.federation
    known = {subgraph.name for subgraph in rooms.subgraphs}
    for name in federation.subgraphs:
        if name not in known:
            raise StartupError(f"MURMUR_SUBGRAPHS: there is no subgraph {name!r}; the subgraphs are: {', '.join(sorted(known))}")
    sdls = [
        SubgraphSdl(subgraph.name, federation.subgraphs.get(subgraph.name, default_url(subgraph.name)), subgraph.sdl)
        for subgraph in rooms.subgraphs
    ]
    async with subgraph_session(CONNECTIONS) as session:
        transports: dict[str, Transport] = {}
        for subgraph in rooms.subgraphs:
            url = federation.subgraphs.get(subgraph.name)
            seconds = federation.subgraph_timeout
            if url is None:
                transport = InProcessTransport(subgraph.name, subgraph.execute, subgraph.subscribe, seconds=seconds)
            else:
                fetches = HttpTransport(subgraph.name, url, session, seconds=seconds, max_bytes=MAX_RESPONSE_BYTES)
                transport = WebSocketTransport(fetches, socket_url(url), session, max_bytes=MAX_RESPONSE_BYTES)
            transports[subgraph.name] = MeasuredTransport(subgraph.name, transport, metrics)
        engine = Engine(
            load_supergraph(composed(sdls)),
            transports,
            plan_cache_size=federation.plan_cache,
            max_tokens=limits.max_document_tokens,
            max_depth=limits.max_document_depth,
            name_services_in_errors=not server.production,
        )
        gate = Gate(limits.max_requests_in_flight)
        tokens = rooms.users.tokens
        app = edge_app(
            engine,
            callers=TokenCallers(
                TokenVerifier({tokens.key_id: tokens.public_key}, "access"), rooms.identities, trusted_proxies(settings)
            ),
            metrics=metrics,
            gate=gate,
            ready=ready,
            jwks=rooms.users.jwks,
            options=replace(
                edge_options(settings, Explorer(title="Murmur", query=_EXAMPLE)),
                answer_objects=settings.limits.max_answer_objects,
            ),
        )
        yield Gateway(engine, app, gate)

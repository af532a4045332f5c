"""The gateway over this process's subgraphs, or over those that the settings reach by HTTP."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network

from fastapi import FastAPI

from gateway.edge.app import edge_app
from gateway.edge.gate import Gate
from gateway.edge.options import Bounds, EdgeOptions, Explorer
from gateway.federation.composition import SubgraphSdl
from gateway.federation.engine import Engine
from gateway.federation.executor.transport import Transport
from gateway.federation.supergraph import load_supergraph
from gateway.transports.http import HttpTransport, subgraph_session
from gateway.transports.in_process import InProcessTransport
from gateway.transports.measured import MeasuredTransport
from murmur.errors import StartupError
from murmur.identity import TokenVerifier
from murmur.roles.rooms import Rooms
from murmur.roles.schemas import composed, default_url
from murmur.settings import Settings
from murmur.telemetry.metrics import Metrics

_CONNECTIONS = 100
_MAX_RESPONSE_BYTES = 16 * 1024 * 1024
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


@dataclass(frozen=True, slots=True)
class Gateway:
    engine: Engine
    app: FastAPI
    gate: Gate


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
    async with subgraph_session(_CONNECTIONS) as session:
        transports: dict[str, Transport] = {}
        for subgraph in rooms.subgraphs:
            url = federation.subgraphs.get(subgraph.name)
            seconds = federation.subgraph_timeout
            if url is None:
                transport = InProcessTransport(subgraph.name, subgraph.execute, seconds=seconds)
            else:
                transport = HttpTransport(subgraph.name, url, session, seconds=seconds, max_bytes=_MAX_RESPONSE_BYTES)
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
            verifier=TokenVerifier({tokens.key_id: tokens.public_key}, "access"),
            signer=rooms.identities,
            metrics=metrics,
            gate=gate,
            ready=ready,
            jwks=rooms.users.jwks,
            options=_options(settings),
        )
        yield Gateway(engine, app, gate)


def _options(settings: Settings) -> EdgeOptions:
    server, limits = settings.server, settings.limits
    bounds = Bounds(
        body_bytes=limits.max_body_bytes,
        tokens=limits.max_document_tokens,
        nesting=limits.max_document_depth,
        aliases=limits.max_aliases,
    )
    try:
        proxies = tuple(ip_network(network) for network in server.trusted_proxies)
    except ValueError as error:
        raise StartupError(f"MURMUR_TRUSTED_PROXIES: {error}") from error
    explorer = server.explorer if server.explorer is not None else not server.production
    plans = server.query_plans if server.query_plans is not None else not server.production
    return EdgeOptions(
        bounds=bounds,
        explorer=Explorer(title="Murmur", query=_EXAMPLE) if explorer else None,
        allowed_origins=server.allowed_origins,
        trusted_proxies=proxies,
        seconds=settings.federation.request_timeout,
        show_plans=plans,
    )

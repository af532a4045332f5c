"""What every gateway of ours has: the edge's options by the settings, and the parts that a role runs."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network

import aiohttp
from fastapi import FastAPI

from gateway.edge.gate import Gate
from gateway.edge.options import Bounds, EdgeOptions, Explorer
from gateway.edge.tokens import Network
from gateway.federation.engine import Engine
from gateway.transports.http import HttpTransport
from gateway.transports.measured import MeasuredTransport
from gateway.transports.websocket import WebSocketTransport, socket_url
from murmur.errors import StartupError
from murmur.roles.process import Role
from murmur.roles.server import DRAIN_SECONDS
from murmur.settings import Settings
from murmur.telemetry.metrics import Metrics

CONNECTIONS = 100
"""To each subgraph's address."""
_MAX_RESPONSE_BYTES = 16 * 1024 * 1024
"""Of a subgraph's response."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """`app` answers; who stops it drains `gate` first."""

    engine: Engine
    app: FastAPI
    gate: Gate


@asynccontextmanager
async def as_role(opening: AbstractAsyncContextManager[Gateway]) -> AsyncGenerator[Role]:
    """A gateway in a process of its own."""
    async with opening as gateway:
        yield Role(gateway.app, lambda: gateway.gate.drain(DRAIN_SECONDS))


def edge_options(settings: Settings, explorer: Explorer) -> EdgeOptions:
    """`explorer` is served where the settings allow it."""
    server, limits = settings.server, settings.limits
    bounds = Bounds(
        body_bytes=limits.max_body_bytes,
        tokens=limits.max_document_tokens,
        nesting=limits.max_document_depth,
        aliases=limits.max_aliases,
    )
    shown = server.explorer if server.explorer is not None else not server.production
    plans = server.query_plans if server.query_plans is not None else not server.production
    return EdgeOptions(
        bounds=bounds,
        explorer=explorer if shown else None,
        allowed_origins=server.allowed_origins,
        seconds=settings.federation.request_timeout,
        show_plans=plans,
    )


def http_transport(
    name: str, url: str, session: aiohttp.ClientSession, settings: Settings, metrics: Metrics
) -> MeasuredTransport:
    """To the subgraph at `url`, whose subscriptions come over WebSocket."""
    seconds = settings.federation.subgraph_timeout
    fetches = HttpTransport(name, url, session, seconds=seconds, max_bytes=_MAX_RESPONSE_BYTES)
    return MeasuredTransport(name, WebSocketTransport(fetches, socket_url(url), session, max_bytes=_MAX_RESPONSE_BYTES), metrics)


def trusted_proxies(settings: Settings) -> tuple[Network, ...]:
    """Raises StartupError for what is no network."""
    try:
        return tuple(ip_network(network) for network in settings.server.trusted_proxies)
    except ValueError as error:
        raise StartupError(f"MURMUR_TRUSTED_PROXIES: {error}") from error

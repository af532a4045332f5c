"""What every gateway of ours has: the edge's options by the settings, and the parts that a role runs."""

from dataclasses import dataclass
from ipaddress import ip_network

from fastapi import FastAPI

from gateway.edge.gate import Gate
from gateway.edge.options import Bounds, EdgeOptions, Explorer
from gateway.edge.tokens import Network
from gateway.federation.engine import Engine
from murmur.errors import StartupError
from murmur.settings import Settings

CONNECTIONS = 100
"""To each subgraph's address."""
MAX_RESPONSE_BYTES = 16 * 1024 * 1024
"""Of a subgraph's response."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """`app` answers; who stops it drains `gate` first."""

    engine: Engine
    app: FastAPI
    gate: Gate


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


def trusted_proxies(settings: Settings) -> tuple[Network, ...]:
    """Raises StartupError for what is no network."""
    try:
        return tuple(ip_network(network) for network in settings.server.trusted_proxies)
    except ValueError as error:
        raise StartupError(f"MURMUR_TRUSTED_PROXIES: {error}") from error

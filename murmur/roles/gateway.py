"""The platform's own gateway: over this process's subgraphs, or over those of other processes."""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from urllib.parse import urljoin

from gateway.edge.app import edge_app
from gateway.edge.client import WebClient
from gateway.edge.client.manifest import own_documents
from gateway.edge.gate import Gate
from gateway.edge.keys import RemoteKeys
from gateway.edge.options import Explorer
from gateway.edge.tokens import TokenCallers
from gateway.federation.composition import SubgraphSdl
from gateway.federation.engine import Engine
from gateway.federation.executor.transport import Transport
from gateway.federation.supergraph import load_supergraph
from gateway.partners.service import Partners
from gateway.transports.http import subgraph_session
from gateway.transports.in_process import InProcessTransport
from gateway.transports.measured import MeasuredTransport
from murmur.clock import wall_clock
from murmur.errors import StartupError
from murmur.identity import JWKS_PATH, TokenVerifier, jwks, load_public_keys
from murmur.roles.background import beside
from murmur.roles.edge import CONNECTIONS, Gateway, edge_options, http_transport, trusted_proxies
from murmur.roles.keys import identity_signer, require_files
from murmur.roles.reporting import report
from murmur.roles.rooms import Rooms
from murmur.roles.schemas import SCHEMAS, composed, default_url
from murmur.roles.stores import Stores
from murmur.roles.tls import client_context, kept_current
from murmur.roles.watching import watch_subgraph
from murmur.settings import Settings
from murmur.telemetry.health import Health
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

# The one begins with what came since an id, the other counts from when it began.
_UNSHARED = frozenset({"notificationReceived", "homeTimelineUpdated"})


@asynccontextmanager
async def open_gateway(
    rooms: Rooms, settings: Settings, metrics: Metrics, health: Health, partners: Partners | None = None
) -> AsyncGenerator[Gateway]:
    """Over the subgraphs of this process, but for those that the settings reach by HTTP. Raises StartupError."""
    urls, seconds, tokens = settings.federation.subgraphs, settings.federation.subgraph_timeout, rooms.users.tokens
    _check_known(urls, [subgraph.name for subgraph in rooms.subgraphs])
    sdls = [SubgraphSdl(one.name, urls.get(one.name, default_url(one.name)), one.sdl) for one in rooms.subgraphs]
    verifier = TokenVerifier({tokens.key_id: tokens.public_key}, "access")
    async with (
        kept_current(settings.tls, client_context(settings.tls)) as tls,
        subgraph_session(CONNECTIONS, tls) as session,
    ):
        transports = {
            one.name: http_transport(one.name, urls[one.name], session, settings, metrics)
            if one.name in urls
            else MeasuredTransport(one.name, InProcessTransport(one.name, one.execute, one.subscribe, seconds=seconds), metrics)
            for one in rooms.subgraphs
        }
        callers = TokenCallers(verifier, rooms.identities, trusted_proxies(settings))
        yield _gateway(sdls, transports, callers, rooms.users.jwks, settings, metrics, health, partners)


@asynccontextmanager
async def open_gateway_apart(
    settings: Settings, metrics: Metrics, health: Health, *, urls: Mapping[str, str]
) -> AsyncGenerator[Gateway]:
    """Over subgraphs that are processes of their own; of stores it opens that of partners alone, and the event log to tell
    of what it does. Raises StartupError.

    A subgraph is reached at its URL of `urls`, else of the setting MURMUR_SUBGRAPHS, else at the port where it listens by
    default on this machine.

    It stays ready while a subgraph is away, for the rest of every answer still comes; only without the keys of access tokens
    it is not.
    """
    require_files(settings, "identity_key_file")
    scheme = "https" if settings.tls.tls_cert_file else "http"
    urls = {name: default_url(name, scheme) for name in SCHEMAS} | settings.federation.subgraphs | dict(urls)
    _check_known(urls, SCHEMAS)
    sdls = [SubgraphSdl(name, urls[name], build().as_str()) for name, build in SCHEMAS.items()]
    verifier = TokenVerifier({}, "access")
    async with AsyncExitStack() as stack:
        stores = Stores(settings, stack)
        partners = Partners(stores.partners, wall_clock, own_documents())
        tls = await stack.enter_async_context(kept_current(settings.tls, client_context(settings.tls)))
        session = await stack.enter_async_context(subgraph_session(CONNECTIONS, tls))
        transports = {name: http_transport(name, urls[name], session, settings, metrics) for name in SCHEMAS}
        watching = [watch_subgraph(name, url, session, health) for name, url in urls.items()]
        watching.append(report(metrics, stores.broker))
        learn = None
        if settings.keys.access_public_file is not None:
            verifier.trust(load_public_keys(settings.keys.access_public_file))
        else:
            keys = RemoteKeys(urljoin(urls["users"], JWKS_PATH), session, verifier, health)
            learn = keys.learn
            watching.append(keys.run())
        callers = TokenCallers(verifier, identity_signer(settings), trusted_proxies(settings), learn)
        await stack.enter_async_context(beside(*watching))
        yield _gateway(sdls, transports, callers, lambda: jwks(*verifier.keys.values()), settings, metrics, health, partners)


def _gateway(
    sdls: list[SubgraphSdl],
    transports: Mapping[str, Transport],
    callers: TokenCallers,
    key_set: Callable[[], Mapping[str, object]],
    settings: Settings,
    metrics: Metrics,
    health: Health,
    partners: Partners | None,
) -> Gateway:
    limits, federation = settings.limits, settings.federation
    engine = Engine(
        load_supergraph(composed(sdls)),
        transports,
        plan_cache_size=federation.plan_cache,
        max_tokens=limits.max_document_tokens,
        max_depth=limits.max_document_depth,
        name_services_in_errors=not settings.server.production,
    )
    gate = Gate(limits.max_requests_in_flight)
    options = edge_options(settings, Explorer(title="Murmur", query=_EXAMPLE))
    app = edge_app(
        engine,
        callers=callers,
        metrics=metrics,
        gate=gate,
        health=health,
        jwks=key_set,
        options=replace(
            options,
            answer_objects=limits.max_answer_objects,
            published_only=settings.server.published_only,
            unshared_subscriptions=_UNSHARED,
        ),
        partners=partners,
        client=WebClient(own_documents()) if settings.server.client else None,
    )
    return Gateway(engine, app, gate)


def _check_known(urls: Collection[str], known: Collection[str]) -> None:
    for name in urls:
        if name not in known:
            raise StartupError(f"MURMUR_SUBGRAPHS: there is no subgraph {name!r}; the subgraphs are: {', '.join(sorted(known))}")

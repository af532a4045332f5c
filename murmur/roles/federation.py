"""The gateway over any supergraph: its subgraphs over HTTP, and nothing of the platform's own."""

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from graphql import parse, print_ast

from gateway.edge.app import edge_app
from gateway.edge.forwarding import ForwardingCallers
from gateway.edge.gate import Gate
from gateway.edge.options import Explorer
from gateway.federation.engine import Engine, RequestRefused
from gateway.federation.executor.transport import SubgraphRequest, SubgraphResponse, TransportError
from gateway.federation.supergraph import InvalidSupergraph, Supergraph, load_supergraph
from gateway.transports.http import subgraph_session
from murmur.errors import StartupError
from murmur.roles.edge import CONNECTIONS, Gateway, edge_options, http_transport
from murmur.roles.tls import client_context, kept_current
from murmur.settings import Settings, is_exposed
from murmur.telemetry.health import Health
from murmur.telemetry.metrics import Metrics


@asynccontextmanager
async def open_federation(
    file: Path,
    settings: Settings,
    metrics: Metrics,
    health: Health,
    *,
    urls: Mapping[str, str],
    forwarded: Sequence[str],
    override_labels: Collection[str] = (),
    unshared: Collection[str] = (),
) -> AsyncGenerator[Gateway]:
    """Serve the supergraph of `file`. `forwarded` are the request headers that subgraphs get.

    Progressive overrides are active for every request if `override_labels` names their labels. Equal subscriptions of clients
    whose forwarded headers are equal run once, but for those to the fields `unshared`.

    A subgraph is reached at its URL of `urls`, else of the setting MURMUR_SUBGRAPHS, else of the supergraph. Raises
    StartupError.
    """
    federation, production = settings.federation, settings.server.production
    supergraph = read_supergraph(file)
    check_labels(supergraph, override_labels)
    _check_subscriptions(supergraph, unshared)
    addresses = _addresses(supergraph, file, {**federation.subgraphs, **urls}, production=production)
    try:
        callers = ForwardingCallers(forwarded)
    except ValueError as error:
        raise StartupError(f"--forward-header: {error}") from error
    async with (
        kept_current(settings.tls, client_context(settings.tls)) as tls,
        subgraph_session(CONNECTIONS, tls) as session,
    ):
        engine = Engine(
            supergraph,
            {name: http_transport(name, url, session, settings, metrics) for name, url in addresses.items()},
            plan_cache_size=federation.plan_cache,
            max_tokens=settings.limits.max_document_tokens,
            max_depth=settings.limits.max_document_depth,
            override_labels=override_labels,
            name_services_in_errors=not production,
        )
        gate = Gate(settings.limits.max_requests_in_flight)
        options = replace(
            edge_options(settings, Explorer()),
            allowed_headers=tuple(callers.names),
            # Nobody here knows the subgraphs' codes, so an error that carries one is taken to be meant for the client.
            errors="coded" if production else "all",
            unshared_subscriptions=frozenset(unshared),
        )
        app = edge_app(engine, callers=callers, metrics=metrics, gate=gate, health=health, options=options)
        yield Gateway(engine, app, gate)


def read_supergraph(file: Path) -> Supergraph:
    """Raises StartupError, naming the place where it is no supergraph."""
    try:
        return load_supergraph(read_text(file))
    except InvalidSupergraph as error:
        raise StartupError(f"{file} is no supergraph: {error}") from error


def check_labels(supergraph: Supergraph, labels: Collection[str]) -> None:
    """Raises StartupError for a label that none of the supergraph's overrides has."""
    known = supergraph.override_labels()
    for label in labels:
        if label not in known:
            listed = f"its labels are: {', '.join(sorted(known))}" if known else "it has none"
            raise StartupError(f"no override of the supergraph has the label {label!r}; {listed}")


def _check_subscriptions(supergraph: Supergraph, names: Collection[str]) -> None:
    type_ = supergraph.api_schema.subscription_type
    known: Collection[str] = () if type_ is None else type_.fields
    for name in names:
        if name not in known:
            listed = f"they are: {', '.join(sorted(known))}" if known else "it has none"
            raise StartupError(f"--unshared-subscription {name}: no subscription of the supergraph; {listed}")


def parse_addresses(texts: Iterable[str]) -> dict[str, str]:
    """URLs by subgraph from `NAME=URL` each. Raises StartupError."""
    addresses: dict[str, str] = {}
    for text in texts:
        name, equals, url = text.partition("=")
        if not (name and equals and url):
            raise StartupError(f"--subgraph {text}: write it as NAME=URL")
        addresses[name] = url
    return addresses


def read_text(file: Path) -> str:
    """Raises StartupError."""
    try:
        return file.read_text()
    except OSError as error:
        raise StartupError(f"can't read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StartupError(f"can't read {file}: it is not UTF-8") from error


class Stage(StrEnum):
    """What of planning is printed."""

    OPERATION = "operation"
    FETCH_GRAPH = "fetch-graph"
    PLAN = "plan"
    FETCHES = "fetches"


def print_plan(
    document: str, supergraph: Supergraph, operation_name: str | None, stage: Stage, override_labels: Collection[str] = ()
) -> str:
    """With no labels active but those named, so that one operation prints alike each time.

    Raises StartupError with every reason why the operation can't be planned, one a line.
    """
    check_labels(supergraph, override_labels)
    transports = dict.fromkeys(supergraph.subgraphs, _Unreached())
    engine = Engine(supergraph, transports, override_labels=override_labels, draw=lambda: 1.0)
    try:
        stages = engine.explain(document, operation_name)
    except RequestRefused as refused:
        raise StartupError("\n".join(map(_refusal, refused.errors))) from refused
    match stage:
        case Stage.OPERATION:
            return str(stages.operation)
        case Stage.FETCH_GRAPH:
            return "\n\n".join(map(str, stages.fetch_graphs))
        case Stage.PLAN:
            return str(stages.plan)
        case Stage.FETCHES:
            fetches = enumerate(stages.plan.fetches(), 1)
            return "\n\n".join(f"# {number}. {fetch.subgraph}\n{print_ast(parse(fetch.document))}" for number, fetch in fetches)


def _addresses(supergraph: Supergraph, file: Path, urls: Mapping[str, str], *, production: bool) -> dict[str, str]:
    for name in urls:
        if name not in supergraph.subgraphs:
            known = ", ".join(supergraph.subgraphs)
            raise StartupError(f"there is no subgraph {name!r} in {file}; its subgraphs are: {known}")
    addresses = {name: urls.get(name) or subgraph.url for name, subgraph in supergraph.subgraphs.items()}
    for name, url in addresses.items():
        if not url:
            raise StartupError(f"{file} has no URL of the subgraph {name}; give it by --subgraph {name}=URL")
        if not _is_address(url):
            raise StartupError(f"the subgraph {name} can't be reached at {url!r}; give an http:// or https:// URL by --subgraph")
        if production and is_exposed(url):
            raise StartupError(f"the subgraph {name} is reached in plain text ({url}); production needs https://")
    return addresses


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _refusal(error: Mapping[str, object]) -> str:
    match error.get("locations"):
        case [{"line": int(line), "column": int(column)}, *_]:
            return f"{line}:{column}: {error['message']}"
        case _:
            return str(error["message"])


class _Unreached:
    """Stands for a subgraph where operations are planned and not executed."""

    async def fetch(self, request: SubgraphRequest, context: object) -> SubgraphResponse:
        raise TransportError(f"no subgraph is asked here: {request.document} for {context}")

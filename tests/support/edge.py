"""A gateway's edge over a `Library`, with keys of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from gateway.edge.app import edge_app
from gateway.edge.callers import Callers
from gateway.edge.client import WebClient
from gateway.edge.gate import Gate
from gateway.edge.options import EdgeOptions
from gateway.edge.tokens import Network, TokenCallers
from gateway.federation.executor.transport import SubgraphRequest, SubgraphResponse, Transport
from gateway.partners.service import Partners
from gateway.transports.context import RequestContext
from gateway.transports.in_process import InProcessTransport
from murmur.identity import Caller, TokenSigner, TokenVerifier, Viewer, jwks
from murmur.telemetry.health import Health
from murmur.telemetry.metrics import Metrics
from tests.support.asgi import Reply, ask
from tests.support.library import Library, library_engine, library_subgraphs
from tests.support.waiting import until

JSON = "application/json"
RESPONSE = "application/graphql-response+json"


@dataclass
class Edge:
    """`transports` takes the place of those to subgraphs in process, by name; `identities` signs what they send.

    `callers` takes the place of those by the platform's tokens.
    """

    options: EdgeOptions = field(default_factory=EdgeOptions)
    limit: int = 100
    transports: Mapping[str, Transport] = field(default_factory=dict)
    identities: TokenSigner = field(default_factory=lambda: TokenSigner(Ed25519PrivateKey.generate(), "identity", 60))
    trusted_proxies: Sequence[Network] = ()
    callers: Callers | None = None
    partners: Partners | None = None
    client: WebClient | None = None
    health: Health = field(default_factory=Health)
    library: Library = field(default_factory=Library)
    gate: Gate = field(init=False)
    metrics: Metrics = field(init=False)
    app: FastAPI = field(init=False)

    def __post_init__(self) -> None:
        self.gate = Gate(self.limit)
        self.metrics = Metrics()
        self.now = 1_800_000_000_000
        self.access = TokenSigner(Ed25519PrivateKey.generate(), "access", 900, lambda: self.now)
        subgraphs = library_subgraphs(self.library)
        in_process: dict[str, Transport] = {
            name: InProcessTransport(name, subgraph.execute, subgraph.subscribe, seconds=5)
            for name, subgraph in subgraphs.items()
        }
        self.app = edge_app(
            library_engine(in_process | dict(self.transports)),
            callers=self.callers
            or TokenCallers(
                TokenVerifier({self.access.key_id: self.access.public_key}, "access", lambda: self.now),
                self.identities,
                self.trusted_proxies,
            ),
            metrics=self.metrics,
            gate=self.gate,
            health=self.health,
            jwks=lambda: jwks(self.access.public_key),
            options=self.options,
            partners=self.partners,
            client=self.client,
        )

    def token(self, user_id: int = 7) -> str:
        return self.access.sign(Caller(Viewer(user_id, "session")))[0]

    def metric(self, sample: str) -> float:
        """The value of a sample, such as `murmur_subscriptions{door="sse"}`; 0 where there is none."""
        found = self.metrics.exposition().decode().partition(f"\n{sample} ")[2]
        return float(found.partition("\n")[0] or 0)

    async def post(self, request: object, headers: Mapping[str, str] | None = None, **others: Any) -> Reply:
        """POSTs a value as JSON, or bytes as they are."""
        body = request if isinstance(request, bytes) else orjson.dumps(request)
        return await ask(self.app, "POST", "/graphql", body=body, headers={"content-type": JSON} | dict(headers or {}), **others)

    async def query(self, document: str, headers: Mapping[str, str] | None = None, **variables: object) -> Reply:
        return await self.post({"query": document, "variables": variables}, headers)


class Books:
    """Keeps the headers that a subgraph over HTTP would get, and answers with `errors`."""

    def __init__(self, *errors: Mapping[str, Any]) -> None:
        self.headers: Mapping[str, str] = {}
        self._errors = errors

    async def fetch(self, _request: SubgraphRequest, context: object) -> SubgraphResponse:
        assert isinstance(context, RequestContext)
        self.headers = context.subgraph_headers(context.caller)
        return SubgraphResponse({"books": [{"__typename": "Book", "id": "1", "title": "Kim"}]}, self._errors, {})


async def listening(edge: Edge, count: int = 1) -> None:
    """Wait until so many follow the reviews of books."""

    async def listened() -> bool:
        return len(edge.library.listeners) == count

    await until(listened)

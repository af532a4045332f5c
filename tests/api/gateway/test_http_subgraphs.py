"""The whole way over sockets: a client, the gateway, and subgraphs that are processes of their own to it."""

import asyncio
import io
from collections.abc import AsyncGenerator

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.transports.http import HttpTransport, subgraph_session
from murmur.identity import TokenSigner, TokenVerifier
from murmur.runtime.asgi import subgraph_app
from murmur.telemetry.health import Health
from murmur.telemetry.metrics import Metrics
from tests.support.asgi import served
from tests.support.edge import JSON, Edge
from tests.support.library import Library, library_subgraphs

BOOKS = "{ books { title reviews } whoami }"


@pytest.fixture
async def gateway() -> AsyncGenerator[tuple[Edge, str], None]:
    signer = TokenSigner(Ed25519PrivateKey.generate(), "identity", 60)
    identities = TokenVerifier({signer.key_id: signer.public_key}, "identity")
    subgraphs = library_subgraphs(Library())
    async with (
        subgraph_session(8) as session,
        served(subgraph_app(subgraphs["books"], identities, Health(), Metrics())) as books,
        served(subgraph_app(subgraphs["reviews"], identities, Health(), Metrics())) as reviews,
    ):
        remote = {
            name: HttpTransport(name, f"{address}/graphql", session, seconds=5, max_bytes=100_000)
            for name, address in (("books", books), ("reviews", reviews))
        }
        edge = Edge(transports=remote, identities=signer)
        async with served(edge.app) as address:
            yield edge, f"{address}/graphql"


async def test_a_request_crosses_two_http_subgraphs_with_its_identity(gateway: tuple[Edge, str]) -> None:
    edge, url = gateway
    headers = {"authorization": f"Bearer {edge.token(7)}"}
    async with aiohttp.ClientSession() as session, session.post(url, json={"query": BOOKS}, headers=headers) as reply:
        answer = await reply.json()
    assert "errors" not in answer
    assert answer["data"]["whoami"] == "7 from 127.0.0.1"
    assert [book["reviews"] for book in answer["data"]["books"]] == [["I liked 1"], ["I liked 2"]]


async def test_many_requests_at_once_are_all_answered(gateway: tuple[Edge, str]) -> None:
    _, url = gateway
    async with aiohttp.ClientSession() as session:

        async def one() -> int:
            async with session.post(url, json={"query": BOOKS}) as reply:
                return len((await reply.json())["data"]["books"])

        assert await asyncio.gather(*[one() for _ in range(50)]) == [2] * 50


async def test_the_connection_serves_on_after_a_refusal(gateway: tuple[Edge, str]) -> None:
    _, url = gateway
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        for body, status in (
            (io.BytesIO(b"null"), 400),
            (io.BytesIO(b"x" * 2_000_000), 413),
            (io.BytesIO(b'{"query": "{ whoami }"}'), 200),
        ):
            async with session.post(url, data=body, headers={"content-type": JSON}) as reply:
                assert reply.status == status

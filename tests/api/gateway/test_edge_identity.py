"""Who a subgraph is told that asks."""

from ipaddress import ip_network

import pytest

from murmur.identity import Caller
from tests.support.asgi import Reply, ask
from tests.support.edge import JSON, Edge

WHOAMI = b'{"query": "{ whoami }"}'


async def whoami(edge: Edge, *headers: tuple[str, str], client: str = "192.0.2.1") -> Reply:
    return await ask(edge.app, "POST", "/graphql", body=WHOAMI, headers=[("content-type", JSON), *headers], client=client)


async def test_without_a_token_the_caller_is_anonymous() -> None:
    assert (await whoami(Edge())).json["data"] == {"whoami": "None from 192.0.2.1"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_a_valid_access_token_names_the_viewer(scheme: str) -> None:
    edge = Edge()
    reply = await whoami(edge, ("authorization", f"{scheme} {edge.token(7)}"))
    assert reply.json["data"] == {"whoami": "7 from 192.0.2.1"}


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi", "Bearer " + "x" * 5_000, "Bearer \xff"]
)
async def test_any_other_authorization_is_401_and_nothing_runs(authorization: str) -> None:
    edge = Edge()
    reply = await whoami(edge, ("authorization", authorization))
    assert (reply.status, reply.code) == (401, "UNAUTHENTICATED")
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert edge.library.callers == []


async def test_an_access_token_is_401_once_it_has_expired() -> None:
    edge = Edge()
    token = edge.token()
    assert (await whoami(edge, ("authorization", f"Bearer {token}"))).status == 200
    edge.now += 900_000
    reply = await whoami(edge, ("authorization", f"Bearer {token}"))
    assert (reply.status, reply.code) == (401, "UNAUTHENTICATED")


async def test_an_identity_token_is_no_access_token() -> None:
    edge = Edge()
    assert (await whoami(edge, ("authorization", f"Bearer {edge.identities.sign(Caller(None))[0]}"))).status == 401


async def test_a_forwarded_address_is_not_believed_by_default() -> None:
    reply = await whoami(Edge(), ("x-forwarded-for", "203.0.113.9"))
    assert reply.json["data"] == {"whoami": "None from 192.0.2.1"}


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (["198.51.100.1", "203.0.113.9, 192.0.2.77"], "203.0.113.9"),
        (["192.0.2.5, 192.0.2.6"], "192.0.2.5"),
        (["203.0.113.9, nonsense"], "192.0.2.1"),
        (["2001:db8::7"], "2001:db8::7"),
        ([""], "192.0.2.1"),
        ([], "192.0.2.1"),
    ],
)
async def test_of_a_trusted_proxy_the_last_address_that_is_no_proxy_is_believed(forwarded: list[str], address: str) -> None:
    edge = Edge(trusted_proxies=(ip_network("192.0.2.0/24"),))
    reply = await whoami(edge, *(("x-forwarded-for", value) for value in forwarded))
    assert reply.json["data"] == {"whoami": f"None from {address}"}


async def test_who_is_no_trusted_proxy_is_not_believed() -> None:
    edge = Edge(trusted_proxies=(ip_network("192.0.2.0/24"),))
    reply = await whoami(edge, ("x-forwarded-for", "203.0.113.9"), client="198.51.100.3")
    assert reply.json["data"] == {"whoami": "None from 198.51.100.3"}

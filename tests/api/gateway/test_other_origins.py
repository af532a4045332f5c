"""What pages of other sites can do through a visitor's browser."""

import pytest

from gateway.edge.options import EdgeOptions
from tests.support.asgi import ask
from tests.support.edge import JSON, Edge

FRIEND, STRANGER = "https://friend.example", "https://stranger.example"
QUERY = "/graphql?query={whoami}"


def edge_with(*allowed: str) -> Edge:
    return Edge(EdgeOptions(allowed_origins=allowed))


async def test_by_default_no_other_origin_may_read_answers() -> None:
    edge = Edge()
    for method in ("OPTIONS", "POST"):
        headers = {"origin": FRIEND, "content-type": JSON}
        reply = await ask(edge.app, method, "/graphql", body=b'{"query": "{ whoami }"}', headers=headers)
        assert not [name for name in reply.headers if name.startswith("access-control-")]


async def test_an_allowed_origin_passes_the_preflight_and_may_read_the_answer() -> None:
    edge = edge_with(FRIEND)
    preflight = await ask(edge.app, "OPTIONS", "/graphql", headers={"origin": FRIEND})
    assert preflight.headers["access-control-allow-origin"] == FRIEND
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    answer = await edge.query("{ whoami }", {"origin": FRIEND, "sec-fetch-site": "cross-site"})
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert "origin" in answer.headers["vary"]
    stranger = await ask(edge.app, "OPTIONS", "/graphql", headers={"origin": STRANGER})
    assert "access-control-allow-origin" not in stranger.headers


async def test_an_allowed_origin_may_use_the_single_connection_of_event_streams_on_its_path_alone() -> None:
    edge, token = edge_with(FRIEND), "x-graphql-event-stream-token"

    async def preflight(path: str, origin: str) -> tuple[set[str], set[str]]:
        headers = (await ask(edge.app, "OPTIONS", path, headers={"origin": origin})).headers
        methods, names = (headers.get(f"access-control-allow-{what}", "") for what in ("methods", "headers"))
        return set(methods.split(", ")), set(names.split(", "))

    methods, names = await preflight("/graphql/stream", FRIEND)
    assert methods == {"GET", "POST", "PUT", "DELETE"}
    assert {token, "authorization", "content-type"} <= names
    assert await preflight("/graphql", FRIEND) == ({"GET", "POST"}, names - {token})
    assert await preflight("/graphql/stream", STRANGER) == ({""}, {""})
    reserved = await ask(edge.app, "PUT", "/graphql/stream", headers={"origin": FRIEND})
    assert (reserved.status, reserved.headers["access-control-allow-origin"]) == (201, FRIEND)


async def test_an_allowed_origin_may_read_refusals_too() -> None:
    reply = await edge_with(FRIEND).query("{ whoami }", {"origin": FRIEND, "authorization": "Bearer x"})
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (401, FRIEND)


async def test_a_star_allows_everyone_and_never_credentials() -> None:
    reply = await ask(edge_with("*").app, "OPTIONS", "/graphql", headers={"origin": STRANGER})
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_get_of_another_site_without_a_preflight_is_403(site: str) -> None:
    edge = edge_with(FRIEND)
    reply = await ask(edge.app, "GET", QUERY, headers={"sec-fetch-site": site, "accept": JSON})
    assert (reply.status, reply.code) == (403, "FORBIDDEN")
    reply = await ask(edge.app, "GET", QUERY, headers={"sec-fetch-site": site, "accept": JSON, "origin": STRANGER})
    assert reply.status == 403
    assert edge.library.callers == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": FRIEND},
        {"sec-fetch-site": "cross-site", "murmur-preflight": "1"},
        {"sec-fetch-site": "cross-site", "content-type": JSON},
    ],
)
async def test_other_gets_are_answered(headers: dict[str, str]) -> None:
    assert (await ask(edge_with(FRIEND).app, "GET", QUERY, headers={"accept": JSON} | headers)).status == 200

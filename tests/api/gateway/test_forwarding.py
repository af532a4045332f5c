"""A gateway whose callers only the subgraphs know: which headers go on, and which errors come back."""

from typing import Any

import pytest

from gateway.edge.forwarding import ForwardingCallers
from gateway.edge.options import EdgeOptions, ErrorsShown
from tests.support.asgi import Reply, ask
from tests.support.edge import JSON, Books, Edge

BOOKS = b'{"query": "{ books { title } }"}'


async def asked(books: Books, *headers: tuple[str, str], names: tuple[str, ...] = ("authorization",)) -> Reply:
    edge = Edge(transports={"books": books}, callers=ForwardingCallers(names))
    return await ask(edge.app, "POST", "/graphql", body=BOOKS, headers=[("content-type", JSON), *headers])


async def test_only_the_headers_that_are_named_go_on() -> None:
    books = Books()
    await asked(books, ("Authorization", "Basic xyz"), ("cookie", "a=b"), ("x-tenant", "7"), names=("Authorization", "X-Tenant"))
    assert books.headers == {"authorization": "Basic xyz", "x-tenant": "7"}


async def test_a_request_without_them_tells_a_subgraph_nothing() -> None:
    books = Books()
    assert (await asked(books, ("cookie", "a=b"))).status == 200
    assert books.headers == {}


async def test_a_header_that_comes_twice_goes_on_as_one() -> None:
    books = Books()
    await asked(books, ("authorization", "Bearer a"), ("authorization", "Bearer b"))
    assert books.headers == {"authorization": "Bearer a, Bearer b"}


async def test_a_header_that_is_no_text_is_refused() -> None:
    reply = await asked(Books(), ("authorization", "\xff"))
    assert (reply.status, reply.code) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize("name", ["", "a b", "x:y", "Content-Length", "host", "transfer-encoding", "ä"])
def test_headers_of_the_message_itself_are_never_forwarded(name: str) -> None:
    with pytest.raises(ValueError, match="header"):
        ForwardingCallers([name])


async def test_pages_of_allowed_origins_may_send_them() -> None:
    edge = Edge(EdgeOptions(allowed_origins=("https://shop.example",), allowed_headers=("x-tenant",)))
    reply = await ask(edge.app, "OPTIONS", "/graphql", headers={"origin": "https://shop.example"})
    assert "x-tenant" in reply.headers["access-control-allow-headers"].split(", ")


PLAIN = {"message": "no such table", "path": ["books", 0, "title"]}
CODED = {"message": "sold out", "path": ["books"], "extensions": {"code": "SOLD_OUT", "left": 0, "stacktrace": ["f"]}}


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("known", ["INTERNAL", "INTERNAL"]),
        ("coded", ["INTERNAL", {"code": "SOLD_OUT", "left": 0}]),
        ("all", [None, {"code": "SOLD_OUT", "left": 0, "stacktrace": ["f"]}]),
    ],
)
async def test_a_subgraphs_errors_are_told_as_far_as_the_operator_wants(shown: ErrorsShown, told: list[Any]) -> None:
    edge = Edge(EdgeOptions(errors=shown), transports={"books": Books(PLAIN, CODED)}, callers=ForwardingCallers())
    errors = (await edge.post(BOOKS)).errors
    for error, expected in zip(errors, told, strict=True):
        extensions = error.get("extensions")
        if expected == "INTERNAL":
            assert extensions["code"] == "INTERNAL"
            assert "no such table" not in error["message"]
        else:
            assert extensions == expected

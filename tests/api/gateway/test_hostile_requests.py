"""Input made to harm: each is refused, saying the bound, and nothing of it runs."""

import asyncio

import orjson
import pytest

from gateway.edge.options import Bounds, EdgeOptions
from tests.support.asgi import Reply, ask
from tests.support.edge import RESPONSE, Edge

BODIES = {
    "json nested 2,000 deep": (b'{"query": "{ whoami }", "variables": {"a": ' + b"[" * 2_000 + b"]" * 2_000 + b"}}", "depth"),
    "variables nested 500 deep": (
        b'{"query": "{ whoami }", "variables": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}",
        "deeper than 32",
    ),
    "objects nested 500 deep": (
        b'{"query": "{ whoami }", "variables": ' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}",
        "deeper than 32",
    ),
    "an integer of 5,000 digits": (b'{"query": "{ whoami }", "variables": {"a": ' + b"9" * 5_000 + b"}}", "number"),
    "invalid UTF-8": (b'{"query": "{ who\xff }"}', "UTF-8"),
    "a lone surrogate": (b'{"query": "{ who\\ud800 }"}', "surrogate"),
    "null": (b"null", "JSON object"),
    "nothing": (b"", "not JSON"),
    "half of a body": (b'{"query": "{ who', "not JSON"),
    "a byte order mark": (b'\xef\xbb\xbf{"query": "{ whoami }"}', "not JSON"),
    "100,000 values": (b'{"query": "{ whoami }", "variables": {"a": [' + b"1," * 100_000 + b"1]}}", "more than 20000 values"),
    "a long operation name": (b'{"query": "{ whoami }", "operationName": "' + b"n" * 100_000 + b'"}', "longer than 256"),
}
DOCUMENTS = {
    "1,000 aliases": ("{ " + " ".join(f"a{number}: whoami" for number in range(1_000)) + " }", "root fields"),
    "aliases below the root": ("{ books { " + " ".join(f"a{number}: id" for number in range(300)) + " } }", "aliases"),
    "one field 1,000 times": ("{" + " whoami" * 1_000 + " }", "root fields"),
    "root fields in fragments": ("{ ...A } fragment A on Query {" + " whoami" * 101 + " }", "root fields"),
    "selections nested 2,000 deep": ("{ a" * 2_000 + "}" * 2_000, "deeper than 60"),
    "unclosed selections": ("{ a" * 4_000, "deeper than 60"),
    "lists nested 3,000 deep": ("{ count(values: " + "[" * 3_000 + "]" * 3_000 + ") }", "deeper than 60"),
    "objects nested 2,000 deep": ("{ count(values: " + "{a:" * 2_000 + "1" + "}" * 2_000 + ") }", "deeper than 60"),
    "list types nested 3,000 deep": ("query ($v: " + "[" * 3_000 + "Int" + "]" * 3_000 + ") { whoami }", "deeper than 60"),
    "20,000 tokens": ("{" + " books { id }" * 5_000 + " }", "10000 tokens"),
    "40,000 comments": ("#\n" * 40_000 + "{ whoami }", "10000 tokens"),
    "5,000 operations": (" ".join(f"query A{number} {{ a }}" for number in range(5_000)), "10000 tokens"),
    "5,000 variables": ("query (" + " ".join(f"$v{number}: Int" for number in range(5_000)) + ") { whoami }", "10000 tokens"),
    "a number of 5,000 digits": ("{ number(value: " + "9" * 5_000 + ") }", "longer than 256"),
    "a name of 90,000 characters": ("{ " + "n" * 90_000 + " }", "longer than 256"),
    "a string that never ends": ('{ book(id: "' + '"\\' * 45_000, "Unterminated string"),
    "a block string that never ends": ('{ book(id: """' + '\\"""' * 20_000, "Unterminated string"),
    "quotes that never end": ('"\\' * 45_000, "Unterminated string"),
    "a lone surrogate in a string": ('{ book(id: "\\ud800") { id } }', "Invalid Unicode"),
    "a fragment that spreads itself": ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "nest deeper"),
    "definitions of types": ("type A { a: String }", "not executable"),
}


def _assert_refused(reply: Reply, reason: str) -> None:
    assert 400 <= reply.status < 500
    assert reason in reply.errors[0]["message"]
    assert "data" not in reply.json


@pytest.mark.parametrize("name", BODIES)
async def test_a_hostile_body_is_refused_with_the_reason(name: str) -> None:
    body, reason = BODIES[name]
    _assert_refused(await Edge().post(body, {"accept": RESPONSE}), reason)


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_hostile_document_is_refused_with_the_reason(name: str) -> None:
    document, reason = DOCUMENTS[name]
    async with asyncio.timeout(30):
        _assert_refused(await Edge().query(document, {"accept": RESPONSE}), reason)


@pytest.mark.parametrize("size", [150_000, 1_000_000])
async def test_a_document_that_is_too_large_is_413(size: int) -> None:
    reply = await Edge().query("{ " + "#" * size + "\n whoami }")
    assert reply.status == 413
    assert "100000 bytes" in reply.errors[0]["message"]


async def test_a_body_that_says_it_is_too_large_is_413_before_it_is_read() -> None:
    reply = await Edge().post(b"{}", {"content-length": "1048577"})
    assert (reply.status, reply.headers["connection"]) == (413, "close")


@pytest.mark.parametrize("length", ["9" * 5_000, "-1", "x", "1.0"])
async def test_a_length_that_is_no_length_is_413(length: str) -> None:
    assert (await Edge().post(b"{}", {"content-length": length})).status == 413


async def test_a_body_in_pieces_that_grows_too_large_is_413() -> None:
    edge = Edge(EdgeOptions(bounds=Bounds(body_bytes=1_000)))
    reply = await ask(edge.app, "POST", "/graphql", body=[b" " * 400] * 3, headers={"content-type": "application/json"})
    assert reply.status == 413


async def test_a_body_in_pieces_is_put_together() -> None:
    body = orjson.dumps({"query": "{ whoami }"})
    reply = await ask(
        Edge().app, "POST", "/graphql", body=[body[:3], body[3:9], b"", body[9:]], headers={"content-type": "application/json"}
    )
    assert reply.json == {"data": {"whoami": "None from 192.0.2.1"}}


async def test_a_body_that_never_comes_is_given_up_in_time() -> None:
    edge = Edge(EdgeOptions(seconds=0.05))
    sent: list[dict[str, object]] = []

    async def never() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/graphql", "method": "POST", "headers": [(b"content-type", b"application/json")]}
    await edge.app(scope, never, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 504


async def test_a_client_that_leaves_before_its_request_is_whole_gets_no_answer() -> None:
    edge = Edge()
    sent: list[dict[str, object]] = []

    async def gone() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/graphql", "method": "POST", "headers": [(b"content-type", b"application/json")]}
    await edge.app(scope, gone, send)  # type: ignore[arg-type]
    assert sent == []


async def test_refused_documents_change_nothing() -> None:
    edge = Edge()
    many = " ".join(f'a{number}: rename(id: "1", title: "X") {{ id }}' for number in range(500))
    await edge.query(f"mutation {{ {many} }}")
    assert edge.library.titles["1"] == "Kim"


async def test_bodies_under_way_count_as_requests_in_flight() -> None:
    edge = Edge(limit=1)
    asked, arrived = asyncio.Event(), asyncio.Event()
    sent: list[dict[str, object]] = []

    async def late() -> dict[str, object]:
        asked.set()
        await arrived.wait()
        return {"type": "http.request", "body": b'{"query": "{ whoami }"}'}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/graphql", "method": "POST", "headers": [(b"content-type", b"application/json")]}
    slow = asyncio.create_task(edge.app(scope, late, send))  # type: ignore[arg-type]
    async with asyncio.timeout(5):
        await asked.wait()
    assert (await edge.query("{ whoami }")).status == 503
    arrived.set()
    await slow
    assert sent[0]["status"] == 200
    assert edge.gate.in_flight == 0

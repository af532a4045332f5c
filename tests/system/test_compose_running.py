"""`murmur schema compose NAME=URL`: the schemas of running subgraphs."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import strawberry
from graphql import build_schema
from strawberry.asgi import GraphQL

from murmur.errors import StartupError
from murmur.roles.subgraph_sources import Source, parse_source, read_sources
from tests.support.asgi import served


@strawberry.type
class Query:
    word: str = "hi"


SCHEMA = strawberry.federation.Schema(query=Query)
App = Callable[[Any, Any, Any], Awaitable[None]]


def answering(body: bytes, status: int = 200, held: asyncio.Event | None = None) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if held:
            await held.wait()
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    return app


def test_a_source_is_a_running_subgraph_or_a_file() -> None:
    assert parse_source("a=http://a.test/graphql?x=1") == Source("a", None, "http://a.test/graphql?x=1")
    assert parse_source("a=schema.graphql") == Source("a", Path("schema.graphql"), "http://127.0.0.1/a/graphql")
    assert parse_source("a=b.graphql=https://a.test") == Source("a", Path("b.graphql"), "https://a.test")
    for text in ("a", "a=", "=b", "=http://a.test"):
        with pytest.raises(StartupError, match="NAME=URL"):
            parse_source(text)


async def test_schemas_come_from_running_subgraphs_and_files_in_order(tmp_path: Path) -> None:
    file = tmp_path / "other.graphql"
    file.write_text("type Query { other: Int }")
    async with served(GraphQL[Any, Any](SCHEMA)) as url:
        word, other = await read_sources([parse_source(f"word={url}/graphql"), parse_source(f"other={file}")])
    assert (word.name, word.url, other.name, other.sdl) == ("word", f"{url}/graphql", "other", "type Query { other: Int }")
    assert build_schema(word.sdl, assume_valid_sdl=True).query_type


ANSWERS = {
    "it answered with HTTP status 500 and no JSON": answering(b"oops", 500),
    "it answered with HTTP status 404 and no schema": answering(b"{}", 404),
    "it answered with HTTP status 200 and no schema": answering(orjson.dumps({"data": {"_service": None}})),
    "it says: Cannot query field": answering(orjson.dumps({"errors": [{"message": "Cannot query field\n '_service'"}]}), 400),
    "it answered with more than 1000 bytes": answering(b"x" * 2000),
}


@pytest.mark.parametrize("reason", ANSWERS)
async def test_what_is_no_schema_is_told_with_name_and_place(reason: str) -> None:
    async with served(ANSWERS[reason]) as url:
        with pytest.raises(StartupError) as told:
            await read_sources([Source("words", None, url)], max_bytes=1000)
    assert str(told.value).startswith(f"can't read the schema of words from {url}: {reason}")
    assert "\n" not in str(told.value)


async def test_a_subgraph_that_does_not_answer_is_not_waited_for() -> None:
    held = asyncio.Event()
    async with served(answering(b"{}", held=held)) as url:
        with pytest.raises(StartupError, match=r"no answer within 0\.05 seconds"):
            await read_sources([Source("words", None, url)], seconds=0.05)
        held.set()


async def test_all_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    sources = [
        Source("closed", None, "http://127.0.0.1:9/graphql"),
        Source("gone", tmp_path / "missing.graphql", ""),
        Source("odd", None, "http://["),
    ]
    with pytest.raises(StartupError) as told:
        await read_sources(sources)
    closed, gone, odd = str(told.value).splitlines()
    assert "can't be reached" in closed
    assert "missing.graphql" in gone
    assert odd.startswith("can't read the schema of odd from http://[: ")

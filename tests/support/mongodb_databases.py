"""Databases of their own for tests on MongoDB."""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

import pytest
from pymongo import AsyncMongoClient

from murmur.cluster.mongodb import MongoDB
from murmur.mongodb import Document, MongoEngine
from tests.support.shard_keys import WATCH

ADAPTERS = ("sqlite:", "mongodb")

LookedAt: TypeAlias = "Callable[[Awaitable[object]], Awaitable[tuple[int, int]]]"
"""How many documents and keys of indexes all commands of a call look at; none may look through a collection or sort."""


class Closable(Protocol):
    @property
    def close(self) -> Callable[[], Awaitable[None]]: ...


class Store(Closable, Protocol):
    @property
    def engine(self) -> MongoEngine: ...


S = TypeVar("S", bound=Closable)


def engine_of(adapter: str, request: pytest.FixtureRequest) -> MongoDB | None:
    """The server that an adapter needs, if any; the test is skipped when it is missing."""
    return request.getfixturevalue("mongodb") if adapter == "mongodb" else None


@asynccontextmanager
async def store_url(server: MongoDB | None, open_store: Callable[[str], Store]) -> AsyncGenerator[str]:
    """The URL of a database with the collections of a store, which ends with the test; without a server that of SQLite.

    Whatever is asked of the database meanwhile carries its shard key.
    """
    if server is None:
        yield "sqlite:"
        return
    name = f"test_{secrets.token_hex(6)}"
    store = open_store(server.url_of(name))
    await store.engine.apply()
    assert (await store.engine.check()).missing == ()
    await store.close()
    # A server that only pretends to shut down (a fail point) tells nobody that it is back: its clients ask it often.
    yield f"{server.url_of(name)}&heartbeatFrequencyMS=500"
    async with AsyncMongoClient(server.url) as client:
        await client.drop_database(name)
    assert WATCH.faults(name) == []


@asynccontextmanager
async def empty_store(
    server: MongoDB | None, on_mongodb: Callable[[str], Store], open_store: Callable[[str, Path], S], folder: Path
) -> AsyncGenerator[S]:
    """A store in a database of its own, or in a folder; nothing is in it."""
    async with store_url(server, on_mongodb) as url:
        store = open_store(url, folder)
        yield store
        await store.close()


@asynccontextmanager
async def profiled(url: str) -> AsyncGenerator[LookedAt]:
    """Tells what calls of a store on this database look at."""
    async with AsyncMongoClient[Document](url) as client:
        database = client.get_default_database()

        async def looked_at(call: Awaitable[object]) -> tuple[int, int]:
            await database.command("profile", 2)
            await call
            await database.command("profile", 0)
            profile: list[Any] = await database["system.profile"].find({"command.profile": None}).to_list()
            await database["system.profile"].drop()
            assert not [one for one in profile if "COLLSCAN" in one.get("planSummary", "") or one.get("hasSortStage")], profile
            return sum(one.get("docsExamined", 0) for one in profile), sum(one.get("keysExamined", 0) for one in profile)

        yield looked_at

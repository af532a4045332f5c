"""Databases of their own for tests on MongoDB."""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import pytest
from pymongo import AsyncMongoClient

from murmur.cluster.mongodb import MongoDB
from murmur.mongodb import MongoEngine
from tests.support.shard_keys import WATCH

ADAPTERS = ("sqlite:", "mongodb")


class Store(Protocol):
    @property
    def engine(self) -> MongoEngine: ...
    @property
    def close(self) -> Callable[[], Awaitable[None]]: ...


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
    await store.close()
    # A server that only pretends to shut down (a fail point) tells nobody that it is back: its clients ask it often.
    yield f"{server.url_of(name)}&heartbeatFrequencyMS=500"
    async with AsyncMongoClient(server.url) as client:
        await client.drop_database(name)
    assert WATCH.faults(name) == []

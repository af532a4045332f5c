"""Trend stores of every kind, each with nothing in it."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from murmur.cluster.mongodb import MongoDB
from subgraphs.search.ports import TrendStore
from subgraphs.search.stores.trends_mongodb import MongoTrendStore
from subgraphs.search.stores.trends_sqlite import SqliteTrendStore
from tests.support.shard_keys import WATCH

ADAPTERS = ("sqlite", "mongodb")


@asynccontextmanager
async def empty_trends(adapter: str, request: pytest.FixtureRequest, folder: Path) -> AsyncGenerator[TrendStore]:
    """Whatever is asked of MongoDB meanwhile carries its shard key."""
    if adapter == "sqlite":
        sqlite = SqliteTrendStore(folder / "trends.db")
        yield sqlite
        await sqlite.close()
        return
    engine: MongoDB = request.getfixturevalue("mongodb")
    name = f"test_{secrets.token_hex(6)}"
    store = MongoTrendStore(engine.url_of(name))
    await store.engine.apply()
    assert (await store.engine.check()).missing == ()
    yield store
    await store.close()
    async with AsyncMongoClient(engine.url) as client:
        await client.drop_database(name)
    assert WATCH.faults(name) == []

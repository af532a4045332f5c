"""Where the tweets of a test are kept, by each adapter."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from murmur.cluster.mongodb import MongoDB
from subgraphs.tweets.ports import TweetStore
from subgraphs.tweets.stores.mongodb import MongoTweetStore
from subgraphs.tweets.wiring import open_store
from tests.support.shard_keys import WATCH

ADAPTERS = ("sqlite:", "mongodb")


def engine_of(adapter: str, request: pytest.FixtureRequest) -> MongoDB | None:
    """The server that an adapter needs, if any; the test is skipped when it is missing."""
    return request.getfixturevalue("mongodb") if adapter == "mongodb" else None


@asynccontextmanager
async def store_url(engine: MongoDB | None) -> AsyncGenerator[str]:
    """The URL of an empty store, which ends with the test. Whatever is asked of MongoDB meanwhile carries its shard key."""
    if engine is None:
        yield "sqlite:"
        return
    name = f"test_{secrets.token_hex(6)}"
    store = MongoTweetStore(engine.url_of(name))
    await store.engine.apply()
    await store.close()
    yield engine.url_of(name)
    async with AsyncMongoClient(engine.url) as client:
        await client.drop_database(name)
    assert WATCH.faults(name) == []


@asynccontextmanager
async def tweet_store(engine: MongoDB | None, folder: Path) -> AsyncGenerator[TweetStore]:
    """An empty store."""
    async with store_url(engine) as url:
        store = open_store(url, folder)
        yield store
        await store.close()

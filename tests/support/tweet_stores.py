"""Where the tweets of a test are kept, by each adapter."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from murmur.cluster.mongodb import MongoDB
from subgraphs.tweets.ports import TweetStore
from subgraphs.tweets.stores.mongodb import MongoTweetStore
from subgraphs.tweets.wiring import open_store
from tests.support import mongodb_databases
from tests.support.mongodb_databases import ADAPTERS, engine_of

__all__ = ["ADAPTERS", "engine_of", "store_url", "tweet_store"]


@asynccontextmanager
async def store_url(engine: MongoDB | None) -> AsyncGenerator[str]:
    """The URL of an empty store, which ends with the test. Whatever is asked of MongoDB meanwhile carries its shard key."""
    async with mongodb_databases.store_url(engine, MongoTweetStore) as url:
        yield url


@asynccontextmanager
async def tweet_store(engine: MongoDB | None, folder: Path) -> AsyncGenerator[TweetStore]:
    """An empty store."""
    async with store_url(engine) as url:
        store = open_store(url, folder)
        yield store
        await store.close()

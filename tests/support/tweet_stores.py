"""Where the tweets of a test are kept, by each adapter."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from murmur.cluster.mongodb import MongoDB
from subgraphs.tweets.ports import TweetStore
from subgraphs.tweets.stores.mongodb import MongoTweetStore
from subgraphs.tweets.wiring import open_store
from tests.support import mongodb_databases
from tests.support.mongodb_databases import ADAPTERS, engine_of

__all__ = ["ADAPTERS", "engine_of", "store_url", "tweet_store"]


def store_url(engine: MongoDB | None) -> AbstractAsyncContextManager[str]:
    """The URL of an empty store, which ends with the test. Whatever is asked of MongoDB meanwhile carries its shard key."""
    return mongodb_databases.store_url(engine, MongoTweetStore)


def tweet_store(engine: MongoDB | None, folder: Path) -> AbstractAsyncContextManager[TweetStore]:
    return mongodb_databases.empty_store(engine, MongoTweetStore, open_store, folder)

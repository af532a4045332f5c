"""Which store a URL names, and the room built on it."""

from dataclasses import dataclass
from pathlib import Path

from murmur.cache.aside import Observe
from murmur.cache.ports import Cache
from murmur.clock import Clock
from murmur.errors import UnknownScheme
from murmur.ids import IdSource
from murmur.prohibited import load_prohibited
from murmur.pubsub.ports import PubSub
from murmur.runtime.subgraph import Subgraph
from murmur.sqlite import path_of
from murmur.urls import MONGODB_SCHEMES
from subgraphs.tweets.ports import People, TweetStore
from subgraphs.tweets.schema import build_schema, context_of
from subgraphs.tweets.service import TweetService
from subgraphs.tweets.service.language import Languages
from subgraphs.tweets.stores.cached import CachedTweets
from subgraphs.tweets.stores.sqlite import SqliteTweetStore


@dataclass(frozen=True)
class TweetsRoom:
    subgraph: Subgraph
    service: TweetService
    store: TweetStore


def open_store(url: str, data_dir: Path) -> TweetStore:
    """The store that a URL's scheme names. Raises StartupError."""
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        return SqliteTweetStore(path_of(url, data_dir, "tweets"))
    if scheme in MONGODB_SCHEMES:
        from subgraphs.tweets.stores.mongodb import MongoTweetStore

        return MongoTweetStore(url)
    raise UnknownScheme("tweets store", url, "sqlite", *MONGODB_SCHEMES)


def cached(store: TweetStore, cache: Cache, observe: Observe) -> TweetStore:
    """The store with a cache of hot tweets beside it; whoever opened the two closes them."""
    return CachedTweets(store, cache, observe)


def build(
    store: TweetStore,
    people: People,
    ids: IdSource,
    clock: Clock,
    *,
    prohibited: Path | None = None,
    pubsub: PubSub | None = None,
) -> TweetsRoom:
    """The room on a store. `prohibited` is the rules file of prohibited content, read once; without `pubsub` no tweet can be
    followed. Raises StartupError."""
    rules = None if prohibited is None else load_prohibited(prohibited)
    service = TweetService(store, people, ids, clock, Languages(), rules, pubsub)
    return TweetsRoom(Subgraph("tweets", build_schema(), context_of(service)), service, store)

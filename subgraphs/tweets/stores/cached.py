"""Tweets with a cache beside their store: hot ones are read from it, and what changes them makes it forget them.

What is kept of a tweet is the same for every viewer: what it says and its counts. What a viewer has done to it is asked of the
store. Who changes something through this store sees it at once; others as soon as the event of it has been heard, and at the
latest when what is kept ends.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

import msgspec

from murmur.cache.aside import Aside, Observe
from murmur.cache.ports import Cache
from murmur.cache.untold import Untold
from murmur.events import TweetEvent
from subgraphs.tweets.model import Edge, EdgeKind, Tweet, View
from subgraphs.tweets.ports import EdgeOutcome, Kept, TellEdge, TellTweet, TweetOutcome, TweetStore


class CachedTweets:
    """A `TweetStore`."""

    def __init__(self, store: TweetStore, cache: Cache, observe: Observe) -> None:
        self._store = store
        self._untold = Untold("tweets")
        self._views: Aside[int, View] = Aside(cache, "tweet.1", _Views(), self._load, observe)
        # The rest of the port is the store's own.
        self.marks = store.marks
        self.ancestors = store.ancestors
        self.entries = store.entries
        self.tweet_counts = store.tweet_counts
        self.posts_of = store.posts_of
        self.posts_by = store.posts_by
        self.standing = store.standing
        self.authors_of = store.authors_of
        self.kept = store.kept
        self.all_tweets = store.all_tweets
        self.all_edges = store.all_edges
        self.put_tweets = store.put_tweets
        self.put_edges = store.put_edges
        self.keys_after = store.keys_after
        self.put_keys = store.put_keys
        self.outbox = store.outbox
        self.close = store.close

    async def views(self, tweet_ids: Collection[int], viewer_id: int | None) -> Mapping[int, View]:
        if viewer_id is None or not tweet_ids:
            return await self._views.get(tweet_ids)
        found, marks = await asyncio.gather(self._views.get(tweet_ids), self._store.marks(tweet_ids, viewer_id))
        for tweet_id, done in marks.items():
            if done and tweet_id in found and not found[tweet_id].tweet.deleted:
                found[tweet_id] = replace(
                    found[tweet_id], liked="likes" in done, retweeted="retweets" in done, bookmarked="bookmarks" in done
                )
        return found

    async def publish(self, tweet: Tweet, key: str | None, content: bytes, tell: TellTweet) -> Kept:
        kept = await self._store.publish(tweet, key, content, tell)
        await self._forget(_counted(tweet))
        return kept

    async def delete(self, tweet_id: int, event: TweetEvent) -> bool:
        # What it answered and quoted counts it no longer; a tombstone does not say what that was.
        before = (await self._store.views([tweet_id], None)).get(tweet_id)
        deleted = await self._store.delete(tweet_id, event)
        await self._forget({tweet_id} if before is None else _counted(before.tweet))
        return deleted

    async def add_edges(self, kind: EdgeKind, edges: Sequence[Edge], tell: TellEdge) -> Sequence[EdgeOutcome]:
        outcomes = await self._store.add_edges(kind, edges, tell)
        await self._forget({edge.tweet_id for edge in edges})
        return outcomes

    async def remove_edge(self, kind: EdgeKind, user_id: int, tweet_id: int, tell: TellEdge) -> bool:
        removed = await self._store.remove_edge(kind, user_id, tweet_id, tell)
        await self._forget({tweet_id})
        return removed

    async def import_tweets(self, tweets: Sequence[Tweet], movable: AbstractSet[int], tell: TellTweet) -> Sequence[TweetOutcome]:
        outcomes = await self._store.import_tweets(tweets, movable, tell)
        await self._forget({tweet_id for tweet in tweets for tweet_id in _counted(tweet)})
        return outcomes

    async def _load(self, tweet_ids: Collection[int]) -> Mapping[int, View]:
        return await self._store.views(tweet_ids, None)

    async def _forget(self, tweet_ids: AbstractSet[int]) -> None:
        with self._untold.allowed():
            await self._views.forget(tweet_ids)


class _Views:
    def __init__(self) -> None:
        self.encode = msgspec.msgpack.Encoder().encode
        self.decode = msgspec.msgpack.Decoder(View).decode


def _counted(tweet: Tweet) -> AbstractSet[int]:
    """A tweet, and those that count it."""
    return {tweet_id for tweet_id in (tweet.id, tweet.in_reply_to_id, tweet.quoted_id) if tweet_id is not None}

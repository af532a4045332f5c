"""What the tweet store needs of MongoDB: told, made once, and used by every read."""

import asyncio
import re
import secrets
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from murmur.cluster.mongodb import VERSION, MongoDB
from murmur.cursors import Window
from murmur.errors import StartupError
from murmur.events import Liked, TweetEvent, TweetPublished
from subgraphs.tweets.model import Edge, Listing, Tweet
from subgraphs.tweets.stores.mongodb import MongoTweetStore
from subgraphs.tweets.wiring import open_store
from tests.support.mongodb_databases import profiled
from tests.support.tweet_stores import store_url

PEOPLE, TWEETS = range(1, 41), range(10_000, 11_200)
FEW = Window(5)


async def test_what_is_missing_is_told_made_once_and_missing_no_more(mongodb: MongoDB):
    url = mongodb.url_of(f"test_{secrets.token_hex(6)}")
    store, other = MongoTweetStore(url), MongoTweetStore(url)
    before = await store.engine.check()
    assert (before.name, before.version, before.role, before.lag) == ("mongodb", VERSION, "primary", None)
    assert {"edges: index t_k_-i", "keys: index at", "tweets: index due", "tweets: version 1 of its collections"} <= {
        *before.missing
    }
    assert await store.engine.check() == before
    # Two operators at once make the same.
    made = await asyncio.gather(store.engine.apply(), other.engine.apply())
    assert set(before.missing) == {line for lines in made for line in lines}
    assert (await other.engine.check()).missing == ()
    assert await store.engine.apply() == []
    async with AsyncMongoClient(mongodb.url) as client:
        await client.drop_database(url.rpartition("/")[2].partition("?")[0])
    await store.close()
    await other.close()


async def test_followers_that_keep_up_have_no_lag(mongodb: MongoDB, tmp_path: Path):
    with MongoDB(tmp_path, members=3) as three:
        store = MongoTweetStore(three.url)
        await store.engine.apply()
        report = await store.engine.check()
        assert report.role == "primary"
        assert re.fullmatch(r"\d\.\d s", str(report.lag))
        await store.close()


@pytest.mark.parametrize("url", ["mongodb://127.0.0.1:1", "mongodb://127.0.0.1:port/murmur", "mongodb://"])
def test_a_url_without_a_database_is_an_operators_error(url: str, tmp_path: Path):
    with pytest.raises(StartupError, match="mongodb://HOST"):
        open_store(url, tmp_path)


def published(tweet: Tweet, answered: int | None, quoted: int | None) -> TweetEvent:
    return TweetPublished(id=tweet.id, at=0, tweet_id=tweet.id, author_id=tweet.author_id, text=tweet.text)


def liked(edge: Edge, author_id: int) -> TweetEvent:
    return Liked(id=edge.id, at=0, tweet_id=edge.tweet_id, author_id=author_id, user_id=edge.user_id)


async def fill(store: MongoTweetStore) -> None:
    first = TWEETS[0]
    tweets = [
        Tweet(id_, PEOPLE[id_ % len(PEOPLE)], 0, "x", in_reply_to_id=first if id_ % 3 and id_ > first else None) for id_ in TWEETS
    ]
    await store.import_tweets(tweets, frozenset(), published)
    for kind, start in (("likes", 20_000), ("retweets", 30_000), ("bookmarks", 40_000)):
        edges = [Edge(start + index, 100 + index, first) for index in range(600)]
        edges += [Edge(start + 1_000 + index, PEOPLE[0], tweet) for index, tweet in enumerate(TWEETS[1:600])]
        await store.add_edges(kind, edges, liked)


async def test_no_read_looks_at_more_than_it_shows(mongodb: MongoDB):
    async with store_url(mongodb) as url, profiled(url) as looked_at:
        store = MongoTweetStore(url)
        await fill(store)
        while entries := await store.outbox.pending(1_000):
            await store.outbox.remove(entries)
        first, person = TWEETS[0], PEOPLE[0]

        listings: tuple[tuple[Listing, int], ...] = (
            ("originals", person),
            ("replies", PEOPLE[1]),
            ("likes", person),
            ("bookmarks", person),
            ("thread", first),
            ("likers", first),
            ("retweeters", first),
        )
        for listing, owner in listings:
            found = await store.entries(listing, {owner: FEW})
            assert len(found[owner]) == FEW.fetch, listing
            documents, keys = await looked_at(store.entries(listing, {owner: FEW}))
            assert documents <= 4 * FEW.fetch, listing
            assert keys <= 4 * FEW.fetch, listing
        documents, keys = await looked_at(store.posts_of(PEOPLE, FEW))
        assert documents <= len(PEOPLE) + 3 * FEW.fetch
        assert keys <= 4 * len(PEOPLE)
        assert (await looked_at(store.posts_by(dict.fromkeys(PEOPLE, FEW))))[0] <= 4 * FEW.fetch * len(PEOPLE)
        assert (await looked_at(store.views(TWEETS[:10], person)))[0] <= 10 + 3 * 10
        assert (await looked_at(store.tweet_counts(PEOPLE)))[0] == len(PEOPLE)
        assert (await looked_at(store.all_tweets(TWEETS[10], 5)))[0] <= 5
        assert (await looked_at(store.all_edges("likes", 20_100, 5)))[0] <= 10
        assert await looked_at(store.outbox.pending(100)) == (0, 0)
        await store.close()

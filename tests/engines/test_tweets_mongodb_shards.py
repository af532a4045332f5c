"""On a cluster each operation knows its shard. The contract suites run under the same watch."""

from pathlib import Path

import pytest

from murmur.cluster.mongodb import MongoDB
from murmur.cursors import Window
from subgraphs.tweets.model import Listing
from subgraphs.tweets.stores.mongodb import MongoTweetStore
from tests.support.shard_keys import WATCH, concern_faults, key_faults
from tests.support.tweet_stores import store_url


@pytest.mark.parametrize(
    "command",
    [
        {"find": "tweets", "filter": {"author_id": 1}},
        {"find": "tweets", "filter": {"_id": {"$gt": 1}}},
        {"find": "edges", "filter": {"_id": {"o": 1, "k": "likes", "i": 2}}},
        {"update": "posts", "updates": [{"q": {"u": 1}}, {"q": {"i": 1}}]},
        {"update": "tweets", "updates": [{"q": {"_id": {"$in": [1, 2]}}}]},
        {"delete": "keys", "deletes": [{"q": {}}]},
        {"insert": "marks", "documents": [{"_id": 1}]},
        {"findAndModify": "outbox", "query": {"_id": 1}},
        {"aggregate": "edges", "pipeline": [{"$match": {"k": "likes"}}]},
        {"aggregate": "edges", "pipeline": [{"$match": {"t": 1}}, {"$unionWith": {"coll": "posts", "pipeline": []}}]},
        {"aggregate": "edges", "pipeline": [{"$match": {"t": 1}}, {"$lookup": {"from": "tweets"}}]},
    ],
)
def test_the_watch_sees_what_would_ask_every_shard(command: dict[str, object]) -> None:
    assert len(key_faults(command)) == 1


@pytest.mark.parametrize(
    "command",
    [
        {"find": "tweets", "filter": {"_id": {"$in": [1, 2]}, "deleted": None}},
        {"find": "edges", "filter": {"_id": {"o": 1, "k": "likes", "i": 2}, "t": 1}},
        {"find": "tweets", "filter": {"_id": {"$gt": 1}}, "comment": "all_tweets"},
        {"insert": "marks", "documents": [{"_id": 1, "u": 1}]},
        {
            "aggregate": "edges",
            "pipeline": [{"$match": {"t": 1}}, {"$unionWith": {"coll": "posts", "pipeline": [{"$match": {"u": 2}}]}}],
        },
        {"find": "murmur_schema", "filter": {}},
    ],
)
def test_the_watch_lets_pass_what_knows_its_shards(command: dict[str, object]) -> None:
    assert key_faults(command) == []


def test_the_watch_sees_what_a_failover_would_take_back() -> None:
    for concern in (None, {"w": 1}, {"w": "majority"}):
        assert concern_faults({"update": "tweets", "updates": [], "writeConcern": concern})
    assert not concern_faults({"update": "tweets", "updates": [], "writeConcern": {"w": "majority", "j": True}})


async def test_lists_of_many_owners_take_as_many_calls_as_of_one(mongodb: MongoDB) -> None:
    async with store_url(mongodb) as url:
        store = MongoTweetStore(url)

        async def calls(listing: Listing, owners: range) -> int:
            before = sum(WATCH.commands.values())
            await store.entries(listing, dict.fromkeys(owners, Window(5)))
            return sum(WATCH.commands.values()) - before

        listings: tuple[Listing, ...] = ("originals", "replies", "likes", "bookmarks", "thread", "likers", "retweeters")
        for listing in listings:
            assert await calls(listing, range(1, 101)) == await calls(listing, range(1, 2)) <= 2
        await store.close()


async def test_the_watch_is_on_for_what_a_store_asks(mongodb: MongoDB, tmp_path: Path) -> None:
    async with store_url(mongodb) as url:
        store = MongoTweetStore(url)
        before = sum(WATCH.commands.values())
        await store.standing([1])
        assert sum(WATCH.commands.values()) == before + 1
        await store.close()

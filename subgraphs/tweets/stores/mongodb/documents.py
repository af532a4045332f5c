"""How tweets become documents and back, and how windows become filters."""

from collections.abc import Mapping

import msgspec
from bson.datetime_ms import DatetimeMS

from murmur.cursors import Window
from murmur.ids import MAX_ID
from murmur.mongodb import Document
from murmur.post import Post
from murmur.text import Entities
from subgraphs.tweets.model import NO_ENTITIES, IdempotencyKey, Kept, Tweet
from subgraphs.tweets.stores.mongodb.collections import PATH

TWEET_FIELDS = ("author_id", "created_at", "text", "entities", "in_reply_to_id", "quoted_id", "deleted", "lang")

_encoder = msgspec.json.Encoder()
_entities = msgspec.json.Decoder(Entities)


def tweet_document(tweet: Tweet, targets: Mapping[int, Document]) -> Document:
    """A new tweet, given what it answers, with its `path`."""
    document: Document = {
        "_id": tweet.id,
        "author_id": tweet.author_id,
        "created_at": tweet.created_at,
        "text": tweet.text,
    }
    if tweet.entities != NO_ENTITIES:
        document["entities"] = _encoder.encode(tweet.entities)
    if tweet.in_reply_to_id is not None:
        document["in_reply_to_id"] = tweet.in_reply_to_id
        above = targets.get(tweet.in_reply_to_id, {}).get("path", ())
        document["path"] = [*above, tweet.in_reply_to_id][-PATH:]
    if tweet.quoted_id is not None:
        document["quoted_id"] = tweet.quoted_id
    if tweet.deleted:
        document["deleted"] = True
    if tweet.lang is not None:
        document["lang"] = tweet.lang
    return document


def read_tweet(document: Document) -> Tweet:
    """The tweet of a document with TWEET_FIELDS."""
    get = document.get
    entities = get("entities")
    return Tweet(
        document["_id"],
        document["author_id"],
        document["created_at"],
        document["text"],
        NO_ENTITIES if entities is None else _entities.decode(entities),
        get("in_reply_to_id"),
        get("quoted_id"),
        get("deleted", False),
        get("lang"),
    )


def post_of(user_id: int, row: Document) -> Post:
    """A row of `posts` or a line of a person's ledger: a retweet has `t` and `a`; else the person is the author."""
    return Post(row["i"], row.get("t", row["i"]), row.get("a", user_id), user_id)


def key_document(row: IdempotencyKey) -> Document:
    name, kept = {"a": row.author_id, "k": row.key}, row.kept
    return {"_id": name, "a": row.author_id, "t": kept.tweet_id, "c": kept.content, "at": DatetimeMS(row.at)}


def key_of(document: Document) -> IdempotencyKey:
    name, kept = document["_id"], Kept(document["t"], document["c"])
    return IdempotencyKey(name["a"], name["k"], kept, int(DatetimeMS(document["at"])))


def bounds(window: Window) -> tuple[int, int]:
    """The exclusive bounds, below and above, as a signed integer can hold them: a cursor has 64 bits."""
    below = MAX_ID if window.below is None else min(window.below, MAX_ID)
    return below, -1 if window.above is None else min(window.above, MAX_ID)

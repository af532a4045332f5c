"""The tables of the SQLite adapter, and how rows become model types and back."""

import sqlite3
from collections.abc import Collection

import msgspec

from murmur import outbox
from murmur.sqlite import Migrations
from murmur.text import Entities
from subgraphs.tweets.model import NO_ENTITIES, Tweet

# An edge table is (id, user_id, tweet_id): once for each person and tweet, listed by person and, but for bookmarks, by tweet.
# `posts` is everybody's timeline of tweets and retweets in one range of one b-tree; retweets of deleted tweets stay in it and
# are passed over when read, since a deletion must not cost a write for each retweet.
MIGRATIONS: Migrations = (
    outbox.SCHEMA
    + """
CREATE TABLE tweets (
    id             INTEGER PRIMARY KEY,
    author_id      INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    text           TEXT NOT NULL,
    entities       BLOB,
    in_reply_to_id INTEGER REFERENCES tweets (id),
    quoted_id      INTEGER REFERENCES tweets (id),
    deleted        INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX tweets_original ON tweets (author_id) WHERE in_reply_to_id IS NULL AND deleted = 0;
CREATE INDEX tweets_reply ON tweets (author_id) WHERE in_reply_to_id IS NOT NULL AND deleted = 0;
CREATE INDEX tweets_thread ON tweets (in_reply_to_id) WHERE in_reply_to_id IS NOT NULL;

CREATE TABLE tweet_counts (
    tweet_id  INTEGER PRIMARY KEY,
    likes     INTEGER NOT NULL DEFAULT 0,
    retweets  INTEGER NOT NULL DEFAULT 0,
    replies   INTEGER NOT NULL DEFAULT 0,
    quotes    INTEGER NOT NULL DEFAULT 0,
    bookmarks INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE author_counts (
    author_id INTEGER PRIMARY KEY,
    tweets    INTEGER NOT NULL
);

CREATE TABLE likes (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, tweet_id INTEGER NOT NULL);
CREATE UNIQUE INDEX likes_once ON likes (user_id, tweet_id);
CREATE INDEX likes_user ON likes (user_id);
CREATE INDEX likes_tweet ON likes (tweet_id);

CREATE TABLE retweets (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, tweet_id INTEGER NOT NULL);
CREATE UNIQUE INDEX retweets_once ON retweets (user_id, tweet_id);
CREATE INDEX retweets_tweet ON retweets (tweet_id);

CREATE TABLE bookmarks (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, tweet_id INTEGER NOT NULL);
CREATE UNIQUE INDEX bookmarks_once ON bookmarks (user_id, tweet_id);
CREATE INDEX bookmarks_user ON bookmarks (user_id);

CREATE TABLE posts (
    user_id   INTEGER NOT NULL,
    id        INTEGER NOT NULL,
    tweet_id  INTEGER NOT NULL,
    author_id INTEGER NOT NULL,
    PRIMARY KEY (user_id, id)
) WITHOUT ROWID;

CREATE TABLE idempotency_keys (
    seq       INTEGER PRIMARY KEY,
    author_id INTEGER NOT NULL,
    key       TEXT NOT NULL,
    tweet_id  INTEGER NOT NULL,
    content   BLOB NOT NULL,
    at        INTEGER NOT NULL
);
CREATE UNIQUE INDEX idempotency_keys_author ON idempotency_keys (author_id, key);
""",
    "ALTER TABLE tweets ADD COLUMN lang TEXT;",
)

TWEET_COLUMNS = "t.id, t.author_id, t.created_at, t.text, t.entities, t.in_reply_to_id, t.quoted_id, t.deleted, t.lang"

_encoder = msgspec.json.Encoder()
_entities = msgspec.json.Decoder(Entities)


def json_ids(ids: Collection[int]) -> str:
    """Ids as a JSON array, which `json_each` reads: one prepared statement serves lists of every length."""
    return _encoder.encode(list(ids)).decode()


def read_tweet(row: sqlite3.Row) -> Tweet:
    """A tweet of a row that begins with TWEET_COLUMNS."""
    tweet_id, author_id, created_at, text, entities, in_reply_to_id, quoted_id, deleted, lang = row[:9]
    found = NO_ENTITIES if entities is None else _entities.decode(entities)
    return Tweet(tweet_id, author_id, created_at, text, found, in_reply_to_id, quoted_id, bool(deleted), lang)


def tweet_values(tweet: Tweet) -> tuple[int | str | bytes | None, ...]:
    return (
        tweet.id,
        tweet.author_id,
        tweet.created_at,
        tweet.text,
        None if tweet.entities == NO_ENTITIES else _encoder.encode(tweet.entities),
        tweet.in_reply_to_id,
        tweet.quoted_id,
        int(tweet.deleted),
        tweet.lang,
    )

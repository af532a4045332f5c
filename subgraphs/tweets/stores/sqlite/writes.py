"""Writes of the SQLite adapter, each within the transaction that its caller began: rows, counts and events together."""

import sqlite3
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Literal

from murmur import outbox
from murmur.events import TweetEvent
from subgraphs.tweets.model import Edge, EdgeKind, IdempotencyKey, Kept, Tweet
from subgraphs.tweets.ports import EdgeOutcome, TargetGone, TellEdge, TellTweet, TweetOutcome
from subgraphs.tweets.stores.sqlite.tables import tweet_values

KEY_MS = 24 * 60 * 60 * 1000
# Each new key removes up to this many that have expired, so the table holds about a day's keys.
_EXPIRED_AT_ONCE = 8

_Count = Literal["likes", "retweets", "replies", "quotes", "bookmarks"]
_INSERT_TWEET = "INSERT INTO tweets VALUES (?,?,?,?,?,?,?,?,?)"
_ID_TAKEN = """
SELECT EXISTS (SELECT 1 FROM tweets WHERE id = ?1) OR EXISTS (SELECT 1 FROM retweets WHERE id = ?1)
    OR EXISTS (SELECT 1 FROM likes WHERE id = ?1) OR EXISTS (SELECT 1 FROM bookmarks WHERE id = ?1)
"""


def publish(connection: sqlite3.Connection, tweet: Tweet, key: str | None, content: bytes, tell: TellTweet) -> Kept:
    if key is not None:
        known = kept(connection, tweet.author_id, key)
        if known is not None:
            return known
        connection.execute(
            "DELETE FROM idempotency_keys WHERE at < ? AND seq IN (SELECT seq FROM idempotency_keys ORDER BY seq LIMIT ?)",
            (tweet.created_at - KEY_MS, _EXPIRED_AT_ONCE),
        )
        put_key(connection, IdempotencyKey(tweet.author_id, key, Kept(tweet.id, content), tweet.created_at))
    authors: list[int | None] = []
    for target in (tweet.in_reply_to_id, tweet.quoted_id):
        author = None if target is None else _author(connection, target, standing=True)
        if target is not None and author is None:
            raise TargetGone(target)
        authors.append(author)
    _insert(connection, tweet)
    outbox.append(connection, tell(tweet, *authors))
    return Kept(tweet.id, content)


def kept(connection: sqlite3.Connection, author_id: int, key: str) -> Kept | None:
    row = connection.execute(
        "SELECT tweet_id, content FROM idempotency_keys WHERE author_id = ? AND key = ?", (author_id, key)
    ).fetchone()
    return None if row is None else Kept(*row)


def put_key(connection: sqlite3.Connection, row: IdempotencyKey) -> None:
    connection.execute(
        "INSERT INTO idempotency_keys (author_id, key, tweet_id, content, at) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING",
        (row.author_id, row.key, row.kept.tweet_id, row.kept.content, row.at),
    )


def delete(connection: sqlite3.Connection, tweet_id: int, event: TweetEvent) -> bool:
    row = connection.execute(
        "SELECT author_id, in_reply_to_id, quoted_id FROM tweets WHERE id = ? AND deleted = 0", (tweet_id,)
    ).fetchone()
    if row is None:
        return False
    author_id, in_reply_to_id, quoted_id = row
    gone = "UPDATE tweets SET deleted = 1, text = '', entities = NULL, quoted_id = NULL, lang = NULL WHERE id = ?"
    connection.execute(gone, (tweet_id,))
    connection.execute("DELETE FROM posts WHERE user_id = ? AND id = ?", (author_id, tweet_id))
    connection.execute("UPDATE author_counts SET tweets = tweets - 1 WHERE author_id = ?", (author_id,))
    if in_reply_to_id is not None:
        _count_down(connection, in_reply_to_id, "replies")
    if quoted_id is not None:
        _count_down(connection, quoted_id, "quotes")
    outbox.append(connection, event)
    return True


def add_edges(connection: sqlite3.Connection, kind: EdgeKind, edges: Sequence[Edge], tell: TellEdge) -> list[EdgeOutcome]:
    return [_add_edge(connection, kind, edge, tell) for edge in edges]


def _add_edge(connection: sqlite3.Connection, kind: EdgeKind, edge: Edge, tell: TellEdge) -> EdgeOutcome:
    author_id = _author(connection, edge.tweet_id, standing=True)
    if author_id is None:
        return "gone"
    if _edge_id(connection, kind, edge.user_id, edge.tweet_id) is not None:
        return "present"
    edge = Edge(_free_id(connection, edge.id), edge.user_id, edge.tweet_id)
    _insert_edge(connection, kind, edge, author_id)
    event = tell(edge, author_id)
    if event is not None:
        outbox.append(connection, event)
    return "added"


def remove_edge(connection: sqlite3.Connection, kind: EdgeKind, user_id: int, tweet_id: int, tell: TellEdge) -> bool:
    author_id = _author(connection, tweet_id, standing=False)
    edge_id = _edge_id(connection, kind, user_id, tweet_id)
    if author_id is None or edge_id is None:
        return False
    connection.execute(f"DELETE FROM {kind} WHERE id = ?", (edge_id,))  # noqa: S608 (a closed set of names)
    if kind == "retweets":
        connection.execute("DELETE FROM posts WHERE user_id = ? AND id = ?", (user_id, edge_id))
    _count_down(connection, tweet_id, kind)
    event = tell(Edge(edge_id, user_id, tweet_id), author_id)
    if event is not None:
        outbox.append(connection, event)
    return True


def put_tweets(connection: sqlite3.Connection, tweets: Sequence[Tweet]) -> None:
    for tweet in sorted(tweets, key=lambda tweet: tweet.id):
        if _author(connection, tweet.id, standing=False) is not None:
            continue
        if tweet.deleted:
            connection.execute(_INSERT_TWEET, tweet_values(tweet))
        else:
            _insert(connection, tweet)


def put_edges(connection: sqlite3.Connection, kind: EdgeKind, edges: Sequence[Edge]) -> None:
    for edge in edges:
        author_id = _author(connection, edge.tweet_id, standing=False)
        if author_id is not None and _edge_id(connection, kind, edge.user_id, edge.tweet_id) is None:
            _insert_edge(connection, kind, edge, author_id)


def import_tweets(
    connection: sqlite3.Connection, tweets: Sequence[Tweet], movable: AbstractSet[int], tell: TellTweet
) -> list[TweetOutcome]:
    outcomes: dict[int, TweetOutcome] = {}
    for index, tweet in sorted(enumerate(tweets), key=lambda row: row[1].id):
        outcomes[index] = _import_tweet(connection, tweet, index in movable, tell)
    return [outcomes[index] for index in range(len(tweets))]


def _import_tweet(connection: sqlite3.Connection, tweet: Tweet, movable: bool, tell: TellTweet) -> TweetOutcome:
    while connection.execute(_ID_TAKEN, (tweet.id,)).fetchone()[0]:
        if _is_same(connection, tweet):
            return "present"
        if not movable:
            return "taken"
        tweet = replace(tweet, id=tweet.id + 1)
    authors: list[int | None] = []
    for target in (tweet.in_reply_to_id, tweet.quoted_id):
        author = None if target is None else _author(connection, target, standing=False)
        # What a reply answers is older, so rising ids are an order in which everything can be imported again.
        if target is not None and (author is None or target >= tweet.id):
            return "orphan"
        authors.append(author)
    if tweet.deleted:
        connection.execute(_INSERT_TWEET, tweet_values(tweet))
    else:
        _insert(connection, tweet)
        outbox.append(connection, tell(tweet, *authors))
    return "added"


def _is_same(connection: sqlite3.Connection, tweet: Tweet) -> bool:
    row = connection.execute("SELECT author_id, text, deleted FROM tweets WHERE id = ?", (tweet.id,)).fetchone()
    return row is not None and row[0] == tweet.author_id and (bool(row[2]) or tweet.deleted or row[1] == tweet.text)


def _insert_edge(connection: sqlite3.Connection, kind: EdgeKind, edge: Edge, author_id: int) -> None:
    connection.execute(
        f"INSERT INTO {kind} (id, user_id, tweet_id) VALUES (?,?,?)",  # noqa: S608 (a closed set of names)
        (edge.id, edge.user_id, edge.tweet_id),
    )
    if kind == "retweets":
        connection.execute("INSERT INTO posts VALUES (?,?,?,?)", (edge.user_id, edge.id, edge.tweet_id, author_id))
    _count_up(connection, edge.tweet_id, kind)


def _insert(connection: sqlite3.Connection, tweet: Tweet) -> None:
    connection.execute(_INSERT_TWEET, tweet_values(tweet))
    connection.execute("INSERT INTO posts VALUES (?,?,?,?)", (tweet.author_id, tweet.id, tweet.id, tweet.author_id))
    connection.execute(
        "INSERT INTO author_counts VALUES (?, 1) ON CONFLICT (author_id) DO UPDATE SET tweets = tweets + 1", (tweet.author_id,)
    )
    if tweet.in_reply_to_id is not None:
        _count_up(connection, tweet.in_reply_to_id, "replies")
    if tweet.quoted_id is not None:
        _count_up(connection, tweet.quoted_id, "quotes")


def _author(connection: sqlite3.Connection, tweet_id: int, *, standing: bool) -> int | None:
    row = connection.execute("SELECT author_id, deleted FROM tweets WHERE id = ?", (tweet_id,)).fetchone()
    return None if row is None or (standing and row[1]) else row[0]


def _edge_id(connection: sqlite3.Connection, kind: EdgeKind, user_id: int, tweet_id: int) -> int | None:
    sql = f"SELECT id FROM {kind} WHERE user_id = ? AND tweet_id = ?"  # noqa: S608 (a closed set of names)
    row = connection.execute(sql, (user_id, tweet_id)).fetchone()
    return None if row is None else row[0]


def _free_id(connection: sqlite3.Connection, wanted: int) -> int:
    """Ids are one space: a tweet's and a retweet's are both positions in timelines."""
    while connection.execute(_ID_TAKEN, (wanted,)).fetchone()[0]:
        wanted += 1
    return wanted


def _count_up(connection: sqlite3.Connection, tweet_id: int, count: _Count) -> None:
    connection.execute(
        f"INSERT INTO tweet_counts (tweet_id, {count}) VALUES (?, 1)"  # noqa: S608 (a closed set of names)
        f" ON CONFLICT (tweet_id) DO UPDATE SET {count} = {count} + 1",
        (tweet_id,),
    )


def _count_down(connection: sqlite3.Connection, tweet_id: int, count: _Count) -> None:
    sql = f"UPDATE tweet_counts SET {count} = {count} - 1 WHERE tweet_id = ?"  # noqa: S608 (a closed set of names)
    connection.execute(sql, (tweet_id,))

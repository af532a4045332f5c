"""Reads of the SQLite adapter, each on one connection in one call."""

import sqlite3
from collections.abc import Collection, Mapping

from murmur.cursors import Window
from murmur.ids import MAX_ID
from murmur.post import Post
from subgraphs.tweets.model import EdgeKind, Entry, Listing, View
from subgraphs.tweets.stores.sqlite.tables import TWEET_COLUMNS, json_ids, read_tweet

_VIEWS = f"""
SELECT {TWEET_COLUMNS}, ifnull(c.likes, 0), ifnull(c.retweets, 0), ifnull(c.replies, 0), ifnull(c.quotes, 0),
    ifnull(c.bookmarks, 0),
    EXISTS (SELECT 1 FROM likes WHERE user_id = ?2 AND tweet_id = t.id),
    EXISTS (SELECT 1 FROM retweets WHERE user_id = ?2 AND tweet_id = t.id),
    EXISTS (SELECT 1 FROM bookmarks WHERE user_id = ?2 AND tweet_id = t.id)
FROM json_each(?1) j CROSS JOIN tweets t ON t.id = j.value LEFT JOIN tweet_counts c ON c.tweet_id = t.id
"""  # noqa: S608 (column names of ours only)

_MARKS = " UNION ALL ".join(
    f"SELECT '{kind}', t.id FROM json_each(?1) j CROSS JOIN {kind} e ON e.user_id = ?2 AND e.tweet_id = j.value"  # noqa: S608 (our tables)
    " CROSS JOIN tweets t ON t.id = e.tweet_id WHERE t.deleted = 0"
    for kind in ("likes", "retweets", "bookmarks")
)

_ANCESTORS = """
WITH RECURSIVE above (start, id, depth) AS (
    SELECT t.id, t.in_reply_to_id, 1 FROM json_each(?1) j CROSS JOIN tweets t ON t.id = j.value WHERE t.in_reply_to_id IS NOT NULL
    UNION ALL
    SELECT above.start, t.in_reply_to_id, above.depth + 1 FROM above CROSS JOIN tweets t ON t.id = above.id
    WHERE t.in_reply_to_id IS NOT NULL AND above.depth < ?2
)
SELECT start, id FROM above ORDER BY start, depth DESC
"""

_STANDS = "EXISTS (SELECT 1 FROM tweets t WHERE t.id = p.tweet_id AND t.deleted = 0)"
_LISTINGS: dict[Listing, str] = {
    "originals": "SELECT id, id, author_id FROM tweets WHERE author_id = ?1 AND in_reply_to_id IS NULL AND deleted = 0",
    "replies": "SELECT id, id, author_id FROM tweets WHERE author_id = ?1 AND in_reply_to_id IS NOT NULL AND deleted = 0",
    "likes": "SELECT e.id, e.tweet_id, t.author_id FROM likes e CROSS JOIN tweets t ON t.id = e.tweet_id"
    " WHERE e.user_id = ?1 AND t.deleted = 0",
    "bookmarks": "SELECT e.id, e.tweet_id, t.author_id FROM bookmarks e CROSS JOIN tweets t ON t.id = e.tweet_id"
    " WHERE e.user_id = ?1 AND t.deleted = 0",
    "thread": "SELECT t.id, t.id, t.author_id FROM tweets t WHERE t.in_reply_to_id = ?1 AND t.in_reply_to_id IS NOT NULL"
    " AND (t.deleted = 0 OR EXISTS (SELECT 1 FROM tweet_counts c WHERE c.tweet_id = t.id AND c.replies > 0))",
    "likers": "SELECT id, tweet_id, user_id FROM likes WHERE tweet_id = ?1",
    "retweeters": "SELECT id, tweet_id, user_id FROM retweets WHERE tweet_id = ?1",
}


def views(connection: sqlite3.Connection, tweet_ids: Collection[int], viewer_id: int | None) -> dict[int, View]:
    found: dict[int, View] = {}
    for row in connection.execute(_VIEWS, (json_ids(tweet_ids), viewer_id)):
        tweet = read_tweet(row)
        likes, retweets, replies, quotes, bookmarks, liked, retweeted, bookmarked = row[9:]
        view = View(tweet, likes, retweets, replies, quotes, bookmarks, bool(liked), bool(retweeted), bool(bookmarked))
        found[tweet.id] = view.tombstone(hidden=False) if tweet.deleted else view
    return found


def marks(connection: sqlite3.Connection, tweet_ids: Collection[int], viewer_id: int) -> dict[int, set[EdgeKind]]:
    found: dict[int, set[EdgeKind]] = {}
    for kind, tweet_id in connection.execute(_MARKS, (json_ids(tweet_ids), viewer_id)):
        found.setdefault(tweet_id, set()).add(kind)
    return found


def ancestors(connection: sqlite3.Connection, tweet_ids: Collection[int], limit: int) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for start, above in connection.execute(_ANCESTORS, (json_ids(tweet_ids), limit)):
        found.setdefault(start, []).append(above)
    return found


def entries(connection: sqlite3.Connection, listing: Listing, wanted: Mapping[int, Window]) -> dict[int, list[Entry]]:
    position = {"likes": "e.id", "bookmarks": "e.id", "thread": "t.id"}.get(listing, "id")
    sql = f"{_LISTINGS[listing]} AND {position} < ?2 AND {position} > ?3 ORDER BY {position}"
    found: dict[int, list[Entry]] = {}
    for owner_id, window in wanted.items():
        order = "ASC" if window.from_oldest else "DESC"
        rows = connection.execute(f"{sql} {order} LIMIT ?4", (owner_id, *_bounds(window), window.fetch)).fetchall()
        found[owner_id] = [Entry(*row) for row in (reversed(rows) if window.from_oldest else rows)]
    return found


def posts_of(connection: sqlite3.Connection, user_ids: Collection[int], window: Window) -> list[Post]:
    """The newest of many people's posts without reading all of each.

    A few of each person's newest give `window.fetch` posts; the oldest of these bounds what can be in the answer, and a
    second pass reads only what lies above it.
    """
    below, above = _bounds(window)
    order, bound = ("ASC", "below") if window.from_oldest else ("DESC", "above")
    people, wanted = set(user_ids), window.fetch
    sql = f"""
    SELECT p.id, p.tweet_id, p.author_id, p.user_id
    FROM json_each(:people) j CROSS JOIN posts p ON p.user_id = j.value AND p.id IN (
        SELECT p.id FROM posts p
        WHERE p.user_id = j.value AND p.id < :below AND p.id > :above AND (p.tweet_id = p.id OR {_STANDS})
        ORDER BY p.id {order} LIMIT :each
    ) ORDER BY p.id {order} LIMIT :wanted
    """  # noqa: S608 (words of ours only)
    values: dict[str, int | str] = {"people": json_ids(people), "below": below, "above": above, "wanted": wanted}
    each = min(2 * wanted // max(len(people), 1) + 1, wanted)
    while True:
        rows = connection.execute(sql, values | {"each": each}).fetchall()
        if each == wanted:
            break
        if len(rows) == wanted:
            values[bound] = rows[-1][0] + (1 if window.from_oldest else -1)
            each = wanted
        else:
            each = min(each * 8, wanted)
    return [Post(*row) for row in (reversed(rows) if window.from_oldest else rows)]


def _bounds(window: Window) -> tuple[int, int]:
    """The exclusive bounds as SQLite can hold them: a cursor has 64 bits, a column 63."""
    below = MAX_ID if window.below is None else min(window.below, MAX_ID)
    return below, -1 if window.above is None else min(window.above, MAX_ID)

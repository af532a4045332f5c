"""The tweet store on one SQLite file."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from murmur.clock import wall_clock
from murmur.cursors import Window
from murmur.events import TweetEvent
from murmur.outbox import SqliteOutbox
from murmur.post import Post
from murmur.sqlite import Database
from subgraphs.tweets.model import Edge, EdgeKind, Entry, IdempotencyKey, Kept, Listing, Tweet, View
from subgraphs.tweets.ports import EdgeOutcome, TellEdge, TellTweet, TweetOutcome
from subgraphs.tweets.stores.sqlite import reads, writes
from subgraphs.tweets.stores.sqlite.tables import MIGRATIONS, TWEET_COLUMNS, json_ids, read_tweet


class SqliteTweetStore:
    """Opens the file at `path`. Raises StartupError."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, MIGRATIONS)
        self.outbox = SqliteOutbox(self._database, "tweets")

    async def views(self, tweet_ids: Collection[int], viewer_id: int | None) -> Mapping[int, View]:
        return await self._database.read(lambda connection: reads.views(connection, tweet_ids, viewer_id))

    async def marks(self, tweet_ids: Collection[int], viewer_id: int) -> Mapping[int, AbstractSet[EdgeKind]]:
        return await self._database.read(lambda connection: reads.marks(connection, tweet_ids, viewer_id))

    async def ancestors(self, tweet_ids: Collection[int], limit: int) -> Mapping[int, Sequence[int]]:
        return await self._database.read(lambda connection: reads.ancestors(connection, tweet_ids, limit))

    async def entries(self, listing: Listing, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Entry]]:
        return await self._database.read(lambda connection: reads.entries(connection, listing, wanted))

    async def tweet_counts(self, user_ids: Collection[int]) -> Mapping[int, int]:
        rows = await self._database.fetch(
            "SELECT c.author_id, c.tweets FROM json_each(?) j CROSS JOIN author_counts c ON c.author_id = j.value",
            (json_ids(user_ids),),
        )
        return {row[0]: row[1] for row in rows}

    async def posts_of(self, user_ids: Collection[int], window: Window) -> Sequence[Post]:
        return await self._database.read(lambda connection: reads.posts_of(connection, user_ids, window))

    async def posts_by(self, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Post]]:
        return await self._database.read(
            lambda connection: {user_id: reads.posts_of(connection, (user_id,), window) for user_id, window in wanted.items()}
        )

    async def standing(self, tweet_ids: Collection[int]) -> AbstractSet[int]:
        rows = await self._database.fetch(
            "SELECT t.id FROM json_each(?) j CROSS JOIN tweets t ON t.id = j.value AND t.deleted = 0", (json_ids(tweet_ids),)
        )
        return {row[0] for row in rows}

    async def authors_of(self, tweet_ids: Collection[int]) -> Mapping[int, int]:
        sql = "SELECT t.id, t.author_id FROM json_each(?) j CROSS JOIN tweets t ON t.id = j.value"
        return {row[0]: row[1] for row in await self._database.fetch(sql, (json_ids(tweet_ids),))}

    async def kept(self, author_id: int, key: str) -> Kept | None:
        return await self._database.read(lambda connection: writes.kept(connection, author_id, key))

    async def publish(self, tweet: Tweet, key: str | None, content: bytes, tell: TellTweet) -> Kept:
        return await self._database.write(lambda connection: writes.publish(connection, tweet, key, content, tell))

    async def delete(self, tweet_id: int, event: TweetEvent) -> bool:
        return await self._database.write(lambda connection: writes.delete(connection, tweet_id, event))

    async def add_edges(self, kind: EdgeKind, edges: Sequence[Edge], tell: TellEdge) -> Sequence[EdgeOutcome]:
        return await self._database.write(lambda connection: writes.add_edges(connection, kind, edges, tell))

    async def remove_edge(self, kind: EdgeKind, user_id: int, tweet_id: int, tell: TellEdge) -> bool:
        return await self._database.write(lambda connection: writes.remove_edge(connection, kind, user_id, tweet_id, tell))

    async def import_tweets(self, tweets: Sequence[Tweet], movable: AbstractSet[int], tell: TellTweet) -> Sequence[TweetOutcome]:
        return await self._database.write(lambda connection: writes.import_tweets(connection, tweets, movable, tell))

    async def all_tweets(self, after_id: int, limit: int) -> Sequence[Tweet]:
        sql = f"SELECT {TWEET_COLUMNS} FROM tweets t WHERE t.id > ? ORDER BY t.id LIMIT ?"  # noqa: S608 (column names of ours)
        rows = await self._database.fetch(sql, (after_id, limit))
        return [read_tweet(row) for row in rows]

    async def all_edges(self, kind: EdgeKind, after_id: int, limit: int) -> Sequence[Edge]:
        rows = await self._database.fetch(
            f"SELECT e.id, e.user_id, e.tweet_id FROM {kind} e"  # noqa: S608 (a closed set of names)
            " CROSS JOIN tweets t ON t.id = e.tweet_id AND t.deleted = 0 WHERE e.id > ? ORDER BY e.id LIMIT ?",
            (after_id, limit),
        )
        return [Edge(*row) for row in rows]

    async def put_tweets(self, tweets: Sequence[Tweet]) -> None:
        await self._database.write(lambda connection: writes.put_tweets(connection, tweets))

    async def put_edges(self, kind: EdgeKind, edges: Sequence[Edge]) -> None:
        await self._database.write(lambda connection: writes.put_edges(connection, kind, edges))

    async def keys_after(self, after: tuple[int, str], limit: int) -> Sequence[IdempotencyKey]:
        rows = await self._database.fetch(
            "SELECT author_id, key, tweet_id, content, at FROM idempotency_keys WHERE (author_id, key) > (?,?) AND at > ?"
            " ORDER BY author_id, key LIMIT ?",
            (*after, wall_clock() - writes.KEY_MS, limit),
        )
        return [IdempotencyKey(author_id, key, Kept(tweet_id, content), at) for author_id, key, tweet_id, content, at in rows]

    async def put_keys(self, rows: Sequence[IdempotencyKey]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for row in rows:
                writes.put_key(connection, row)

        await self._database.write(work)

    async def close(self) -> None:
        await self._database.close()

"""Bulk imports and streaming reads for exports. What was imported before changes nothing and leaves no event."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b

from murmur.errors import Refused
from murmur.events import TweetEvent
from murmur.ids import EPOCH_MS, MAX_ID, first_id_at, id_time
from murmur.imported import Imported, Rejected
from subgraphs.tweets.model import Edge, EdgeKind, ImportedEdge, ImportedTweet, Tweet
from subgraphs.tweets.ports import TellTweet
from subgraphs.tweets.service.base import Base
from subgraphs.tweets.service.engage import tell_added
from subgraphs.tweets.service.publish import tell_published

_HASH_BITS = 22
_TWEET_REASONS: dict[str, str] = {
    "taken": "another tweet has this id",
    "orphan": "the tweet that it answers or quotes is unknown or not older than itself",
}
_EDGE_REASONS: dict[str, str] = {"gone": "there is no such tweet, or it is deleted"}


class Transferring(Base):
    async def import_tweets(self, rows: Sequence[ImportedTweet]) -> Imported:
        """Add a batch in one write. Tweets may answer tweets of the same batch, whatever their order.

        Rows that break a rule are reported and the rest kept. Events have the time of the import.
        """
        # Reading thousands of texts takes seconds; a thread lets the event loop serve others between them.
        read = await asyncio.to_thread(lambda: [self._read_row(row) for row in rows])
        rejected = [Rejected(index, found) for index, found in enumerate(read) if isinstance(found, str)]
        tweets = {index: found for index, found in enumerate(read) if isinstance(found, Tweet)}
        movable = {place for place, index in enumerate(tweets) if rows[index].id is None}
        tell = _tell_each(iter(self._ids, None), self._clock())
        outcomes = await self._store.import_tweets(list(tweets.values()), movable, tell)
        return _imported(tweets, outcomes, _TWEET_REASONS, rejected)

    async def import_likes(self, rows: Sequence[ImportedEdge]) -> Imported:
        """Add a batch in one write. Rows that break a rule are reported and the rest kept."""
        return await self._import_edges("likes", rows)

    async def import_retweets(self, rows: Sequence[ImportedEdge]) -> Imported:
        """As `import_likes`."""
        return await self._import_edges("retweets", rows)

    async def import_bookmarks(self, rows: Sequence[ImportedEdge]) -> Imported:
        """As `import_likes`."""
        return await self._import_edges("bookmarks", rows)

    async def _import_edges(self, kind: EdgeKind, rows: Sequence[ImportedEdge]) -> Imported:
        rejected: list[Rejected] = []
        edges: dict[int, Edge] = {}
        for index, row in enumerate(rows):
            seed = f"{row.user_id},{row.tweet_id}"
            try:
                edges[index] = Edge(self._placed(row.id, row.at, seed), row.user_id, row.tweet_id)
            except ValueError as error:
                rejected.append(Rejected(index, str(error)))
        tell = tell_added(kind, iter(self._ids, None), self._clock())
        outcomes = await self._store.add_edges(kind, list(edges.values()), tell)
        return _imported(edges, outcomes, _EDGE_REASONS, rejected)

    async def all_tweets(self, after_id: int, limit: int) -> Sequence[Tweet]:
        """Tweets, tombstones included, by rising id, above `after_id`; begin with 0."""
        return await self._store.all_tweets(after_id, limit)

    async def all_edges(self, kind: EdgeKind, after_id: int, limit: int) -> Sequence[Edge]:
        """Edges to tweets that stand, by rising id, above `after_id`; begin with 0."""
        return await self._store.all_edges(kind, after_id, limit)

    def _read_row(self, row: ImportedTweet) -> Tweet | str:
        """The tweet of a row, or why there is none."""
        try:
            tweet_id = self._placed(row.id, row.created_at, f"{row.author_id},{row.created_at},{row.text}")
            if row.deleted:
                return Tweet(tweet_id, row.author_id, row.created_at, "", in_reply_to_id=row.in_reply_to_id, deleted=True)
            text = self._read_text(row.text)
        except (ValueError, Refused) as error:
            return str(error)
        return Tweet(
            tweet_id,
            row.author_id,
            row.created_at,
            text.value,
            text.entities,
            row.in_reply_to_id,
            row.quoted_id,
            lang=self._language_of(text) if row.lang is None else row.lang,
        )

    def _placed(self, given: int | None, at: int, seed: str) -> int:
        """The id of a row: its own, or one of its millisecond with a hash of the rest. Raises ValueError."""
        now = self._clock()
        if not 0 <= at <= now:
            raise ValueError("its time is in the future" if at > now else "its time is before 1970")
        if given is None:
            if at < EPOCH_MS:
                raise ValueError("it is older than the epoch of ids, 2010-11-04: give it an id")
            digest = blake2b(seed.encode(errors="surrogatepass"), digest_size=4).digest()
            return first_id_at(at) | int.from_bytes(digest) >> 32 - _HASH_BITS
        if not 0 < given <= MAX_ID:
            raise ValueError("its id is not a positive 64-bit number")
        if id_time(given) > now:
            raise ValueError("the time in its id is in the future")
        return given


def _tell_each(event_ids: Iterator[int], at: int) -> TellTweet:
    def tell(tweet: Tweet, answered_author_id: int | None, quoted_author_id: int | None) -> TweetEvent:
        return tell_published(next(event_ids), at)(tweet, answered_author_id, quoted_author_id)

    return tell


def _imported(
    indexes: Iterable[int], outcomes: Sequence[str], reasons: Mapping[str, str], rejected: Sequence[Rejected]
) -> Imported:
    refused = [Rejected(index, reasons[outcome]) for index, outcome in zip(indexes, outcomes, strict=True) if outcome in reasons]
    everything = sorted([*rejected, *refused], key=lambda row: row.index)
    return Imported(outcomes.count("added"), outcomes.count("present"), everything)

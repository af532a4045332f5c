"""Archives and edge lists into the subgraphs' services, in batches; a bad row is reported and the rest kept."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from murmur.archive.rows import (
    AnyRow,
    BadRow,
    BlockRow,
    BookmarkRow,
    FollowRow,
    LikeRow,
    MuteRow,
    RetweetRow,
    TweetRow,
    UserRow,
    decode_edge,
    decode_row,
    row_id,
    row_lang,
    row_time,
)
from murmur.clock import Clock
from murmur.ids import id_time
from murmur.imported import Imported
from murmur.text import MAX_HANDLE, is_handle
from subgraphs.tweets.model import ImportedEdge as TweetEdge
from subgraphs.tweets.model import ImportedTweet
from subgraphs.users.model import ImportedEdge as GraphEdge
from subgraphs.users.model import ImportedUser

BATCH = 4_000
Convert = Callable[[Any, Mapping[str, int]], object]
"""A row as a service takes it, given the ids of the handles in it. Raises BadRow."""
Take = Callable[[Sequence[Any]], Awaitable[Imported]]


class Directory(Protocol):
    """Who has which handle."""

    async def ids_of_handles(self, handles: Collection[str]) -> Mapping[str, int]: ...


class People(Protocol):
    """What an import asks of the users subgraph."""

    async def import_users(self, rows: Sequence[ImportedUser]) -> Imported: ...
    async def import_follows(self, rows: Sequence[GraphEdge]) -> Imported: ...
    async def import_blocks(self, rows: Sequence[GraphEdge]) -> Imported: ...
    async def import_mutes(self, rows: Sequence[GraphEdge]) -> Imported: ...


class Tweets(Protocol):
    """What an import asks of the tweets subgraph."""

    async def import_tweets(self, rows: Sequence[ImportedTweet]) -> Imported: ...
    async def import_likes(self, rows: Sequence[TweetEdge]) -> Imported: ...
    async def import_retweets(self, rows: Sequence[TweetEdge]) -> Imported: ...
    async def import_bookmarks(self, rows: Sequence[TweetEdge]) -> Imported: ...


@dataclass(slots=True)
class Tally:
    """What an import came to, in rows."""

    added: int = 0
    unchanged: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """Who watches an import: `advance` is told of bytes read, `reject` of a line's number (from 1) and what is wrong with it."""

    advance: Callable[[int], None]
    reject: Callable[[int, str], None]


class Importer:
    """Reads one source. Rows go to the services in their order, neighbours of one kind together."""

    def __init__(self, directory: Directory, people: People, tweets: Tweets, clock: Clock, progress: Progress) -> None:
        self._directory = directory
        self._people = people
        self._tweets = tweets
        self._clock = clock
        self._progress = progress
        self.tally = Tally()
        graph, edge = _graph_edge, self._tweet_edge
        # For each kind of row: the fields that hold handles, how it is read, and who takes it.
        self._kinds: dict[type[AnyRow], tuple[tuple[str, ...], Convert, Take]] = {
            UserRow: ((), _user, people.import_users),
            FollowRow: (("follower", "followee"), graph("follower", "followee"), people.import_follows),
            BlockRow: (("blocker", "blocked"), graph("blocker", "blocked"), people.import_blocks),
            MuteRow: (("muter", "muted"), graph("muter", "muted"), people.import_mutes),
            TweetRow: (("author",), self._tweet, tweets.import_tweets),
            RetweetRow: (("user",), edge, tweets.import_retweets),
            LikeRow: (("user",), edge, tweets.import_likes),
            BookmarkRow: (("user",), edge, tweets.import_bookmarks),
        }

    async def archive(self, lines: Iterable[bytes]) -> Tally:
        """An NDJSON archive (docs/archive.md). Importing it again changes nothing."""
        waiting: list[tuple[int, AnyRow]] = []
        size = 0
        for number, line in enumerate(lines, 1):
            size += len(line)
            if not line.strip():
                continue
            try:
                row = decode_row(line)
            except BadRow as error:
                self._reject(number, str(error))
                continue
            if waiting and (len(waiting) == BATCH or type(row) is not type(waiting[0][1])):
                await self._flush(waiting)
                self._progress.advance(size)
                waiting, size = [], 0
            waiting.append((number, row))
        if waiting:
            await self._flush(waiting)
        self._progress.advance(size)
        return self.tally

    async def follows(self, lines: Iterable[bytes], *, mutual: bool) -> Tally:
        """An edge list, `a b` a line: a follows b, and with `mutual` b follows a. People who are missing are added."""
        waiting: list[tuple[int, FollowRow]] = []
        size = 0
        for number, line in enumerate(lines, 1):
            size += len(line)
            try:
                edge = decode_edge(line.decode())
            except (BadRow, UnicodeDecodeError) as error:
                self._reject(number, str(error))
                continue
            if edge is None:
                continue
            bad = [name for name in edge if not is_handle(name)]
            if bad:
                self._reject(number, f"{bad[0][:40]!r} is not a handle: 1 to {MAX_HANDLE} of A-Z a-z 0-9 _")
                continue
            waiting.append((number, FollowRow(follower=edge[0], followee=edge[1])))
            if mutual:
                waiting.append((number, FollowRow(follower=edge[1], followee=edge[0])))
            if len(waiting) >= BATCH:
                await self._add_missing(waiting)
                await self._flush(waiting)
                self._progress.advance(size)
                waiting, size = [], 0
        if waiting:
            await self._add_missing(waiting)
            await self._flush(waiting)
        self._progress.advance(size)
        return self.tally

    async def _add_missing(self, rows: Sequence[tuple[int, FollowRow]]) -> None:
        known = await self._directory.ids_of_handles({name for _, row in rows for name in (row.follower, row.followee)})
        missing: dict[str, tuple[int, ImportedUser]] = {}
        for number, row in rows:
            for name in (row.follower, row.followee):
                if name.lower() not in known:
                    # Of several spellings, which differ in case alone, the first names the person.
                    missing.setdefault(name.lower(), (number, ImportedUser(handle=name, name=name)))
        if missing:
            numbers, people = zip(*missing.values(), strict=True)
            self._count(await self._people.import_users(people), numbers)

    async def _flush(self, rows: Sequence[tuple[int, AnyRow]]) -> None:
        fields, convert, take = self._kinds[type(rows[0][1])]
        ids: Mapping[str, int] = {}
        if fields:
            ids = await self._directory.ids_of_handles({getattr(row, name) for _, row in rows for name in fields})
        converted: list[Any] = []
        numbers: list[int] = []
        for number, row in rows:
            try:
                converted.append(convert(row, ids))
                numbers.append(number)
            except BadRow as error:
                self._reject(number, str(error))
        if converted:
            self._count(await take(converted), numbers)

    def _count(self, result: Imported, numbers: Sequence[int]) -> None:
        self.tally.added += result.added
        self.tally.unchanged += result.unchanged
        for rejected in result.rejected:
            self._reject(numbers[rejected.index], rejected.reason)

    def _reject(self, number: int, reason: str) -> None:
        self.tally.rejected += 1
        self._progress.reject(number, reason)

    def _tweet(self, row: TweetRow, ids: Mapping[str, int]) -> ImportedTweet:
        if row.id is None and row.created_at is None:
            raise BadRow("createdAt: a tweet needs its time or its id; else importing it again would add it again")
        return ImportedTweet(
            author_id=_person(row.author, ids),
            text=row.text,
            created_at=self._time(row),
            id=row_id(row.id, "id"),
            in_reply_to_id=row_id(row.in_reply_to, "inReplyTo"),
            quoted_id=row_id(row.quotes, "quotes"),
            deleted=row.deleted,
            lang=row_lang(row.lang),
        )

    def _tweet_edge(self, row: RetweetRow | LikeRow | BookmarkRow, ids: Mapping[str, int]) -> TweetEdge:
        tweet_id = row_id(row.tweet, "tweet")
        if tweet_id is None:
            raise BadRow("tweet: the id of a tweet is missing")
        return TweetEdge(user_id=_person(row.user, ids), tweet_id=tweet_id, at=self._time(row), id=row_id(row.id, "id"))

    def _time(self, row: AnyRow) -> int:
        given = row_time(row.created_at)
        if given is not None:
            return given
        snowflake = row_id(row.id, "id")
        return self._clock() if snowflake is None else id_time(snowflake)


def _person(handle: str, ids: Mapping[str, int]) -> int:
    found = ids.get(handle.lower())
    if found is None:
        raise BadRow(f"nobody has the handle {handle[:40]!r}; a user's row comes before the rows that name it")
    return found


def _user(row: UserRow, _ids: Mapping[str, int]) -> ImportedUser:
    return ImportedUser(
        handle=row.handle,
        name=row.name,
        id=row_id(row.id, "id"),
        bio=row.bio,
        location=row.location,
        website=row.website,
        avatar_url=row.avatar_url,
        created_at=row_time(row.created_at),
        verified=row.verified,
        protected=row.protected,
    )


def _graph_edge(source: str, target: str) -> Convert:
    def convert(row: AnyRow, ids: Mapping[str, int]) -> GraphEdge:
        people = _person(getattr(row, source), ids), _person(getattr(row, target), ids)
        return GraphEdge(*people, row_id(row.id, "id"), row_time(row.created_at))

    return convert

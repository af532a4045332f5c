"""The trend store in one SQLite file."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import orjson

from murmur.clock import wall_clock
from murmur.sqlite import Database, Migrations
from subgraphs.search.model import Board, Ranked, Tagged, TrendWindow

_DAY = 24
# `removed` are tweets that no longer count. A row of `uses` is forgotten at `until`; what it added to the counts stays.
_MIGRATIONS: Migrations = (
    """
CREATE TABLE uses (
    tag       TEXT NOT NULL,
    hour      INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    tweet_id  INTEGER NOT NULL,
    until     INTEGER NOT NULL,
    PRIMARY KEY (tag, hour, person_id, tweet_id)
) WITHOUT ROWID;
CREATE INDEX uses_tweet ON uses (tweet_id);
CREATE INDEX uses_until ON uses (until);
CREATE TABLE removed (tweet_id INTEGER PRIMARY KEY, until INTEGER NOT NULL);
CREATE INDEX removed_until ON removed (until);
CREATE TABLE hours (tag TEXT NOT NULL, hour INTEGER NOT NULL, uses INTEGER NOT NULL, PRIMARY KEY (tag, hour)) WITHOUT ROWID;
CREATE INDEX hours_used ON hours (hour, tag, uses);
CREATE TABLE days (tag TEXT NOT NULL, day INTEGER NOT NULL, uses INTEGER NOT NULL, PRIMARY KEY (tag, day)) WITHOUT ROWID;
CREATE INDEX days_day ON days (day);
CREATE TABLE since (one INTEGER PRIMARY KEY CHECK (one = 1), hour INTEGER NOT NULL);
CREATE TABLE boards (period TEXT PRIMARY KEY, at INTEGER NOT NULL, rows BLOB NOT NULL);
""",
)
_USED = """
SELECT tag, sum(uses) AS used FROM hours WHERE hour >= ? AND hour < ?
GROUP BY tag HAVING used >= ? ORDER BY used DESC, tag LIMIT ?
"""
_PAST = """
SELECT p.tag, p.uses, count(*) FROM json_each(?) j CROSS JOIN {table} p ON p.tag = j.value
WHERE p.{unit} >= ? AND p.{unit} < ? AND p.uses > 0 GROUP BY p.tag, p.uses
"""
_USED_BY = """
SELECT u.tag FROM json_each(?) j CROSS JOIN uses u ON u.tag = j.value
WHERE u.hour >= ? AND u.hour < ? GROUP BY u.tag HAVING count(DISTINCT u.person_id) >= ?
"""
_OLD = (
    """DELETE FROM uses WHERE (tag, hour, person_id, tweet_id) IN
    (SELECT tag, hour, person_id, tweet_id FROM uses WHERE until < ? LIMIT ?)""",
    "DELETE FROM removed WHERE tweet_id IN (SELECT tweet_id FROM removed WHERE until < ? LIMIT ?)",
    "DELETE FROM hours WHERE (tag, hour) IN (SELECT tag, hour FROM hours WHERE hour < ? LIMIT ?)",
    "DELETE FROM days WHERE (tag, day) IN (SELECT tag, day FROM days WHERE day < ? LIMIT ?)",
)
_AT_ONCE = 5_000


class SqliteTrendStore:
    """Opens the file at `path`. Raises StartupError."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _MIGRATIONS)

    async def add(self, tweets: Sequence[Tagged], until: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for tweet in tweets:
                if not connection.execute("SELECT 1 FROM removed WHERE tweet_id = ?", (tweet.tweet_id,)).fetchone():
                    _add(connection, tweet, until)

        if tweets:
            await self._database.write(work)

    async def remove(self, tweet_ids: Collection[int], until: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for tweet_id in tweet_ids:
                _remove(connection, tweet_id, until)

        if tweet_ids:
            await self._database.write(work)

    async def since(self) -> int | None:
        rows = await self._database.fetch("SELECT hour FROM since")
        return rows[0][0] if rows else None

    async def used(self, hours: range, least: int, limit: int) -> Mapping[str, int]:
        rows = await self._database.fetch(_USED, (hours.start, hours.stop, least, limit))
        return {row[0]: row[1] for row in rows}

    async def past(self, tags: Collection[str], hours: range) -> Mapping[str, Mapping[int, int]]:
        return await self._past("hours", "hour", tags, hours)

    async def past_days(self, tags: Collection[str], days: range) -> Mapping[str, Mapping[int, int]]:
        return await self._past("days", "day", tags, days)

    async def used_by(self, tags: Collection[str], hours: range, least: int) -> AbstractSet[str]:
        rows = await self._database.fetch(_USED_BY, (_json(tags), hours.start, hours.stop, least))
        return {row[0] for row in rows}

    async def set_board(self, window: TrendWindow, board: Board) -> None:
        rows = orjson.dumps([(row.tag, row.uses) for row in board.rows])
        sql = "INSERT OR REPLACE INTO boards VALUES (?,?,?)"
        await self._database.write(lambda connection: connection.execute(sql, (window, board.at, rows)))

    async def board(self, window: TrendWindow) -> Board | None:
        for at, rows in await self._database.fetch("SELECT at, rows FROM boards WHERE period = ?", (window,)):
            return Board(at, tuple(Ranked(tag, uses) for tag, uses in orjson.loads(rows)))
        return None

    async def tidy(self, hour: int, day: int) -> None:
        now = wall_clock()
        for sql, bound in zip(_OLD, (now, now, hour // _DAY * _DAY, day), strict=True):
            # A part at a time, so that nobody who writes waits for long.
            while await self._forget(sql, bound) == _AT_ONCE:
                pass

    async def clear(self) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for table in ("uses", "hours", "days", "since", "boards"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 (the names above)

        await self._database.write(work)

    async def close(self) -> None:
        await self._database.close()

    async def _forget(self, sql: str, bound: int) -> int:
        return await self._database.write(lambda connection: connection.execute(sql, (bound, _AT_ONCE)).rowcount)

    async def _past(self, table: str, unit: str, tags: Collection[str], span: range) -> Mapping[str, Mapping[int, int]]:
        found: dict[str, dict[int, int]] = {}
        sql = _PAST.format(table=table, unit=unit)
        for tag, uses, times in await self._database.fetch(sql, (_json(tags), span.start, span.stop)):
            found.setdefault(tag, {})[uses] = times
        return found


def _json(tags: Collection[str]) -> str:
    return orjson.dumps(list(tags)).decode()


def _add(connection: sqlite3.Connection, tweet: Tagged, until: int) -> None:
    for tag in tweet.tags:
        slot = (tag, tweet.hour, tweet.person_id)
        used = _is_used(connection, slot)
        connection.execute("INSERT OR IGNORE INTO uses VALUES (?,?,?,?,?)", (*slot, tweet.tweet_id, until))
        if not used:
            _count(connection, tag, tweet.hour, 1)
            sql = "INSERT INTO since VALUES (1, ?) ON CONFLICT DO UPDATE SET hour = min(hour, excluded.hour)"
            connection.execute(sql, (tweet.hour,))


def _remove(connection: sqlite3.Connection, tweet_id: int, until: int) -> None:
    connection.execute("INSERT OR REPLACE INTO removed VALUES (?,?)", (tweet_id, until))
    rows = connection.execute("DELETE FROM uses WHERE tweet_id = ? RETURNING tag, hour, person_id", (tweet_id,)).fetchall()
    for tag, hour, person_id in rows:
        if not _is_used(connection, (tag, hour, person_id)):
            _count(connection, tag, hour, -1)


def _is_used(connection: sqlite3.Connection, slot: tuple[str, int, int]) -> bool:
    sql = "SELECT 1 FROM uses WHERE tag = ? AND hour = ? AND person_id = ? LIMIT 1"
    return connection.execute(sql, slot).fetchone() is not None


def _count(connection: sqlite3.Connection, tag: str, hour: int, by: int) -> None:
    for table, unit in (("hours", hour), ("days", hour // _DAY)):
        # What is late for its hour, which is forgotten, counts for the day alone when the hour is tidied away once more.
        sql = f"INSERT INTO {table} VALUES (?,?,?) ON CONFLICT DO UPDATE SET uses = uses + excluded.uses"  # noqa: S608 (our tables)
        connection.execute(sql, (tag, unit, by))

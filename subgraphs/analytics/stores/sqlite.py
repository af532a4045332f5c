"""Analytics in one SQLite database."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import orjson

from murmur.sqlite import Database
from subgraphs.analytics.model import (
    BEFORE,
    DAY_MS,
    DAYS_KEPT,
    HOUR_MS,
    HOURS_KEPT_DAYS,
    NO_HOUR,
    TOLD_AGAIN_DAYS,
    Batch,
    Bucket,
    Counts,
    Kind,
    Mark,
    Span,
    StoredDay,
    Subject,
    day_of,
)

# `counted` holds the names of marks; `counts` what they sum up to. A row of `counts` is of an hour (tier 0), of a day (1), or of
# all that is older (2, and `start` is 0). A mark that comes late makes an hour again, which the next tidying sums up.
_SCHEMA = """
CREATE TABLE counted (
    owner_id INTEGER NOT NULL,
    tweet_id INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    hour     INTEGER NOT NULL,
    by       INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (owner_id, tweet_id, kind, hour, by)
) WITHOUT ROWID;
CREATE INDEX counted_at ON counted (at);
CREATE TABLE counts (
    owner_id INTEGER NOT NULL,
    tweet_id INTEGER NOT NULL,
    tier     INTEGER NOT NULL,
    start    INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    n        INTEGER NOT NULL,
    PRIMARY KEY (owner_id, tweet_id, tier, start, kind)
) WITHOUT ROWID;
CREATE INDEX counts_old ON counts (tier, start);
CREATE TABLE batches (
    viewer_id INTEGER NOT NULL,
    name      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (viewer_id, name)
) WITHOUT ROWID;
CREATE INDEX batches_at ON batches (at);
"""
_HOURS, _DAYS, _BEFORE = range(3)
_AT_ONCE = 2_000
_COUNT = "INSERT INTO counts VALUES (?,?,?,?,?,?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
_OF_SUBJECTS = """
FROM json_each(?1) j CROSS JOIN counts c
ON c.owner_id = json_extract(j.value, '$[0]') AND c.tweet_id = json_extract(j.value, '$[1]')
"""
# The keys of a page first, since a day has many rows.
_DAYS_AFTER = f"""
WITH days AS (
    SELECT owner_id, tweet_id, CASE tier WHEN {_BEFORE} THEN {BEFORE} ELSE start - start % {DAY_MS} END AS day,
        CASE tier WHEN {_HOURS} THEN start % {DAY_MS} / {HOUR_MS} ELSE {NO_HOUR} END AS hour, kind, n
    FROM counts WHERE (owner_id, tweet_id) >= (?1, ?2)
), page AS (
    SELECT DISTINCT owner_id, tweet_id, day FROM days
    WHERE (owner_id, tweet_id, day) > (?1, ?2, ?3) ORDER BY owner_id, tweet_id, day LIMIT ?4
)
SELECT owner_id, tweet_id, day, hour, kind, n FROM page CROSS JOIN days USING (owner_id, tweet_id, day)
ORDER BY owner_id, tweet_id, day
"""  # noqa: S608 (numbers of ours)


class SqliteAnalytics:
    """`AnalyticsStore` on the file at `path`. Raises StartupError when it can't be opened."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, [_SCHEMA])

    async def add(self, marks: Sequence[Mark], at: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            counts: Counter[tuple[int, int, int, Kind]] = Counter()
            for mark in marks:
                if connection.execute("INSERT OR IGNORE INTO counted VALUES (?,?,?,?,?,?)", (*mark.name, at)).rowcount:
                    counts[mark.owner_id, 0, mark.hour, mark.kind] += mark.amount
                    if mark.tweet_id:
                        counts[mark.owner_id, mark.tweet_id, mark.hour, mark.kind] += mark.amount
            rows = ((owner, tweet, _HOURS, hour, kind, n) for (owner, tweet, hour, kind), n in counts.items())
            connection.executemany(_COUNT, rows)

        await self._database.write(work)

    async def first_told(self, batches: Sequence[Batch]) -> Sequence[int]:
        def work(connection: sqlite3.Connection) -> Sequence[int]:
            found: list[int] = []
            for batch in batches:
                key = (batch.viewer_id, batch.name)
                put = "INSERT INTO batches VALUES (?1,?2,?3) ON CONFLICT DO UPDATE SET at = ?3 WHERE at < ?3 - ?4"
                connection.execute(put, (*key, batch.at, DAY_MS))
                (at,) = connection.execute("SELECT at FROM batches WHERE viewer_id = ? AND name = ?", key).fetchone()
                found.append(batch.first_at(at))
            return found

        return await self._database.write(work)

    async def series(self, subjects: Collection[Subject], span: Span) -> Mapping[Subject, Mapping[int, Counts]]:
        last = _HOURS if span.bucket is Bucket.HOUR else _DAYS
        rows = await self._database.fetch(
            f"SELECT c.owner_id, c.tweet_id, c.start - c.start % ?5, c.kind, sum(c.n) {_OF_SUBJECTS}"
            " AND c.tier <= ?2 AND c.start >= ?3 AND c.start < ?4 GROUP BY 1, 2, 3, 4",
            (_json(subjects), last, span.start, span.end, span.bucket.ms),
        )
        found: dict[Subject, dict[int, dict[Kind, int]]] = {}
        for owner_id, tweet_id, start, kind, n in rows:
            found.setdefault(Subject(owner_id, tweet_id), {}).setdefault(start, {})[Kind(kind)] = n
        return found

    async def totals(self, subjects: Collection[Subject]) -> Mapping[Subject, Counts]:
        sql = f"SELECT c.owner_id, c.tweet_id, c.kind, sum(c.n) {_OF_SUBJECTS} GROUP BY 1, 2, 3"
        found: dict[Subject, dict[Kind, int]] = {}
        for owner_id, tweet_id, kind, n in await self._database.fetch(sql, (_json(subjects),)):
            found.setdefault(Subject(owner_id, tweet_id), {})[Kind(kind)] = n
        return found

    async def tidy(self, now: int) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            gone = [
                _forget(connection, "counted", "owner_id, tweet_id, kind, hour, by", now - TOLD_AGAIN_DAYS * DAY_MS),
                _forget(connection, "batches", "viewer_id, name", now - TOLD_AGAIN_DAYS * DAY_MS),
                _sum_up(connection, _HOURS, day_of(now) - HOURS_KEPT_DAYS * DAY_MS),
                _sum_up(connection, _DAYS, day_of(now) - DAYS_KEPT * DAY_MS),
            ]
            return max(gone) == _AT_ONCE

        return await self._database.write(work)

    async def days_after(self, after: tuple[int, int, int], limit: int) -> Sequence[StoredDay]:
        found: dict[tuple[int, int, int], list[tuple[int, str, int]]] = {}
        for owner_id, tweet_id, day, hour, kind, n in await self._database.fetch(_DAYS_AFTER, (*after, limit)):
            found.setdefault((owner_id, tweet_id, day), []).append((hour, kind, n))
        return [StoredDay(*key, tuple(sorted(counts))) for key, counts in found.items()]

    async def put_days(self, rows: Sequence[StoredDay]) -> None:
        put = "INSERT OR REPLACE INTO counts VALUES (?,?,?,?,?,?)"
        values: list[tuple[int, int, int, int, str, int]] = []
        for row in rows:
            for hour, kind, n in row.counts:
                tier = _HOURS if hour != NO_HOUR else _BEFORE if row.day == BEFORE else _DAYS
                start = {_HOURS: row.day + hour * HOUR_MS, _DAYS: row.day, _BEFORE: 0}[tier]
                values.append((row.owner_id, row.tweet_id, tier, start, kind, n))
        await self._database.write(lambda connection: connection.executemany(put, values))

    async def close(self) -> None:
        await self._database.close()


def _forget(connection: sqlite3.Connection, table: str, key: str, before: int) -> int:
    old = f"SELECT {key} FROM {table} WHERE at < ? ORDER BY at LIMIT ?"  # noqa: S608 (names of ours)
    return connection.execute(f"DELETE FROM {table} WHERE ({key}) IN ({old})", (before, _AT_ONCE)).rowcount  # noqa: S608 (as above)


def _sum_up(connection: sqlite3.Connection, tier: int, before: int) -> int:
    """Move counts of a tier to the next one; how many."""
    rows = connection.execute(
        "SELECT owner_id, tweet_id, start, kind, n FROM counts WHERE tier = ? AND start < ? ORDER BY start LIMIT ?",
        (tier, before, _AT_ONCE),
    ).fetchall()
    for owner_id, tweet_id, start, kind, n in rows:
        connection.execute(_COUNT, (owner_id, tweet_id, tier + 1, day_of(start) if tier == _HOURS else 0, kind, n))
    gone = "DELETE FROM counts WHERE owner_id = ? AND tweet_id = ? AND tier = ? AND start = ? AND kind = ?"
    connection.executemany(gone, ((owner_id, tweet_id, tier, start, kind) for owner_id, tweet_id, start, kind, _ in rows))
    return len(rows)


def _json(subjects: Collection[Subject]) -> str:
    return orjson.dumps([[subject.owner_id, subject.tweet_id] for subject in subjects]).decode()

"""An audit finds trends that count what nobody wrote, or do not count what somebody did."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from murmur.audit.finding import Finding, steady
from murmur.audit.trends import audit_trends
from murmur.clock import wall_clock
from subgraphs.search.stores.trends_sqlite import SqliteTrendStore
from subgraphs.search.wiring import build_ranker
from subgraphs.users.model import ImportedUser
from subgraphs.users.service.imports import Imports
from tests.support.square import Square, open_square

HOUR_MS = 3_600_000


@dataclass
class Counted:
    square: Square
    trends: SqliteTrendStore
    folder: Path

    async def findings(self, now: int | None = None) -> list[Finding]:
        at = wall_clock() if now is None else now
        return await steady(lambda: audit_trends(self.trends, self.square.users, self.square.store, at))

    def damage(self, statement: str, database: str = "trends") -> None:
        with sqlite3.connect(self.folder / f"{database}.db") as connection:
            assert connection.execute(statement).rowcount > 0
        connection.close()


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[Counted]:
    """Ada writes twice of one thing in an hour, Bea of it and of another, and then of what she deletes; Cyd is not public."""
    async with open_square(tmp_path) as square:
        ada = await square.person("ada", "bea")
        shy = ImportedUser(handle="cyd", name="cyd", protected=True)
        await Imports(square.users, square.ids, wall_clock).import_users([shy])
        people = await square.users.ids_of_handles(["bea", "cyd"])
        for author, text in ((ada, "#rain"), (ada, "#Rain #rain"), (people["bea"], "#rain #sun"), (people["cyd"], "#rain #fog")):
            await square.tweet(author, text)
        gone = await square.tweet(people["bea"], "#snow")
        await square.room.service.delete(people["bea"], gone)
        trends = SqliteTrendStore(tmp_path / "trends.db")
        await build_ranker(trends, square.users, least_people=1, prohibited=None).hear(await square.events())
        yield Counted(square, trends, tmp_path)
        await trends.close()


async def test_what_the_worker_counted_has_no_findings(counted: Counted) -> None:
    hour = wall_clock() // HOUR_MS
    counts = await counted.trends.used(range(hour - 1, hour + 1), 1, 10)
    assert counts.keys() == {"rain", "sun"}
    assert counts["rain"] >= 2
    assert await counted.findings() == []


@pytest.mark.parametrize(
    ("database", "statement", "by"),
    [
        ("trends", "UPDATE hours SET uses = uses + 3 WHERE tag = 'sun'", {"sun": 3}),
        ("trends", "DELETE FROM hours WHERE tag = 'sun'", {"sun": -1}),
        ("trends", "UPDATE hours SET tag = 'moon' WHERE tag = 'sun'", {"moon": 1, "sun": -1}),
        ("users", "UPDATE users SET protected = 1 WHERE handle = 'bea'", {"rain": 1, "sun": 1}),
        ("users", "UPDATE users SET protected = 0 WHERE handle = 'cyd'", {"rain": -1, "fog": -1}),
        ("tweets", "UPDATE tweets SET deleted = 1 WHERE text = '#rain #sun'", {"rain": 1, "sun": 1}),
    ],
)
async def test_a_count_that_the_tweets_do_not_amount_to_is_found(
    counted: Counted, database: str, statement: str, by: dict[str, int]
) -> None:
    counted.damage(statement, database)
    findings = await counted.findings()
    assert {finding.subject.split()[1]: finding.by for finding in findings} == by
    assert {finding.check for finding in findings} == {"trend count"}


async def test_what_is_older_than_any_window_is_left_out(counted: Counted) -> None:
    counted.damage("UPDATE hours SET uses = uses + 3 WHERE tag = 'sun'")
    week = 7 * 24 * HOUR_MS
    assert len(await counted.findings(wall_clock() + week - HOUR_MS)) == 1
    assert await counted.findings(wall_clock() + week + 2 * HOUR_MS) == []

"""One SQLite database as everything durable of the embedded profile uses it."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from murmur.errors import StartupError, Unavailable
from murmur.sqlite import Database, path_of, placeholders

SCHEMA = "CREATE TABLE numbers (number INTEGER PRIMARY KEY);"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(tmp_path / "new" / "numbers.db", [SCHEMA])
    yield database
    await database.close()


def insert(number: int):
    return lambda connection: connection.execute("INSERT INTO numbers VALUES (?)", (number,)).rowcount


async def numbers(database: Database) -> list[int]:
    return [row["number"] for row in await database.fetch("SELECT number FROM numbers ORDER BY number")]


async def test_a_write_returns_what_its_work_returned_and_can_be_read(database: Database):
    assert await database.write(insert(1)) == 1
    assert await numbers(database) == [1]


async def test_writes_that_wait_are_committed_together(database: Database):
    commits = 0

    def committed() -> None:
        nonlocal commits
        commits += 1

    database.on_commit(committed)
    await asyncio.gather(*(database.write(insert(number)) for number in range(500)))
    assert await numbers(database) == list(range(500))
    assert commits < 100


async def test_what_one_work_raises_undoes_it_alone(database: Database):
    def spoil(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO numbers VALUES (7)")
        raise ValueError("no")

    outcomes = await asyncio.gather(
        database.write(insert(1)),
        database.write(spoil),
        database.write(insert(1)),
        database.write(insert(2)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [int, ValueError, sqlite3.IntegrityError, int]
    assert await numbers(database) == [1, 2]


async def test_a_write_is_carried_out_when_who_asked_has_gone(database: Database):
    writing = asyncio.create_task(database.write(insert(1)))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await database.write(insert(2))
    assert await numbers(database) == [1, 2]


async def test_too_many_waiting_writes_are_refused(tmp_path: Path):
    database = Database(tmp_path / "numbers.db", [SCHEMA], queue=3)
    outcomes = await asyncio.gather(*(database.write(insert(number)) for number in range(10)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [int] * 3 + [Unavailable] * 7
    await database.write(insert(10))
    await database.close()


async def test_a_read_connection_can_not_write(database: Database):
    with pytest.raises(Unavailable):
        await database.read(insert(1))


async def test_closing_waits_for_what_was_submitted_and_refuses_what_comes_after(tmp_path: Path):
    database = Database(tmp_path / "numbers.db", [SCHEMA])
    writes = [asyncio.create_task(database.write(insert(number))) for number in range(20)]
    await asyncio.sleep(0)
    await database.close()
    await database.close()
    assert await asyncio.gather(*writes) == [1] * 20
    async with asyncio.timeout(1):
        with pytest.raises(Unavailable):
            await database.write(insert(99))
        with pytest.raises(Unavailable):
            await database.fetch("SELECT 1")


async def test_acknowledged_writes_outlive_a_kill(tmp_path: Path):
    script = """
import asyncio, sys
from pathlib import Path
from murmur.sqlite import Database
async def main():
    database = Database(Path(sys.argv[1]), [sys.argv[2]])
    number = 0
    while True:
        await database.write(lambda connection: connection.execute("INSERT INTO numbers VALUES (?)", (number,)))
        print(number, flush=True)
        number += 1
asyncio.run(main())
"""
    path = tmp_path / "numbers.db"
    process = subprocess.Popen([sys.executable, "-c", script, path, SCHEMA], stdout=subprocess.PIPE)  # noqa: ASYNC220, S603
    assert process.stdout is not None
    acknowledged: list[bytes] = []
    try:
        while len(acknowledged) < 50:
            acknowledged.append(await asyncio.to_thread(process.stdout.readline))
    finally:
        process.kill()
        acknowledged += await asyncio.to_thread(process.stdout.readlines)
        process.stdout.close()
        process.wait()
    database = Database(path, [SCHEMA])
    assert {int(line) for line in acknowledged} <= set(await numbers(database))
    await database.close()


async def test_new_migrations_are_applied_once(tmp_path: Path):
    path = tmp_path / "numbers.db"
    first = Database(path, [SCHEMA])
    await first.write(insert(1))
    await first.close()
    more = [SCHEMA, "ALTER TABLE numbers ADD COLUMN name TEXT;"]
    for _ in range(2):
        second = Database(path, more)
        assert [tuple(row) for row in await second.fetch("SELECT * FROM numbers")] == [(1, None)]
        await second.close()
    with pytest.raises(StartupError, match="newer release"):
        Database(path, [SCHEMA])


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path):
    path = tmp_path / "numbers.db"
    path.write_bytes(b"not a database, " * 100)
    with pytest.raises(StartupError, match="can't open the database"):
        Database(path, [SCHEMA])
    with pytest.raises(StartupError, match="can't open the database"):
        Database(path / "below", [SCHEMA])


def test_a_url_names_a_file_or_the_one_in_the_data_folder(tmp_path: Path):
    assert path_of("sqlite:", tmp_path, "users") == tmp_path / "users.db"
    assert path_of("sqlite:///srv/users.db", tmp_path, "users") == Path("/srv/users.db")
    assert path_of("sqlite:/srv/users.db", tmp_path, "users") == Path("/srv/users.db")
    assert placeholders(3) == "?,?,?"

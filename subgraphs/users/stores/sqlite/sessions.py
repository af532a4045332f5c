"""Sessions in a SQLite database of their own."""

import hmac
import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path

from murmur.sqlite import Database, placeholders
from subgraphs.users.model import Session

_SCHEMA = """
CREATE TABLE sessions (
    user_id    INTEGER NOT NULL,
    id         TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    started_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    secret     BLOB NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (user_id, id)
) WITHOUT ROWID;
"""
_COLUMNS = "id, user_id, token_hash, started_at, expires_at, secret, generation"
_ONE = "WHERE user_id = ? AND id = ?"


class SqliteSessions:
    """`Sessions` on the file at `path`. Raises StartupError when it can't be opened."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, [_SCHEMA])

    async def start(self, session: Session, keep: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM sessions WHERE user_id = ? AND (expires_at <= ? OR generation < ?)",
                (session.user_id, session.started_at, session.generation),
            )
            connection.execute(
                "DELETE FROM sessions WHERE user_id = ?1 AND id IN"
                " (SELECT id FROM sessions WHERE user_id = ?1 ORDER BY started_at DESC LIMIT -1 OFFSET ?2)",
                (session.user_id, keep - 1),
            )
            _insert(connection, session)

        await self._database.write(work)

    async def session(self, user_id: int, session_id: str) -> Session | None:
        rows = await self._database.fetch(f"SELECT {_COLUMNS} FROM sessions {_ONE}", (user_id, session_id))  # noqa: S608 (constants)
        return Session(*rows[0]) if rows else None

    async def rotate(self, user_id: int, session_id: str, old_hash: bytes, new_hash: bytes, now: int, expires_at: int) -> bool:
        key = (user_id, session_id)

        def work(connection: sqlite3.Connection) -> bool:
            row = connection.execute(f"SELECT token_hash, expires_at FROM sessions {_ONE}", key).fetchone()  # noqa: S608 (constants)
            if row is None:
                return False
            if row[1] <= now or not hmac.compare_digest(row[0], old_hash):
                _delete(connection, key)
                return False
            connection.execute(f"UPDATE sessions SET token_hash = ?, expires_at = ? {_ONE}", (new_hash, expires_at, *key))  # noqa: S608 (constants)
            return True

        return await self._database.write(work)

    async def end(self, user_id: int, session_id: str) -> None:
        await self._database.write(lambda connection: _delete(connection, (user_id, session_id)))

    async def of(self, user_ids: Collection[int]) -> Sequence[Session]:
        sql = f"SELECT {_COLUMNS} FROM sessions WHERE user_id IN ({placeholders(len(user_ids))}) ORDER BY user_id, id"  # noqa: S608 (constants and placeholders)
        return [Session(*row) for row in await self._database.fetch(sql, tuple(user_ids))]

    async def put(self, rows: Sequence[Session]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for row in rows:
                _insert(connection, row)

        await self._database.write(work)

    async def close(self) -> None:
        await self._database.close()


def _insert(connection: sqlite3.Connection, row: Session) -> None:
    connection.execute(
        f"INSERT INTO sessions ({_COLUMNS}) VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",  # noqa: S608 (a constant)
        (row.id, row.user_id, row.token_hash, row.started_at, row.expires_at, row.secret, row.generation),
    )


def _delete(connection: sqlite3.Connection, key: tuple[int, str]) -> None:
    connection.execute(f"DELETE FROM sessions {_ONE}", key)  # noqa: S608 (constants)

"""Credentials and sessions."""

import hmac
import sqlite3
from collections.abc import Sequence

from murmur.events import UserSignedUp
from murmur.sqlite import Database
from subgraphs.users.model import Credentials, Outcome, Session, User
from subgraphs.users.stores.sqlite.profiles import add_user


class SqliteAccounts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_account(self, user: User, credentials: Credentials, event: UserSignedUp) -> Outcome:
        def work(connection: sqlite3.Connection) -> Outcome:
            outcome = add_user(connection, user, event)
            if outcome is Outcome.DONE:
                _insert_credentials(connection, credentials)
            return outcome

        return await self._database.write(work)

    async def credentials_of(self, handle: str) -> Credentials | None:
        return await self._credentials("u.handle = ?", handle)

    async def credentials(self, user_id: int) -> Credentials | None:
        return await self._credentials("u.id = ?", user_id)

    async def _credentials(self, condition: str, key: int | str) -> Credentials | None:
        sql = f"""
            SELECT u.id, c.password_hash, c.email FROM users u LEFT JOIN credentials c ON c.user_id = u.id WHERE {condition}
        """  # noqa: S608 (the two conditions above)
        rows = await self._database.fetch(sql, (key,))
        return Credentials(*rows[0]) if rows else None

    async def rehash(self, user_id: int, old_hash: str, new_hash: str) -> None:
        sql = "UPDATE credentials SET password_hash = ? WHERE user_id = ? AND password_hash = ?"
        await self._database.write(lambda connection: connection.execute(sql, (new_hash, user_id, old_hash)))

    async def start_session(self, session: Session, keep: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM sessions WHERE user_id = ? AND expires_at <= ?", (session.user_id, session.started_at)
            )
            connection.execute(
                "DELETE FROM sessions WHERE id IN"
                " (SELECT id FROM sessions WHERE user_id = ? ORDER BY started_at DESC LIMIT -1 OFFSET ?)",
                (session.user_id, keep - 1),
            )
            _insert(connection, session)

        await self._database.write(work)

    async def session(self, session_id: str) -> Session | None:
        sql = "SELECT id, user_id, token_hash, started_at, expires_at, secret FROM sessions WHERE id = ?"
        rows = await self._database.fetch(sql, (session_id,))
        return Session(*rows[0]) if rows else None

    async def rotate_session(self, session_id: str, old_hash: bytes, new_hash: bytes, now: int, expires_at: int) -> int | None:
        def work(connection: sqlite3.Connection) -> int | None:
            row = connection.execute(
                "SELECT user_id, token_hash, expires_at FROM sessions WHERE id = ?", (session_id,)
            ).fetchone()
            if row is None:
                return None
            if row[2] <= now or not hmac.compare_digest(row[1], old_hash):
                connection.execute("DELETE FROM sessions WHERE id = ?", (session_id,))
                return None
            connection.execute(
                "UPDATE sessions SET token_hash = ?, expires_at = ? WHERE id = ?", (new_hash, expires_at, session_id)
            )
            return row[0]

        return await self._database.write(work)

    async def end_session(self, session_id: str) -> None:
        await self._database.write(lambda connection: connection.execute("DELETE FROM sessions WHERE id = ?", (session_id,)))

    async def change_password(self, user_id: int, old_hash: str, new_hash: str, session: Session) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "UPDATE credentials SET password_hash = ? WHERE user_id = ? AND password_hash = ?", (new_hash, user_id, old_hash)
            )
            if not changed.rowcount:
                return False
            connection.execute("DELETE FROM sessions WHERE user_id = ?", (user_id,))
            _insert(connection, session)
            return True

        return await self._database.write(work)

    async def credentials_after(self, after_id: int, limit: int) -> Sequence[Credentials]:
        sql = "SELECT user_id, password_hash, email FROM credentials WHERE user_id > ? ORDER BY user_id LIMIT ?"
        return [Credentials(*row) for row in await self._database.fetch(sql, (after_id, limit))]

    async def put_credentials(self, rows: Sequence[Credentials]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for row in rows:
                _insert_credentials(connection, row)

        await self._database.write(work)

    async def sessions_after(self, after: str, limit: int) -> Sequence[Session]:
        sql = "SELECT id, user_id, token_hash, started_at, expires_at, secret FROM sessions WHERE id > ? ORDER BY id LIMIT ?"
        return [Session(*row) for row in await self._database.fetch(sql, (after, limit))]

    async def put_sessions(self, rows: Sequence[Session]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for row in rows:
                _insert(connection, row)

        await self._database.write(work)


def _insert_credentials(connection: sqlite3.Connection, credentials: Credentials) -> None:
    connection.execute(
        "INSERT INTO credentials (user_id, password_hash, email) VALUES (?,?,?) ON CONFLICT DO NOTHING",
        (credentials.user_id, credentials.password_hash, credentials.email),
    )


def _insert(connection: sqlite3.Connection, session: Session) -> None:
    connection.execute(
        "INSERT INTO sessions (id, user_id, token_hash, started_at, expires_at, secret) VALUES (?,?,?,?,?,?)"
        " ON CONFLICT DO NOTHING",
        (session.id, session.user_id, session.token_hash, session.started_at, session.expires_at, session.secret),
    )

"""Credentials."""

import sqlite3
from collections.abc import Sequence

from murmur.events import UserSignedUp
from murmur.sqlite import Database
from subgraphs.users.model import Credentials, Outcome, User
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
            SELECT u.id, c.password_hash, c.email, coalesce(c.generation, 0)
            FROM users u LEFT JOIN credentials c ON c.user_id = u.id WHERE {condition}
        """  # noqa: S608 (the two conditions above)
        rows = await self._database.fetch(sql, (key,))
        return Credentials(*rows[0]) if rows else None

    async def rehash(self, user_id: int, old_hash: str, new_hash: str) -> None:
        sql = "UPDATE credentials SET password_hash = ? WHERE user_id = ? AND password_hash = ?"
        await self._database.write(lambda connection: connection.execute(sql, (new_hash, user_id, old_hash)))

    async def change_password(self, user_id: int, old_hash: str, new_hash: str) -> int | None:
        sql = (
            "UPDATE credentials SET password_hash = ?, generation = generation + 1 WHERE user_id = ? AND password_hash = ?"
            " RETURNING generation"
        )

        def work(connection: sqlite3.Connection) -> int | None:
            row = connection.execute(sql, (new_hash, user_id, old_hash)).fetchone()
            return row and row[0]

        return await self._database.write(work)

    async def credentials_after(self, after_id: int, limit: int) -> Sequence[Credentials]:
        sql = "SELECT user_id, password_hash, email, generation FROM credentials WHERE user_id > ? ORDER BY user_id LIMIT ?"
        return [Credentials(*row) for row in await self._database.fetch(sql, (after_id, limit))]

    async def put_credentials(self, rows: Sequence[Credentials]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for row in rows:
                _insert_credentials(connection, row)

        await self._database.write(work)


def _insert_credentials(connection: sqlite3.Connection, credentials: Credentials) -> None:
    connection.execute(
        "INSERT INTO credentials (user_id, password_hash, email, generation) VALUES (?,?,?,?) ON CONFLICT DO NOTHING",
        (credentials.user_id, credentials.password_hash, credentials.email, credentials.generation),
    )

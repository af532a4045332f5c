"""Profiles: one row each, counts included."""

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import orjson

from murmur import outbox
from murmur.events import ProfileUpdated, UserSignedUp
from murmur.sqlite import Database
from subgraphs.users.model import Outcome, ProfileChanges, User

USER_COLUMNS = (
    "u.id, u.handle, u.name, u.bio, u.location, u.website, u.avatar_url, u.created_at, u.verified, u.protected,"
    " u.follower_count, u.following_count"
)
# A list goes in as one JSON parameter: the statement is the same for every length, so it is prepared once.
_BY_IDS = f"SELECT {USER_COLUMNS} FROM users u WHERE u.id IN (SELECT value FROM json_each(?))"  # noqa: S608 (column names)
_BY_HANDLES = f"SELECT {USER_COLUMNS} FROM users u WHERE u.handle IN (SELECT value FROM json_each(?))"  # noqa: S608 (column names)
_FROM_ID = f"SELECT {USER_COLUMNS} FROM users u WHERE u.id > ? ORDER BY u.id LIMIT ?"  # noqa: S608 (column names)
_INSERT = (
    "INSERT INTO users (id, handle, name, bio, location, website, avatar_url, created_at, verified, protected)"
    " VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
)


class SqliteProfiles:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def users(self, ids: Collection[int]) -> Mapping[int, User]:
        rows = await self._database.fetch(_BY_IDS, (as_list(ids),))
        return {row[0]: to_user(row) for row in rows}

    async def users_of_handles(self, handles: Collection[str]) -> Mapping[str, User]:
        rows = await self._database.fetch(_BY_HANDLES, (as_list(handles),))
        return {row[1].lower(): to_user(row) for row in rows}

    async def ids_of_handles(self, handles: Collection[str]) -> Mapping[str, int]:
        sql = "SELECT handle, id FROM users WHERE handle IN (SELECT value FROM json_each(?))"
        return {row[0].lower(): row[1] for row in await self._database.fetch(sql, (as_list(handles),))}

    async def follower_counts(self, user_ids: Collection[int]) -> Mapping[int, int]:
        sql = "SELECT id, follower_count FROM users WHERE id IN (SELECT value FROM json_each(?))"
        return {row[0]: row[1] for row in await self._database.fetch(sql, (as_list(user_ids),))}

    async def update_profile(
        self, user_id: int, changes: ProfileChanges, announce: Callable[[User], ProfileUpdated]
    ) -> User | None:
        def work(connection: sqlite3.Connection) -> User | None:
            row = connection.execute(_BY_IDS, (as_list((user_id,)),)).fetchone()
            if row is None:
                return None
            before = to_user(row)
            after = replace(before, **changes)  # pyright: ignore[reportArgumentType] (the service has checked that a name is there)
            if after != before:
                connection.execute(
                    "UPDATE users SET name = ?, bio = ?, location = ?, website = ?, avatar_url = ? WHERE id = ?",
                    (after.name, after.bio, after.location, after.website, after.avatar_url, user_id),
                )
                outbox.append(connection, announce(after))
            return after

        return await self._database.write(work)

    async def add_users(self, rows: Sequence[tuple[User, UserSignedUp]]) -> Sequence[Outcome]:
        return await self._database.write(lambda connection: [add_user(connection, user, event) for user, event in rows])

    async def put_users(self, users: Sequence[User]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for user in users:
                _insert(connection, user)

        await self._database.write(work)

    async def all_users(self, after_id: int, limit: int) -> Sequence[User]:
        return [to_user(row) for row in await self._database.fetch(_FROM_ID, (after_id, limit))]


def as_list(values: Collection[int] | Collection[str]) -> str:
    """A list as one parameter for `json_each`."""
    return orjson.dumps(list(values)).decode()


def to_user(row: sqlite3.Row, start: int = 0) -> User:
    """A row of `USER_COLUMNS`, from its column `start` on."""
    id_, handle, name, bio, location, website, avatar_url, created_at, verified, protected, followers, following = row[start:]
    return User(
        id_, handle, name, bio, location, website, avatar_url, created_at, verified == 1, protected == 1, followers, following
    )


def add_user(connection: sqlite3.Connection, user: User, event: UserSignedUp) -> Outcome:
    """Insert a profile and append its event, within the caller's transaction."""
    if _insert(connection, user):
        outbox.append(connection, event)
        return Outcome.DONE
    by_id = connection.execute("SELECT handle FROM users WHERE id = ?", (user.id,)).fetchone()
    if by_id is None:
        return Outcome.HANDLE_TAKEN
    return Outcome.UNCHANGED if by_id[0].lower() == user.handle.lower() else Outcome.ID_TAKEN


def _insert(connection: sqlite3.Connection, user: User) -> bool:
    values = (
        user.id,
        user.handle,
        user.name,
        user.bio,
        user.location,
        user.website,
        user.avatar_url,
        user.created_at,
        user.verified,
        user.protected,
    )
    return connection.execute(_INSERT, values).rowcount > 0

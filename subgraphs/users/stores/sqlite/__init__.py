"""Profiles, accounts and the follow graph in one SQLite database."""

from pathlib import Path

from murmur.outbox import SCHEMA as OUTBOX_SCHEMA
from murmur.outbox import SqliteOutbox
from murmur.sqlite import Database
from subgraphs.users.stores.sqlite.accounts import SqliteAccounts
from subgraphs.users.stores.sqlite.graph import SqliteGraph
from subgraphs.users.stores.sqlite.profiles import SqliteProfiles

# Positions of follows are unique in each list that they stand in, or a page could not tell two apart.
# Without rowids each index ends in the primary key, so it covers what its lists read.
_SCHEMA = """
CREATE TABLE users (
    id              INTEGER PRIMARY KEY,
    handle          TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name            TEXT NOT NULL,
    bio             TEXT,
    location        TEXT,
    website         TEXT,
    avatar_url      TEXT,
    created_at      INTEGER NOT NULL,
    verified        INTEGER NOT NULL,
    protected       INTEGER NOT NULL,
    follower_count  INTEGER NOT NULL DEFAULT 0,
    following_count INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE credentials (
    user_id       INTEGER PRIMARY KEY REFERENCES users (id),
    password_hash TEXT NOT NULL,
    email         TEXT
);
CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    token_hash BLOB NOT NULL,
    started_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_of_user ON sessions (user_id, started_at);
CREATE TABLE follows (
    source_id INTEGER NOT NULL,
    target_id INTEGER NOT NULL,
    id        INTEGER NOT NULL,
    PRIMARY KEY (source_id, target_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX follows_newest_following ON follows (source_id, id);
CREATE UNIQUE INDEX follows_newest_followers ON follows (target_id, id);
CREATE INDEX follows_followers ON follows (target_id, source_id);
CREATE TABLE blocks (
    source_id INTEGER NOT NULL,
    target_id INTEGER NOT NULL,
    id        INTEGER NOT NULL,
    PRIMARY KEY (source_id, target_id)
) WITHOUT ROWID;
CREATE TABLE mutes (
    source_id INTEGER NOT NULL,
    target_id INTEGER NOT NULL,
    id        INTEGER NOT NULL,
    PRIMARY KEY (source_id, target_id)
) WITHOUT ROWID;
"""
# Tokens from before are authenticated by their hash alone, until their next refresh.
_SESSION_SECRETS = """
ALTER TABLE sessions ADD COLUMN secret BLOB NOT NULL DEFAULT x'';
UPDATE sessions SET secret = randomblob(32);
"""
# Sessions have moved into a database of their own.
_GENERATIONS = """
ALTER TABLE credentials ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
DROP TABLE sessions;
"""


class SqliteUsers(SqliteProfiles, SqliteAccounts, SqliteGraph):
    """`UsersStore` on the file at `path`. Raises StartupError when it can't be opened."""

    def __init__(self, path: Path) -> None:
        super().__init__(Database(path, [OUTBOX_SCHEMA + _SCHEMA, _SESSION_SECRETS, _GENERATIONS]))
        self.outbox = SqliteOutbox(self._database, "users")

    async def close(self) -> None:
        await self._database.close()

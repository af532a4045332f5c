"""Partners' keys and documents in one SQLite database."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from gateway.partners.model import Document, PartnerKey, Scope
from murmur.sqlite import Database

_SCHEMA = """
CREATE TABLE documents (
    partner TEXT NOT NULL,
    id      TEXT NOT NULL,
    name    TEXT NOT NULL,
    text    TEXT NOT NULL,
    PRIMARY KEY (partner, id)
) WITHOUT ROWID;
CREATE TABLE keys (
    id          TEXT PRIMARY KEY,
    partner     TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    scopes      TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    revoked_at  INTEGER
) WITHOUT ROWID;
"""
_KEY = "SELECT id, partner, secret_hash, scopes, created_at, expires_at, revoked_at FROM keys"


class SqlitePartners:
    """`PartnerStore` on the file at `path`. Raises StartupError when it can't be opened."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, [_SCHEMA])

    async def publish(self, partner: str, documents: Sequence[Document]) -> int:
        rows = [(partner, document.id, document.name, document.text) for document in documents]
        sql = "INSERT INTO documents (partner, id, name, text) VALUES (?,?,?,?) ON CONFLICT DO NOTHING"
        return await self._database.write(lambda connection: connection.executemany(sql, rows).rowcount)

    async def document(self, partner: str, id_: str) -> str | None:
        rows = await self._database.fetch("SELECT text FROM documents WHERE partner = ? AND id = ?", (partner, id_))
        return rows[0][0] if rows else None

    async def documents(self, partner: str | None, after: tuple[str, str], limit: int) -> Sequence[tuple[str, Document]]:
        sql = (
            "SELECT partner, id, name, text FROM documents WHERE (partner, id) > (?1,?2) AND (?3 IS NULL OR partner = ?3)"
            " ORDER BY partner, id LIMIT ?4"
        )
        rows = await self._database.fetch(sql, (*after, partner, limit))
        return [(row[0], Document(*row[1:])) for row in rows]

    async def withdraw(self, partner: str, id_: str) -> bool:
        sql = "DELETE FROM documents WHERE partner = ? AND id = ?"
        return await self._database.write(lambda connection: connection.execute(sql, (partner, id_)).rowcount > 0)

    async def add_key(self, key: PartnerKey) -> None:
        scopes = " ".join(sorted(key.scopes))
        values = (key.id, key.partner, key.secret_hash, scopes, key.created_at, key.expires_at, key.revoked_at)
        sql = "INSERT INTO keys VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
        await self._database.write(lambda connection: connection.execute(sql, values))

    async def key(self, id_: str) -> PartnerKey | None:
        rows = await self._database.fetch(f"{_KEY} WHERE id = ?", (id_,))
        return _key(rows[0]) if rows else None

    async def keys(self, partner: str | None) -> Sequence[PartnerKey]:
        rows = await self._database.fetch(f"{_KEY} WHERE ?1 IS NULL OR partner = ?1 ORDER BY created_at DESC, id", (partner,))
        return [_key(row) for row in rows]

    async def revoke(self, id_: str, at: int) -> bool:
        sql = "UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?"
        return await self._database.write(lambda connection: connection.execute(sql, (at, id_)).rowcount > 0)

    async def close(self) -> None:
        await self._database.close()


def _key(row: sqlite3.Row) -> PartnerKey:
    id_, partner, secret_hash, scopes, created_at, expires_at, revoked_at = row
    return PartnerKey(id_, partner, secret_hash, frozenset(map(Scope, scopes.split())), created_at, expires_at, revoked_at)

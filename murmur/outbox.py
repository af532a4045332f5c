"""The transactional outbox of a SQLite store: an event is appended in the transaction of the write that it tells of."""

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from murmur.events import AnyEvent, Topic, encode_event, route
from murmur.sqlite import Database, placeholders

SCHEMA = """
CREATE TABLE outbox (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    topic   TEXT NOT NULL,
    key     INTEGER NOT NULL,
    payload BLOB NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An event that waits to be published. `seq` names it among those of its key, and orders nothing."""

    seq: int
    topic: Topic
    key: int
    payload: bytes


class Outbox(Protocol):
    """What the relay reads. An entry stays until it was removed, so a relay that dies publishes it again."""

    async def pending(self, limit: int) -> Sequence[OutboxEntry]:
        """The oldest entries. Those of one key come in the order of their writes, and none before all older ones are removed."""
        ...

    async def remove(self, entries: Sequence[OutboxEntry]) -> None:
        """Forget entries that are published. Removing twice is harmless."""
        ...

    async def wait(self) -> None:
        """Return when there may be something new. May return early, never late by more than a second."""
        ...


def append(connection: sqlite3.Connection, *events: AnyEvent) -> None:
    """Append events within the caller's transaction."""
    for event in events:
        topic, key = route(event)
        connection.execute("INSERT INTO outbox (topic, key, payload) VALUES (?,?,?)", (topic, key, encode_event(event)))


class SqliteOutbox:
    def __init__(self, database: Database, name: str) -> None:
        self.name = name
        self._database = database
        self._changed = asyncio.Event()
        database.on_commit(self._changed.set)

    async def pending(self, limit: int) -> Sequence[OutboxEntry]:
        # Cleared before the read: a commit during it sets the signal again.
        self._changed.clear()
        rows = await self._database.fetch("SELECT seq, topic, key, payload FROM outbox ORDER BY seq LIMIT ?", (limit,))
        return [OutboxEntry(*row) for row in rows]

    async def remove(self, entries: Sequence[OutboxEntry]) -> None:
        sequences = [entry.seq for entry in entries]
        sql = f"DELETE FROM outbox WHERE seq IN ({placeholders(len(sequences))})"  # noqa: S608 (placeholders only)
        await self._database.write(lambda connection: connection.execute(sql, sequences))

    async def wait(self) -> None:
        # Another process (an import beside a running platform) writes here too, and no signal of its commits reaches this one.
        try:
            await asyncio.wait_for(self._changed.wait(), timeout=1)
        except TimeoutError:
            return

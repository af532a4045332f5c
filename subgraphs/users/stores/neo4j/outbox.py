"""The outbox: an event is a node, made in the transaction of the write that it tells of.

The events of one person are in the order of the commits: whoever writes one holds that person's lock, and gives it a greater
`seq` than the last. Events of different people are in the order of their ids, which is that of their times.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence

from murmur.events import AnyEvent, encode_event, route
from murmur.outbox import OutboxEntry
from subgraphs.users.stores.neo4j import cypher
from subgraphs.users.stores.neo4j.database import Database

# Other processes write here too, and no signal of their commits reaches this one.
_LOOK_SECONDS = 0.25


class Telling:
    """The events of one transaction, which holds the locks of those whom they are of."""

    def __init__(self, last_events: Mapping[int, int | None]) -> None:
        """Takes the `last_event` of each person who is locked; None for who has had none."""
        self._last = {id_: last or 0 for id_, last in last_events.items()}
        self._changed: dict[int, int] = {}
        self._events: list[tuple[int, int, str, bytes]] = []

    def tell(self, event: AnyEvent) -> None:
        topic, key = route(event)
        seq = max(event.id, self._last[key] + 1)
        self._last[key] = self._changed[key] = seq
        self._events.append((seq, key, topic, encode_event(event)))

    def parameters(self) -> dict[str, object]:
        """What statements that tell are given."""
        return {"last_events": list(self._changed.items()), "events": self._events}


class Neo4jOutbox:
    """`seq` orders the entries of each key; two of different keys may share one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = asyncio.Event()
        database.on_commit(self._changed.set)

    async def pending(self, limit: int) -> Sequence[OutboxEntry]:
        # Cleared before the read: a commit during it sets the signal again.
        self._changed.clear()
        rows = await self._database.read(cypher.PENDING, limit=limit)
        return [OutboxEntry(seq, topic, key, bytes(payload)) for seq, topic, key, payload in rows]

    async def remove(self, entries: Collection[OutboxEntry]) -> None:
        forgotten = [(entry.seq, entry.key) for entry in entries]
        await self._database.write(lambda transaction: transaction.value(cypher.FORGET, entries=forgotten))

    async def wait(self) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), timeout=_LOOK_SECONDS)
        except TimeoutError:
            return

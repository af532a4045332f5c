"""Follows, blocks and mutes as edges; the counts stand in the profiles' rows and change in the same transaction."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from murmur import outbox
from murmur.events import Blocked, Followed, Muted, Unblocked, Unfollowed, Unmuted
from murmur.ids import MAX_ID
from murmur.relation import Relation
from murmur.sqlite import Database
from subgraphs.users.model import Edge, Listing, Neighbour, Outcome, Side, User
from subgraphs.users.ports import EdgeKind
from subgraphs.users.stores.sqlite.profiles import USER_COLUMNS, as_list, to_user

_TABLES: dict[EdgeKind, str] = {"follow": "follows", "block": "blocks", "mute": "mutes"}

_RELATIONS = tuple(Relation(*(bool(bits & 1 << place) for place in range(5))) for bits in range(32))
# Shifts and ors bind alike in SQLite, hence the parentheses.
_RELATION_BITS = """
    SELECT value,
        EXISTS (SELECT 1 FROM follows WHERE source_id = ?1 AND target_id = value)
        | (EXISTS (SELECT 1 FROM follows WHERE source_id = value AND target_id = ?1) << 1)
        | (EXISTS (SELECT 1 FROM blocks WHERE source_id = ?1 AND target_id = value) << 2)
        | (EXISTS (SELECT 1 FROM blocks WHERE source_id = value AND target_id = ?1) << 3)
        | (EXISTS (SELECT 1 FROM mutes WHERE source_id = ?1 AND target_id = value) << 4)
    FROM json_each(?2)
"""
_BLOCKED = """
    SELECT 1 FROM blocks WHERE source_id = ?1 AND target_id = ?2 OR source_id = ?2 AND target_id = ?1
"""
_FOLLOWED_BY = f"""
    WITH found AS (
        SELECT f.target_id AS id, count(*) AS by FROM json_each(:people) p CROSS JOIN follows f ON f.source_id = p.value
        AND f.id > coalesce(
            (SELECT n.id FROM follows n WHERE n.source_id = p.value ORDER BY n.id DESC LIMIT 1 OFFSET :newest), -1
        )
        GROUP BY f.target_id
    )
    SELECT {USER_COLUMNS} FROM found CROSS JOIN users u ON u.id = found.id
    WHERE u.id NOT IN (SELECT value FROM json_each(:without))
    ORDER BY found.by DESC, u.follower_count DESC, u.id LIMIT :limit
"""  # noqa: S608 (column names)


def _neighbours(of: str, to: str, order: str) -> str:
    return f"""
        SELECT f.id, {USER_COLUMNS} FROM follows f CROSS JOIN users u ON u.id = f.{to}
        WHERE f.{of} = :user AND f.id < :below AND f.id > :above
        ORDER BY f.id {order} LIMIT :limit
    """  # noqa: S608 (column names)


_NEIGHBOURS: dict[tuple[Side, bool], str] = {
    ("followers", False): _neighbours("target_id", "source_id", "DESC"),
    ("followers", True): _neighbours("target_id", "source_id", "ASC"),
    ("following", False): _neighbours("source_id", "target_id", "DESC"),
    ("following", True): _neighbours("source_id", "target_id", "ASC"),
}
"""By side, and whether the rows next to the oldest end are wanted."""


class SqliteGraph:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def follow(self, rows: Sequence[tuple[Edge, Followed]], movable: AbstractSet[int] = frozenset()) -> Sequence[Outcome]:
        def work(connection: sqlite3.Connection) -> Sequence[Outcome]:
            known = _known(connection, (edge for edge, _ in rows))
            counts = _Counts()
            outcomes: list[Outcome] = []
            for index, (edge, event) in enumerate(rows):
                if edge.source_id not in known or edge.target_id not in known:
                    outcome = Outcome.UNKNOWN
                elif connection.execute(_BLOCKED, (edge.source_id, edge.target_id)).fetchone():
                    outcome = Outcome.BLOCKED
                else:
                    outcome = _insert(connection, "follow", edge, movable=index in movable)
                if outcome is Outcome.DONE:
                    counts.change(edge.source_id, edge.target_id, 1)
                    outbox.append(connection, event)
                outcomes.append(outcome)
            counts.write(connection)
            return outcomes

        return await self._database.write(work)

    async def block(self, rows: Sequence[tuple[Edge, Blocked, tuple[Unfollowed, Unfollowed]]]) -> Sequence[Outcome]:
        def work(connection: sqlite3.Connection) -> Sequence[Outcome]:
            known = _known(connection, (edge for edge, _, _ in rows))
            counts = _Counts()
            outcomes: list[Outcome] = []
            for edge, event, endings in rows:
                if edge.source_id not in known or edge.target_id not in known:
                    outcome = Outcome.UNKNOWN
                else:
                    outcome = _insert(connection, "block", edge)
                if outcome is Outcome.DONE:
                    for ended in endings:
                        if _delete(connection, "follow", ended.follower_id, ended.followee_id):
                            counts.change(ended.follower_id, ended.followee_id, -1)
                            outbox.append(connection, ended)
                    outbox.append(connection, event)
                outcomes.append(outcome)
            counts.write(connection)
            return outcomes

        return await self._database.write(work)

    async def mute(self, rows: Sequence[tuple[Edge, Muted]]) -> Sequence[Outcome]:
        def work(connection: sqlite3.Connection) -> Sequence[Outcome]:
            known = _known(connection, (edge for edge, _ in rows))
            outcomes: list[Outcome] = []
            for edge, event in rows:
                if edge.source_id not in known or edge.target_id not in known:
                    outcome = Outcome.UNKNOWN
                else:
                    outcome = _insert(connection, "mute", edge)
                if outcome is Outcome.DONE:
                    outbox.append(connection, event)
                outcomes.append(outcome)
            return outcomes

        return await self._database.write(work)

    async def remove(self, kind: EdgeKind, source_id: int, target_id: int, event: Unfollowed | Unblocked | Unmuted) -> bool:
        def work(connection: sqlite3.Connection) -> bool:
            removed = _delete(connection, kind, source_id, target_id)
            if removed:
                outbox.append(connection, event)
                if kind == "follow":
                    counts = _Counts()
                    counts.change(source_id, target_id, -1)
                    counts.write(connection)
            return removed

        return await self._database.write(work)

    async def relations(self, viewer_id: int, user_ids: Collection[int]) -> Mapping[int, Relation]:
        rows = await self._database.fetch(_RELATION_BITS, (viewer_id, as_list(user_ids)))
        return {id_: _RELATIONS[bits] for id_, bits in rows if bits}

    async def neighbours(self, listings: Collection[Listing]) -> Sequence[Sequence[Neighbour]]:
        return await self._database.read(lambda connection: [_listed(connection, listing) for listing in listings])

    async def followed_by(self, user_ids: Collection[int], newest: int, without: Collection[int], limit: int) -> Sequence[User]:
        given = {"people": as_list(user_ids), "newest": newest, "without": as_list(without), "limit": limit}

        def work(connection: sqlite3.Connection) -> Sequence[User]:
            return [to_user(row) for row in connection.execute(_FOLLOWED_BY, given)]

        return await self._database.read(work)

    async def followers_after(self, user_id: int, after: int, limit: int) -> Sequence[int]:
        sql = "SELECT source_id FROM follows WHERE target_id = ? AND source_id > ? ORDER BY source_id LIMIT ?"
        return [row[0] for row in await self._database.fetch(sql, (user_id, after, limit))]

    async def followees(self, user_id: int, limit: int) -> Sequence[int]:
        sql = "SELECT target_id FROM follows WHERE source_id = ? ORDER BY id DESC LIMIT ?"
        return [row[0] for row in await self._database.fetch(sql, (user_id, limit))]

    async def put_edges(self, kind: EdgeKind, edges: Sequence[Edge]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            counts = _Counts()
            for edge in edges:
                if _insert(connection, kind, edge) is Outcome.DONE and kind == "follow":
                    counts.change(edge.source_id, edge.target_id, 1)
            counts.write(connection)

        await self._database.write(work)

    async def all_edges(self, kind: EdgeKind, after: tuple[int, int], limit: int) -> Sequence[Edge]:
        sql = f"""
            SELECT id, source_id, target_id FROM {_TABLES[kind]} WHERE (source_id, target_id) > (?,?)
            ORDER BY source_id, target_id LIMIT ?
        """  # noqa: S608 (a table's name)
        return [Edge(*row) for row in await self._database.fetch(sql, (*after, limit))]


def _listed(connection: sqlite3.Connection, listing: Listing) -> Sequence[Neighbour]:
    window = listing.window
    given = {
        "user": listing.user_id,
        "below": MAX_ID if window.below is None else min(window.below, MAX_ID),
        "above": -1 if window.above is None else min(window.above, MAX_ID),
        "limit": window.fetch,
    }
    rows = connection.execute(_NEIGHBOURS[listing.side, window.from_oldest], given)
    page = [Neighbour(row[0], to_user(row, 1)) for row in rows]
    return page[::-1] if window.from_oldest else page


class _Counts:
    """Changes of counts, gathered over a batch, so that a popular row is written once."""

    def __init__(self) -> None:
        self._followers: Counter[int] = Counter()
        self._following: Counter[int] = Counter()

    def change(self, follower_id: int, followee_id: int, by: int) -> None:
        self._followers[followee_id] += by
        self._following[follower_id] += by

    def write(self, connection: sqlite3.Connection) -> None:
        for column, changes in (("follower_count", self._followers), ("following_count", self._following)):
            connection.executemany(
                f"UPDATE users SET {column} = {column} + ? WHERE id = ?",  # noqa: S608 (the two columns above)
                [(by, id_) for id_, by in changes.items()],
            )


def _known(connection: sqlite3.Connection, edges: Iterable[Edge]) -> set[int]:
    ids = {id_ for edge in edges for id_ in (edge.source_id, edge.target_id)}
    sql = "SELECT id FROM users WHERE id IN (SELECT value FROM json_each(?))"
    return {row[0] for row in connection.execute(sql, (as_list(ids),))}


def _insert(connection: sqlite3.Connection, kind: EdgeKind, edge: Edge, *, movable: bool = False) -> Outcome:
    table = _TABLES[kind]
    insert = f"INSERT INTO {table} (source_id, target_id, id) VALUES (?,?,?) ON CONFLICT DO NOTHING"  # noqa: S608 (a table's name)
    find = f"SELECT 1 FROM {table} WHERE source_id = ? AND target_id = ?"  # noqa: S608 (a table's name)
    while not connection.execute(insert, (edge.source_id, edge.target_id, edge.id)).rowcount:
        if connection.execute(find, (edge.source_id, edge.target_id)).fetchone():
            return Outcome.UNCHANGED
        if not movable:
            return Outcome.ID_TAKEN
        edge = replace(edge, id=edge.id + 1)
    return Outcome.DONE


def _delete(connection: sqlite3.Connection, kind: EdgeKind, source_id: int, target_id: int) -> bool:
    sql = f"DELETE FROM {_TABLES[kind]} WHERE source_id = ? AND target_id = ?"  # noqa: S608 (a table's name)
    return connection.execute(sql, (source_id, target_id)).rowcount > 0

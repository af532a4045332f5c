"""Notifications in one SQLite database."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import orjson

from murmur.cursors import Window
from murmur.ids import MAX_ID, id_time
from murmur.sqlite import Database
from subgraphs.notifications.model import KEPT, SHOWN_ACTORS, Kind, Notice, Notification, Recipient, StoredNotice

# A notice is a slot that is filled once, so an event may be told any number of times. `tweet_id` is 0 where there is none.
# A group's position and count follow from its notices and are written with them.
_SCHEMA = """
CREATE TABLE notices (
    recipient_id INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    tweet_id     INTEGER NOT NULL,
    actor_id     INTEGER NOT NULL,
    group_id     INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    PRIMARY KEY (recipient_id, kind, tweet_id, actor_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX notices_position ON notices (recipient_id, position);
CREATE INDEX notices_group ON notices (recipient_id, group_id, position);
CREATE INDEX notices_tweet ON notices (tweet_id, kind, actor_id) WHERE tweet_id <> 0;
CREATE INDEX notices_actor ON notices (recipient_id, actor_id);
CREATE TABLE groups (
    recipient_id INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    tweet_id     INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    notices      INTEGER NOT NULL,
    PRIMARY KEY (recipient_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX groups_position ON groups (recipient_id, position);
CREATE INDEX groups_open ON groups (recipient_id, kind, tweet_id, position);
CREATE TABLE recipients (
    id            INTEGER PRIMARY KEY,
    last_position INTEGER NOT NULL DEFAULT 0,
    read_up_to    INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE muted_kinds (
    recipient_id INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    PRIMARY KEY (recipient_id, kind)
) WITHOUT ROWID;
"""
_LET_GO = "ALTER TABLE recipients ADD COLUMN let_go_up_to INTEGER NOT NULL DEFAULT 0;"
_GROUPS = """
SELECT g.id, g.kind, g.tweet_id, g.position, g.notices, g.position <= ifnull(r.read_up_to, 0)
FROM groups g LEFT JOIN recipients r ON r.id = g.recipient_id WHERE g.recipient_id = :recipient
"""
_PAGE = f"{_GROUPS} AND g.position < :below AND g.position > :above AND g.kind IN (SELECT value FROM json_each(:kinds))"  # noqa: S608 (the text above)
_OF_GROUPS = f"{_GROUPS} AND g.id IN (SELECT value FROM json_each(:groups))"  # noqa: S608 (the text above)
_NOTICES = """
SELECT recipient_id, position, group_id, kind, actor_id, tweet_id FROM notices
WHERE (recipient_id, position) > (?, ?) ORDER BY recipient_id, position LIMIT ?
"""
_RECIPIENTS = """
WITH people AS (
    SELECT id FROM (SELECT id FROM recipients WHERE id > ?1 ORDER BY id LIMIT ?2) UNION
    SELECT recipient_id FROM (SELECT recipient_id FROM muted_kinds WHERE recipient_id > ?1 GROUP BY 1 ORDER BY 1 LIMIT ?2)
)
SELECT p.id, ifnull(r.last_position, 0), ifnull(r.read_up_to, 0), ifnull(r.let_go_up_to, 0),
    (SELECT json_group_array(m.kind) FROM muted_kinds m WHERE m.recipient_id = p.id)
FROM people p LEFT JOIN recipients r ON r.id = p.id ORDER BY p.id LIMIT ?2
"""
_ACTORS = "SELECT actor_id FROM notices WHERE recipient_id = ? AND group_id = ? ORDER BY position DESC LIMIT ?"


class SqliteNotifications:
    """`NotificationStore` on the file at `path`. Raises StartupError when it can't be opened."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, [_SCHEMA, _LET_GO])

    async def add(self, notices: Sequence[Notice]) -> AbstractSet[int]:
        def work(connection: sqlite3.Connection) -> AbstractSet[int]:
            changed = {notice.recipient_id for notice in notices if _add(connection, notice)}
            for recipient_id in changed:
                _trim(connection, recipient_id)
            return changed

        return await self._database.write(work)

    async def withdraw(
        self, kind: Kind, actor_id: int, *, recipient_id: int | None = None, tweet_id: int | None = None
    ) -> AbstractSet[int]:
        condition, key = ("recipient_id = ?", recipient_id) if tweet_id is None else ("tweet_id = ?", tweet_id)
        return await self._forget(f"kind = ? AND actor_id = ? AND {condition}", [(kind, actor_id, key)])

    async def forget_tweet(self, tweet_id: int) -> AbstractSet[int]:
        return await self._forget("tweet_id = ?", [(tweet_id,)])

    async def forget_between(self, one_id: int, other_id: int) -> AbstractSet[int]:
        return await self._forget("recipient_id = ? AND actor_id = ?", [(one_id, other_id), (other_id, one_id)])

    async def page(self, recipient_id: int, wanted: Window, kinds: AbstractSet[Kind]) -> Sequence[Notification]:
        order = "ASC" if wanted.from_oldest else "DESC"
        bounds = {
            "recipient": recipient_id,
            "below": MAX_ID if wanted.below is None else wanted.below,
            "above": -1 if wanted.above is None else wanted.above,
            "kinds": orjson.dumps(sorted(kinds)).decode(),
            "limit": wanted.fetch,
        }

        def work(connection: sqlite3.Connection) -> Sequence[Notification]:
            rows = connection.execute(f"{_PAGE} ORDER BY g.position {order} LIMIT :limit", bounds).fetchall()
            return _notifications(connection, recipient_id, reversed(rows) if wanted.from_oldest else rows)

        return await self._database.read(work)

    async def after(self, recipient_id: int, position: int, limit: int) -> Sequence[Notification]:
        def work(connection: sqlite3.Connection) -> Sequence[Notification]:
            sql = f"{_GROUPS} AND g.position > :position ORDER BY g.position LIMIT :limit"
            rows = connection.execute(sql, {"recipient": recipient_id, "position": position, "limit": limit})
            return _notifications(connection, recipient_id, rows.fetchall())

        return await self._database.read(work)

    async def of_positions(self, recipient_id: int, positions: Collection[int]) -> Mapping[int, Notification]:
        def work(connection: sqlite3.Connection) -> Mapping[int, Notification]:
            sql = "SELECT position, group_id FROM notices WHERE recipient_id = ? AND position IN (SELECT value FROM json_each(?))"
            places = connection.execute(sql, (recipient_id, orjson.dumps(list(positions)).decode())).fetchall()
            wanted = orjson.dumps(sorted({row[1] for row in places})).decode()
            rows = connection.execute(_OF_GROUPS, {"recipient": recipient_id, "groups": wanted}).fetchall()
            groups = {found.group_id: found for found in _notifications(connection, recipient_id, rows)}
            return {position: groups[group_id] for position, group_id in places}

        return await self._database.read(work)

    async def last_position(self, recipient_id: int) -> int:
        rows = await self._database.fetch("SELECT last_position FROM recipients WHERE id = ?", (recipient_id,))
        return rows[0][0] if rows else 0

    async def mark_read(self, recipient_id: int, position: int) -> bool:
        sql = (
            "INSERT INTO recipients (id, read_up_to) VALUES (?1, ?2)"
            " ON CONFLICT (id) DO UPDATE SET read_up_to = ?2 WHERE read_up_to < ?2"
        )
        return await self._database.write(lambda connection: connection.execute(sql, (recipient_id, position)).rowcount > 0)

    async def read_up_to(self, recipient_id: int) -> int:
        rows = await self._database.fetch("SELECT read_up_to FROM recipients WHERE id = ?", (recipient_id,))
        return rows[0][0] if rows else 0

    async def muted_kinds(self, recipient_ids: Collection[int]) -> Mapping[int, AbstractSet[Kind]]:
        sql = "SELECT recipient_id, kind FROM muted_kinds WHERE recipient_id IN (SELECT value FROM json_each(?))"
        found: dict[int, set[Kind]] = {}
        for recipient_id, kind in await self._database.fetch(sql, (orjson.dumps(list(recipient_ids)).decode(),)):
            found.setdefault(recipient_id, set()).add(Kind(kind))
        return found

    async def set_muted_kind(self, recipient_id: int, kind: Kind, *, muted: bool) -> None:
        sql = (
            "INSERT INTO muted_kinds VALUES (?, ?) ON CONFLICT DO NOTHING"
            if muted
            else "DELETE FROM muted_kinds WHERE recipient_id = ? AND kind = ?"
        )
        await self._database.write(lambda connection: connection.execute(sql, (recipient_id, kind)))

    async def recipients_after(self, recipient_id: int, limit: int) -> Sequence[Recipient]:
        rows = await self._database.fetch(_RECIPIENTS, (recipient_id, limit))
        return [
            Recipient(id_, last, read, let_go, tuple(map(Kind, sorted(orjson.loads(muted)))))
            for id_, last, read, let_go, muted in rows
        ]

    async def notices_after(self, after: tuple[int, int], limit: int) -> Sequence[StoredNotice]:
        rows = await self._database.fetch(_NOTICES, (*after, limit))
        return [
            StoredNotice(recipient_id, position, group_id, Kind(kind), actor_id, tweet_id or None)
            for recipient_id, position, group_id, kind, actor_id, tweet_id in rows
        ]

    async def put_recipients(self, rows: Sequence[Recipient]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for row in rows:
                values = (row.id, row.last_position, row.read_up_to, row.let_go_up_to)
                connection.execute("INSERT OR REPLACE INTO recipients VALUES (?,?,?,?)", values)
                connection.execute("DELETE FROM muted_kinds WHERE recipient_id = ?", (row.id,))
                connection.executemany("INSERT INTO muted_kinds VALUES (?, ?)", [(row.id, kind) for kind in row.muted_kinds])

        await self._database.write(work)

    async def put_notices(self, rows: Sequence[StoredNotice]) -> None:
        notices = [(row.recipient_id, row.kind, row.tweet_id or 0, row.actor_id, row.group_id, row.position) for row in rows]
        groups = {(row.recipient_id, row.group_id): (row.kind, row.tweet_id or 0, row.position) for row in rows}

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT INTO notices VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING", notices)
            for key, values in groups.items():
                connection.execute("INSERT INTO groups VALUES (?,?,?,?,?,0) ON CONFLICT DO NOTHING", (*key, *values))
                _recount(connection, *key)

        await self._database.write(work)

    async def close(self) -> None:
        await self._database.close()

    async def _forget(self, condition: str, keys: Sequence[tuple[object, ...]]) -> AbstractSet[int]:
        delete = f"DELETE FROM notices WHERE {condition} RETURNING recipient_id, group_id"  # noqa: S608 (the conditions above)

        def work(connection: sqlite3.Connection) -> AbstractSet[int]:
            touched = {tuple(row) for key in keys for row in connection.execute(delete, key).fetchall()}
            for recipient_id, group_id in touched:
                _recount(connection, recipient_id, group_id)
            return {recipient_id for recipient_id, _ in touched}

        return await self._database.write(work)


def _add(connection: sqlite3.Connection, notice: Notice) -> bool:
    recipient, tweet_id = notice.recipient_id, notice.tweet_id or 0
    slot = (recipient, notice.kind, tweet_id, notice.actor_id)
    find = "SELECT 1 FROM notices WHERE recipient_id = ? AND kind = ? AND tweet_id = ? AND actor_id = ?"
    if connection.execute(find, slot).fetchone():
        return False
    connection.execute("INSERT INTO recipients (id) VALUES (?) ON CONFLICT DO NOTHING", (recipient,))
    state = "SELECT last_position, read_up_to, let_go_up_to FROM recipients WHERE id = ?"
    last, read, let_go = connection.execute(state, (recipient,)).fetchone()
    if notice.event_id <= let_go:
        return False
    position = max(notice.event_id, last + 1)
    connection.execute("UPDATE recipients SET last_position = ? WHERE id = ?", (position, recipient))
    group = None
    if notice.kind.grouped:
        group = connection.execute(
            "SELECT id FROM groups WHERE recipient_id = ? AND kind = ? AND tweet_id = ? AND position > ? ORDER BY position DESC",
            (recipient, notice.kind, tweet_id, read),
        ).fetchone()
    group_id = position if group is None else group[0]
    if group is None:
        connection.execute("INSERT INTO groups VALUES (?,?,?,?,?,0)", (recipient, group_id, notice.kind, tweet_id, position))
    connection.execute("INSERT INTO notices VALUES (?,?,?,?,?,?)", (*slot, group_id, position))
    _recount(connection, recipient, group_id)
    return True


def _recount(connection: sqlite3.Connection, recipient_id: int, group_id: int) -> None:
    """A group's position and count from its notices; without any it goes."""
    key = (recipient_id, group_id)
    count, position = connection.execute(
        "SELECT count(*), max(position) FROM notices WHERE recipient_id = ? AND group_id = ?", key
    ).fetchone()
    if count:
        sql = "UPDATE groups SET notices = ?, position = ? WHERE recipient_id = ? AND id = ?"
        connection.execute(sql, (count, position, *key))
    else:
        connection.execute("DELETE FROM groups WHERE recipient_id = ? AND id = ?", key)


def _trim(connection: sqlite3.Connection, recipient_id: int) -> None:
    old = connection.execute(
        "SELECT id, position FROM groups WHERE recipient_id = ? ORDER BY position DESC LIMIT -1 OFFSET ?", (recipient_id, KEPT)
    ).fetchall()
    if old:
        newest = old[0][1]
        connection.execute("UPDATE recipients SET let_go_up_to = max(let_go_up_to, ?) WHERE id = ?", (newest, recipient_id))
    for group_id, _ in old:
        connection.execute("DELETE FROM notices WHERE recipient_id = ? AND group_id = ?", (recipient_id, group_id))
        connection.execute("DELETE FROM groups WHERE recipient_id = ? AND id = ?", (recipient_id, group_id))


def _notifications(connection: sqlite3.Connection, recipient_id: int, rows: Iterable[sqlite3.Row]) -> list[Notification]:
    found: list[Notification] = []
    for group_id, kind, tweet_id, position, notices, read in rows:
        actors = tuple(row[0] for row in connection.execute(_ACTORS, (recipient_id, group_id, SHOWN_ACTORS)))
        found.append(
            Notification(position, group_id, Kind(kind), tweet_id or None, actors, notices, id_time(position), read == 1)
        )
    return found

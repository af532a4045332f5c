"""The event log in one SQLite file: for one machine, and for as many of its processes as open the file.

Offsets are the rowids of one table, so they rise over all partitions in the order of commits (SQLite has one writer).
A member of a group holds partitions by a lease in the file. It is taken to be dead when its lease runs out, or as soon as
the kernel has released the file lock of its process, so a restart after `kill -9` waits for nothing.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from heapq import merge
from itertools import islice, product, takewhile
from operator import attrgetter
from pathlib import Path

from murmur.broker.liveness import ProcessLocks, wait_for_lock
from murmur.broker.partitions import partition_of
from murmur.broker.ports import Consumer, DeadLetter, Message, Place, Publisher, Record
from murmur.clock import Clock, wall_clock
from murmur.errors import Unavailable
from murmur.events import TOPICS, Topic
from murmur.sqlite import Database

_SCHEMA = """
CREATE TABLE log (partitions INTEGER NOT NULL);
INSERT INTO log VALUES ({partitions});
CREATE TABLE records (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    topic     TEXT NOT NULL,
    partition INTEGER NOT NULL,
    key       INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    value     BLOB NOT NULL
);
CREATE INDEX records_by_partition ON records (topic, partition, seq);
CREATE TABLE groups (
    name    TEXT PRIMARY KEY,
    seen_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE members (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    group_name  TEXT NOT NULL,
    process     TEXT NOT NULL,
    alive_until INTEGER NOT NULL
);
CREATE TABLE offsets (
    group_name TEXT NOT NULL,
    topic      TEXT NOT NULL,
    partition  INTEGER NOT NULL,
    committed  INTEGER NOT NULL DEFAULT 0,
    member_id  INTEGER,
    PRIMARY KEY (group_name, topic, partition)
) WITHOUT ROWID;
CREATE TABLE dead_letters (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    group_name TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    topic      TEXT NOT NULL,
    partition  INTEGER NOT NULL,
    key        INTEGER NOT NULL,
    value      BLOB NOT NULL,
    reason     TEXT NOT NULL,
    at         INTEGER NOT NULL,
    UNIQUE (group_name, seq)
);
"""
_PEEK_MS = 500
_MAX_DEAD_LETTERS = 10_000
_TRIM_EVERY = 1_000
_TRIM_AT_MOST = 2_000


class SqliteBroker:
    """A `Broker`. The number of partitions of a topic is that of the file's creation, whatever is asked later.

    Kept is what some known group has not committed yet; of the rest what is younger than `keep_ms`, at most about
    `keep_records`. A group that nobody has been a member of for `keep_ms` is forgotten.
    """

    def __init__(
        self,
        path: Path,
        *,
        partitions: int = 8,
        session_ms: int = 30_000,
        keep_ms: int = 7 * 24 * 3_600_000,
        keep_records: int = 1_000_000,
        clock: Clock = wall_clock,
    ) -> None:
        self.database = Database(path, [_SCHEMA.format(partitions=int(partitions))])
        self.clock = clock
        self.session_ms = session_ms
        self.locks = ProcessLocks(path.with_name(f"{path.name}-members"))
        self._keep_ms = keep_ms
        self._keep_records = keep_records
        self._consumers: set[_SqliteConsumer] = set()
        self._untrimmed = _TRIM_EVERY

    async def publish(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        now = self.clock()
        self._untrimmed += len(messages)
        trim = self._untrimmed >= _TRIM_EVERY
        if trim:
            self._untrimmed = 0

        def append(connection: sqlite3.Connection) -> None:
            count = partitions_of(connection)
            connection.executemany(
                "INSERT INTO records (topic, partition, key, at, value) VALUES (?,?,?,?,?)",
                [(message.topic, partition_of(message.key, count), message.key, now, message.value) for message in messages],
            )
            if trim:
                self._trim(connection, now)

        await self.database.write(append)
        self.wake()

    def wake(self, *, shares_changed: bool = False) -> None:
        """Let the consumers of this process look at once; those of others look every half second."""
        for consumer in self._consumers:
            consumer.wake(shares_changed=shares_changed)

    @asynccontextmanager
    async def publisher(self, name: str) -> AsyncGenerator[Publisher, None]:
        # The lock of a process that has ended is free, and one that is paused keeps it: nobody publishes late.
        folder = self.database.path.with_name(f"{self.database.path.name}-publishers")
        handle = await wait_for_lock(folder / name)
        try:
            yield self
        finally:
            os.close(handle)

    @asynccontextmanager
    async def consumer(self, group: str, topics: Sequence[Topic]) -> AsyncGenerator[Consumer, None]:
        self.locks.hold()
        member = _SqliteConsumer(self, group, topics)
        self._consumers.add(member)
        try:
            await member.take_share()
            self.wake(shares_changed=True)
            yield member
        finally:
            self._consumers.remove(member)
            await member.leave()
            self.wake(shares_changed=True)

    async def lag(self, group: str, topics: Sequence[Topic] = ()) -> int:
        def count(connection: sqlite3.Connection) -> int:
            done: dict[Place, int] = dict.fromkeys(product(topics, range(partitions_of(connection))), 0)
            committed = connection.execute("SELECT topic, partition, committed FROM offsets WHERE group_name = ?", (group,))
            done.update({(topic, partition): seq for topic, partition, seq in committed})
            sql = "SELECT COUNT(*) FROM records WHERE topic = ? AND partition = ? AND seq > ?"
            return sum(int(connection.execute(sql, (*place, seq)).fetchone()[0]) for place, seq in done.items())

        return await self.database.read(count)

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        sql = "SELECT group_name, topic, partition, seq, key, value, reason, at FROM dead_letters ORDER BY id DESC LIMIT ?"
        rows = await self.database.fetch(sql, (limit,))
        return [DeadLetter(group, Record(*record), reason, at) for group, *record, reason, at in rows]

    async def forget(self, letters: Sequence[DeadLetter]) -> None:
        rows = [(letter.group, letter.record.offset) for letter in letters]
        sql = "DELETE FROM dead_letters WHERE group_name = ? AND seq = ?"
        await self.database.write(lambda connection: connection.executemany(sql, rows))

    async def tail(self, limit: int) -> Sequence[Record]:
        sql = "SELECT topic, partition, seq, key, value FROM records ORDER BY seq DESC LIMIT ?"
        return [Record(*row) for row in reversed(await self.database.fetch(sql, (limit,)))]

    async def ends(self) -> Mapping[Place, int]:
        rows = await self.database.fetch("SELECT topic, partition, MAX(seq) FROM records GROUP BY topic, partition")
        return {(topic, partition): newest for topic, partition, newest in rows}

    async def after(self, positions: Mapping[Place, int], limit: int) -> Sequence[Record]:
        def read(connection: sqlite3.Connection) -> list[Record]:
            def of(place: Place) -> Iterator[Record]:
                rows = connection.execute(_READ, (*place, positions.get(place, 0), limit))
                return (Record(*place, *row) for row in rows)

            places = product(TOPICS, range(partitions_of(connection)))
            return list(islice(merge(*map(of, places), key=_offset), limit))

        return await self.database.read(read)

    async def close(self) -> None:
        await self.database.close()
        self.locks.release()

    def _trim(self, connection: sqlite3.Connection, now: int) -> None:
        oldest_kept = now - self._keep_ms
        for (group,) in connection.execute("SELECT name FROM groups WHERE seen_at < ?", (oldest_kept,)).fetchall():
            connection.execute("DELETE FROM offsets WHERE group_name = ?", (group,))
            connection.execute("DELETE FROM groups WHERE name = ?", (group,))
        newest = connection.execute("SELECT MAX(seq) FROM records").fetchone()[0] or 0
        surplus = newest - self._keep_records
        floors = connection.execute("SELECT topic, partition, MIN(committed) FROM offsets GROUP BY topic, partition").fetchall()
        done: Mapping[Place, int] = {(topic, partition): committed for topic, partition, committed in floors}
        for place in product(TOPICS, range(partitions_of(connection))):
            oldest = connection.execute(
                "SELECT seq, at FROM records WHERE topic = ? AND partition = ? AND seq <= ? ORDER BY seq LIMIT ?",
                (*place, done.get(place, newest), _TRIM_AT_MOST),
            )
            for seq, _ in list(takewhile(lambda row: row[0] <= surplus or row[1] < oldest_kept, oldest)):
                connection.execute("DELETE FROM records WHERE seq = ?", (seq,))


def partitions_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT partitions FROM log").fetchone()[0])


class _SqliteConsumer:
    """A member of a group. `_positions` says how far each partition that it holds was polled."""

    def __init__(self, broker: SqliteBroker, group: str, topics: Sequence[Topic]) -> None:
        self._broker = broker
        self._database = broker.database
        self._group = group
        self._topics: tuple[Topic, ...] = tuple(sorted(set(topics)))
        self._id: int | None = None
        self._positions: dict[Place, int] = {}
        self._members: Sequence[int] = ()
        self._settled = False
        self._next_beat = 0
        self._next_peek = 0
        self._woken = asyncio.Event()
        self._turn = 0

    def wake(self, *, shares_changed: bool) -> None:
        if shares_changed:
            self._settled = False
        self._woken.set()

    async def poll(self, limit: int, timeout: float) -> Sequence[Record]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            # Cleared before the look: what is published during it wakes the wait again.
            self._woken.clear()
            await self._keep_share()
            if records := await self._next(limit):
                return records
            remaining = deadline - loop.time()
            if remaining <= 0:
                return ()
            try:
                async with asyncio.timeout(min(remaining, _PEEK_MS / 1000)):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def commit(self, records: Sequence[Record]) -> None:
        highest: dict[Place, int] = {}
        for record in records:
            partition = record.topic, record.partition
            highest[partition] = max(record.offset, highest.get(partition, 0))
        rows = [(offset, self._group, *partition, self._id, offset) for partition, offset in highest.items()]
        await self._database.write(lambda connection: connection.executemany(_COMMIT, rows))

    async def rewind(self) -> None:
        self._positions = {}
        self._settled = False

    async def bury(self, record: Record, reason: str) -> None:
        now = self._broker.clock()
        place = record.topic, record.partition

        def work(connection: sqlite3.Connection) -> None:
            moved = connection.execute(_COMMIT, (record.offset, self._group, *place, self._id, record.offset))
            if moved.rowcount == 0:
                return
            newest = connection.execute(
                "INSERT OR IGNORE INTO dead_letters (group_name, seq, topic, partition, key, value, reason, at)"
                " VALUES (?,?,?,?,?,?,?,?)",
                (self._group, record.offset, *place, record.key, record.value, reason, now),
            )
            connection.execute("DELETE FROM dead_letters WHERE id <= ?", ((newest.lastrowid or 0) - _MAX_DEAD_LETTERS,))

        await self._database.write(work)

    async def leave(self) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE offsets SET member_id = NULL WHERE member_id = ?", (self._id,))
            connection.execute("DELETE FROM members WHERE id = ?", (self._id,))

        try:
            await self._database.write(work)
        except Unavailable:
            # Nobody can be told now; the lease runs out by itself.
            return

    async def _next(self, limit: int) -> Sequence[Record]:
        """The next records, in equal shares of the partitions that have any: none waits for another, or runs far ahead."""
        positions = dict(self._positions)
        order = list(positions)[self._turn :] + list(positions)[: self._turn]

        def read(connection: sqlite3.Connection) -> list[Record]:
            found: list[Record] = []
            more = order
            while more and len(found) < limit:
                share = max(1, (limit - len(found)) // len(more))
                asked, more = more[: limit - len(found)], []
                for place in asked:
                    rows = connection.execute(_READ, (*place, positions[place], share)).fetchall()
                    found.extend(Record(*place, *row) for row in rows)
                    if len(rows) == share:
                        positions[place] = rows[-1][0]
                        more.append(place)
            return found

        if not order:
            return ()
        records = await self._database.read(read)
        for record in records:
            self._positions[record.topic, record.partition] = record.offset
        self._turn = (self._turn + 1) % len(order)
        records.sort(key=_offset)
        return records

    async def _keep_share(self) -> None:
        """Renew the lease when it is time, and take the partitions due to this member when the members have changed."""
        now = self._broker.clock()
        if self._settled and now < self._next_beat:
            if now < self._next_peek:
                return
            self._next_peek = now + _PEEK_MS
            if await self._database.read(self._living) == self._members:
                return
        before = self._members
        await self.take_share()
        if self._members != before:
            self._broker.wake(shares_changed=True)

    async def take_share(self) -> None:
        """Join, or renew the lease; give up the partitions that are others' now and take those that are due and free."""
        # Set first: who joins or leaves while this is written unsettles it again.
        self._settled = True
        share = await self._database.write(self._write_share)
        self._id, self._members = share.member, share.members
        # What was polled of a partition held all along is not polled again; a new one starts at what was committed.
        self._positions = {
            partition: max(committed, self._positions.get(partition, 0)) for partition, committed in share.committed.items()
        }
        self._settled = self._settled and len(share.committed) == share.due
        now = self._broker.clock()
        self._next_beat = now + self._broker.session_ms // 3
        self._next_peek = now + _PEEK_MS

    def _living(self, connection: sqlite3.Connection) -> Sequence[int]:
        rows = connection.execute("SELECT id, process, alive_until FROM members WHERE group_name = ? ORDER BY id", (self._group,))
        now = self._broker.clock()
        return [member for member, process, until in rows.fetchall() if until > now and self._broker.locks.alive(process)]

    def _write_share(self, connection: sqlite3.Connection) -> "_Share":
        now = self._broker.clock()
        connection.execute("INSERT INTO groups VALUES (?1, ?2) ON CONFLICT DO UPDATE SET seen_at = ?2", (self._group, now))
        renewed = connection.execute(
            "INSERT INTO members (id, group_name, process, alive_until) VALUES (?1, ?2, ?3, ?4)"
            " ON CONFLICT (id) DO UPDATE SET alive_until = ?4 RETURNING id",
            (self._id, self._group, self._broker.locks.name, now + self._broker.session_ms),
        )
        member: int = renewed.fetchone()[0]
        members = self._living(connection)
        for (other,) in connection.execute("SELECT id FROM members WHERE group_name = ?", (self._group,)).fetchall():
            if other not in members:
                connection.execute("DELETE FROM members WHERE id = ?", (other,))
        partitions: list[Place] = [(topic, number) for topic in self._topics for number in range(partitions_of(connection))]
        share = _Share(member, members, {}, 0)
        for index, (topic, number) in enumerate(partitions):
            place = self._group, topic, number
            mine = index % len(members) == members.index(member)
            share.due += mine
            connection.execute("INSERT OR IGNORE INTO offsets (group_name, topic, partition) VALUES (?,?,?)", place)
            connection.execute(_TAKE if mine else _GIVE, (*place, member))
            committed = connection.execute(_HELD, (*place, member)).fetchone()
            if committed is not None:
                share.committed[topic, number] = committed[0]
        return share


@dataclass(slots=True)
class _Share:
    """What a member holds: the committed offset of each of its partitions, and how many are due to it."""

    member: int
    members: Sequence[int]
    committed: dict[Place, int]
    due: int


_offset = attrgetter("offset")
_TAKE = """
    UPDATE offsets SET member_id = ?4 WHERE group_name = ?1 AND topic = ?2 AND partition = ?3
    AND (member_id IS NULL OR member_id NOT IN (SELECT id FROM members))
"""
_GIVE = "UPDATE offsets SET member_id = NULL WHERE group_name = ?1 AND topic = ?2 AND partition = ?3 AND member_id = ?4"
_HELD = "SELECT committed FROM offsets WHERE group_name = ?1 AND topic = ?2 AND partition = ?3 AND member_id = ?4"
_COMMIT = """
    UPDATE offsets SET committed = ? WHERE group_name = ? AND topic = ? AND partition = ? AND member_id = ? AND committed < ?
"""
_READ = "SELECT seq, key, value FROM records WHERE topic = ? AND partition = ? AND seq > ? ORDER BY seq LIMIT ?"

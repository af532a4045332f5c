"""A ledger is a document that counts what it holds, so that a count and what it counts are one write.

Its newest lines are in the document itself (`recent`), the older ones in rows, documents of their own with the same shard
key. A line has a kind and an id, is added once and ended once; adding and ending can be repeated by anybody, in any order,
without counting twice, which makes a ledger the place where the consequences of a write elsewhere are counted.

- `recent` holds lines {k, i, u, x}: kind, id, person, and x where it was ended. One that was ended stays, so that an addition
  that is late finds it.
- When `recent` is full it is *settled*: its lines become rows, and only then leave the document. `settled` counts how often,
  and `floor` is the highest id that left: a line above it that is not in `recent` was never added, which a single conditional
  update can tell. For the others the rows are looked at, and the update holds only while `settled` has not changed.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection

from murmur.errors import Unavailable
from murmur.mongodb import Document, Write, write_all
from subgraphs.tweets.stores.mongodb.collections import DEAD_SECONDS

RECENT = 128
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Line:
    """What is counted for an owner. `user_id` is who has to do with it, where the owner does not say so."""

    owner_id: int
    kind: str
    id: int
    user_id: int | None = None

    def entry(self, *, dead: bool = False) -> Document:
        entry: Document = {"k": self.kind, "i": self.id}
        if self.user_id is not None:
            entry["u"] = self.user_id
        if dead:
            entry["x"] = True
        return entry


def row_id(owner_id: int, entry: Document) -> Document:
    return {"o": owner_id, "k": entry["k"], "i": entry["i"]}


def add_row(owner_field: str, owner_id: int, entry: Document) -> UpdateOne:
    """Adds a row, unless it is there or was ended."""
    row = {"_id": row_id(owner_id, entry), owner_field: owner_id}
    return UpdateOne(row, {"$setOnInsert": {**entry, "live": True}}, upsert=True)


def end_row(owner_field: str, owner_id: int, entry: Document, *, keep: bool = False) -> UpdateOne:
    """Ends a row, added or not. It is let go after a week unless it is to be kept."""
    update: Document = {"$unset": {"live": True}, "$setOnInsert": entry}
    if not keep:
        update["$set"] = {"expires": datetime.now(UTC) + timedelta(seconds=DEAD_SECONDS)}
    return UpdateOne({"_id": row_id(owner_id, entry), owner_field: owner_id}, update, upsert=True)


async def write_rows(rows: AsyncCollection[Document], writes: Sequence[Write]) -> None:
    """Two who upsert one row at once meet: the one that is refused finds it then."""
    for _ in range(_ROUNDS):
        refused = await write_all(rows, writes)
        if not refused:
            return
        writes = [writes[index] for index in sorted(refused)]
    raise Unavailable("too many write the same at once; try again later")


def without(lines: Mapping[str, Collection[int]]) -> list[Document]:
    """A filter's `$nor`: none of these ids, by kind, is in `recent`."""
    return [{"recent": {"$elemMatch": {"k": kind, "i": {"$in": list(ids)}}}} for kind, ids in lines.items()]


def room_for(count: int) -> Document:
    """A filter: `recent` can take as many lines."""
    return {f"recent.{RECENT - count}": {"$exists": False}}


class Ledger:
    """`counts` names the field that counts the lines of a kind. Of the kinds in `kept` what was ended stays as a row.

    Where `owned`, a ledger begins with its first line; else its document must be there.
    """

    def __init__(
        self,
        ledgers: AsyncCollection[Document],
        rows: AsyncCollection[Document],
        owner_field: str,
        counts: Mapping[str, str],
        *,
        owned: bool = False,
        kept: Collection[str] = (),
    ) -> None:
        self._ledgers = ledgers
        self._rows = rows
        self._owner_field = owner_field
        self._counts = counts
        self._owned = owned
        self._kept = kept

    async def add(self, lines: Sequence[Line], *, fresh: bool) -> None:
        """Count lines that were not counted before. `fresh` ones most likely were not, and are tried without a look."""
        if fresh and lines:
            # An upsert that finds its document otherwise meets its key, so one command tells which lines are left.
            tried, others = _some_of_each(lines)
            refused = await write_all(self._ledgers, [self._push(line, self._fresh(line), 1, upsert=True) for line in tried])
            lines = [*(tried[index] for index in sorted(refused)), *others]
        for _ in range(_ROUNDS + len(lines)):
            if not lines:
                return
            states = await self._states(lines)
            lines = [line for line in lines if states.of(line) is None]
            await self._write(states, [(line, 1) for line in lines])
        raise Unavailable("too many write the same at once; try again later")

    async def end(self, lines: Sequence[Line]) -> None:
        """Count lines no longer. One that was never added will not be added any more."""
        for _ in range(_ROUNDS + len(lines)):
            if not lines:
                return
            states = await self._states(lines)
            lines = [line for line in lines if states.of(line) != "dead"]
            await self._write(states, [(line, -1 if states.of(line) == "live" else 0) for line in lines])
        raise Unavailable("too many write the same at once; try again later")

    async def _write(self, states: "_States", lines: Sequence[tuple[Line, Literal[1, -1, 0]]]) -> None:
        """Try each line once, with the change of its count: what was read of it may be so no more."""
        writes: list[Write] = []
        left = {owner_id: RECENT - size for owner_id, size in states.sizes.items()}
        for line, change in lines:
            owner_id = line.owner_id
            if change < 1 and (line.kind, line.id) in states.recent.get(owner_id, {}):
                writes.append(self._mark(line, change))
            elif owner_id not in left:
                writes.append(self._push(line, self._fresh(line), change, upsert=self._owned))
            else:
                left[owner_id] -= 1
                if left[owner_id] >= 0:
                    writes.append(self._push(line, self._unchanged(line, states), change))
        await write_all(self._ledgers, writes)
        for owner_id, places in left.items():
            if places < 0:
                await self.settle(owner_id)

    async def _states(self, lines: Sequence[Line]) -> "_States":
        """What is known of lines: first the ledgers, then the rows of lines that may have left them."""
        # A range, as the server would compare each line with each of a list.
        oldest, newest = min(line.id for line in lines), max(line.id for line in lines)
        between = {"$and": [{"$gte": ["$$this.i", oldest]}, {"$lte": ["$$this.i", newest]}]}
        recent = {"$ifNull": ["$recent", []]}
        fields = {
            "settled": 1,
            "floor": 1,
            "size": {"$size": recent},
            "recent": {"$filter": {"input": recent, "cond": between}},
        }
        states = _States()
        floors: dict[int, int] = {}
        async for ledger in self._ledgers.find({"_id": {"$in": list({line.owner_id for line in lines})}}, fields):
            owner_id = ledger["_id"]
            states.sizes[owner_id] = ledger["size"]
            states.settled[owner_id] = ledger.get("settled")
            states.recent[owner_id] = {(entry["k"], entry["i"]): "x" not in entry for entry in ledger["recent"]}
            floors[owner_id] = ledger.get("floor", 0)
        late = [line for line in lines if line.id <= floors.get(line.owner_id, 0) and states.of(line) is None]
        if late:
            owners = list({line.owner_id for line in late})
            wanted = {"_id": {"$in": [row_id(line.owner_id, line.entry()) for line in late]}, self._owner_field: {"$in": owners}}
            async for row in self._rows.find(wanted, {"live": 1}):
                states.rows[row["_id"]["o"], row["_id"]["k"], row["_id"]["i"]] = "live" in row
        return states

    async def settle(self, owner_id: int) -> None:
        """Turn what is recent into rows. Anybody may do so at any time; of two at once one does."""
        ledger = await self._ledgers.find_one({"_id": owner_id}, {"recent": 1, "settled": 1})
        if ledger is None or not ledger.get("recent"):
            return
        recent: list[Document] = ledger["recent"]
        writes: list[Write] = []
        gone: dict[tuple[str, bool], list[int]] = {}
        for entry in recent:
            dead = entry.pop("x", False)
            gone.setdefault((entry["k"], dead), []).append(entry["i"])
            if dead:
                writes.append(end_row(self._owner_field, owner_id, entry, keep=entry["k"] in self._kept))
            else:
                writes.append(add_row(self._owner_field, owner_id, entry))
        await write_rows(self._rows, writes)
        # A line that was ended meanwhile stays, and is over its row until it is settled too.
        settled = [{"k": kind, "i": {"$in": ids}, **({} if dead else {"x": None})} for (kind, dead), ids in gone.items()]
        await self._ledgers.update_one(
            {"_id": owner_id, "settled": ledger.get("settled")},
            {
                "$pull": {"recent": {"$or": settled}},
                "$max": {"floor": max(entry["i"] for entry in recent)},
                "$inc": {"settled": 1},
            },
        )

    def _push(self, line: Line, condition: Document, change: Literal[1, -1, 0], *, upsert: bool = False) -> UpdateOne:
        entry = {"$push": {"recent": line.entry(dead=change < 1)}}
        return UpdateOne(condition, {**entry, **self._counted(line, change)}, upsert=upsert)

    def _mark(self, line: Line, change: Literal[1, -1, 0]) -> UpdateOne:
        alive = {"recent": {"$elemMatch": {"k": line.kind, "i": line.id, "x": None}}}
        return UpdateOne({"_id": line.owner_id, **alive}, {"$set": {"recent.$.x": True}, **self._counted(line, change)})

    def _counted(self, line: Line, change: Literal[1, -1, 0]) -> Document:
        return {"$inc": {self._counts[line.kind]: change}} if change else {}

    def _fresh(self, line: Line) -> Document:
        """Holds while a line was never added and no row need be looked at to know it."""
        never = {"floor": {"$not": {"$gte": line.id}}, "$nor": without({line.kind: (line.id,)})}
        return {"_id": line.owner_id, **never, **room_for(1)}

    def _unchanged(self, line: Line, states: "_States") -> Document:
        """Holds while what was read of a line is so."""
        unchanged = {"settled": states.settled[line.owner_id], "$nor": without({line.kind: (line.id,)})}
        return {"_id": line.owner_id, **unchanged, **room_for(1)}


def _some_of_each(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """As many lines of each owner as may have room, and the others."""
    counts: Counter[int] = Counter()
    some: list[Line] = []
    others: list[Line] = []
    for line in lines:
        counts[line.owner_id] += 1
        (some if counts[line.owner_id] <= RECENT // 2 else others).append(line)
    return some, others


@dataclass(slots=True)
class _States:
    """By owner: how long `recent` is, `settled`, and which lines of those asked for are in it, alive or not; and their rows."""

    sizes: dict[int, int] = field(default_factory=dict[int, int])
    settled: dict[int, int | None] = field(default_factory=dict[int, int | None])
    recent: dict[int, dict[tuple[str, int], bool]] = field(default_factory=dict[int, dict[tuple[str, int], bool]])
    rows: dict[tuple[int, str, int], bool] = field(default_factory=dict[tuple[int, str, int], bool])

    def of(self, line: Line) -> Literal["live", "dead"] | None:
        live = self.recent.get(line.owner_id, {}).get((line.kind, line.id))
        if live is None:
            live = self.rows.get((line.owner_id, line.kind, line.id))
        return None if live is None else "live" if live else "dead"

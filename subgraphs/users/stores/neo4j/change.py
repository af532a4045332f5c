"""One transaction on the follow graph: lock, read what stands, decide row by row, write it all at once.

Whoever changes what somebody does locks that person, and a block locks both people, always in the order of their ids. So a
follow and a block of the same two wait for each other, while any number of people can follow the same person at once. The
commit itself locks people without many edges yet, which can meet in a deadlock: one of the two is carried out again.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Final, LiteralString

from murmur.events import GraphEvent
from subgraphs.users.model import Edge, Outcome
from subgraphs.users.ports import EdgeKind
from subgraphs.users.stores.neo4j import cypher
from subgraphs.users.stores.neo4j.database import Transaction
from subgraphs.users.stores.neo4j.outbox import Telling

Pair = tuple[int, int]
"""Source and target."""

KINDS: Final[tuple[EdgeKind, ...]] = ("follow", "block", "mute")
_LOCK: Final[Mapping[EdgeKind, LiteralString]] = {
    "follow": cypher.LOCK_FOLLOWS,
    "block": cypher.LOCK_BLOCKS,
    "mute": cypher.LOCK_MUTES,
}
_CHANGE: Final[Mapping[EdgeKind, LiteralString]] = {
    "follow": cypher.CHANGE_FOLLOWS,
    "block": cypher.CHANGE_BLOCKS,
    "mute": cypher.CHANGE_MUTES,
}
# How many positions from a wanted one on are looked at for a free one at a time.
_SPAN = 64


async def begin(
    transaction: Transaction,
    kind: EdgeKind,
    edges: Sequence[Edge],
    *,
    movable: AbstractSet[int] = frozenset(),
) -> "Change":
    """Begin to change edges of one kind: lock who has to be, and read what stands between the people of these edges.

    `movable` are the indexes of those follows that may take another position.
    """
    pairs = [(edge.source_id, edge.target_id) for edge in edges]
    both_ways = [way for source, target in pairs for way in ((source, target), (target, source))]
    sources, targets = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    found = await transaction.value(
        _LOCK[kind],
        locks=sorted(sources | targets if kind == "block" else sources),
        others=[] if kind == "block" else list(targets),
        follows=pairs if kind == "follow" else both_ways,
        blocks=pairs if kind == "block" else both_ways,
        mutes=pairs,
        spans=[_span(edge, movable=index in movable) for index, edge in enumerate(edges)],
    )
    return Change(transaction, kind, found)


class Change:
    """What stands between the people of a batch, as it is after the rows that were decided so far."""

    def __init__(self, transaction: Transaction, kind: EdgeKind, found: Mapping[str, Any]) -> None:
        self._transaction = transaction
        self._kind: EdgeKind = kind
        last_events: dict[int, int | None] = dict(found["locked"])
        self._known = set(last_events).union(found["others"])
        self._telling = Telling(last_events)
        self._standing: dict[EdgeKind, set[Pair]] = {kind: set(map(tuple, found.get(kind, ()))) for kind in KINDS}
        self._added: dict[EdgeKind, list[tuple[int, int, int]]] = {kind: [] for kind in KINDS}
        self._ended: dict[EdgeKind, list[Pair]] = {kind: [] for kind in KINDS}
        self._following: set[Pair] = set()
        self._followers: set[Pair] = set()
        """Positions that are taken in lists: (whose list, position)."""
        self._take(found)

    def blocked(self, edge: Edge) -> bool:
        """Whether one of the two has blocked the other."""
        pair = (edge.source_id, edge.target_id)
        return pair in self._standing["block"] or pair[::-1] in self._standing["block"]

    def add(self, edge: Edge) -> Outcome:
        """DONE, UNCHANGED or UNKNOWN."""
        outcome = self._outcome(edge)
        if outcome is Outcome.DONE:
            pair = (edge.source_id, edge.target_id)
            self._standing[self._kind].add(pair)
            self._added[self._kind].append((edge.id, *pair))
            self._following.add((edge.source_id, edge.id))
            self._followers.add((edge.target_id, edge.id))
        return outcome

    async def add_follow(self, edge: Edge, *, movable: bool) -> Outcome:
        """ID_TAKEN too, where the position is taken in one of the two lists and the follow may not move."""
        position = edge.id
        if self._outcome(edge) is Outcome.DONE:
            while (edge.source_id, position) in self._following or (edge.target_id, position) in self._followers:
                if not movable:
                    return Outcome.ID_TAKEN
                position += 1
                if (position - edge.id) % _SPAN == 0:
                    span = _span(replace(edge, id=position), movable=True)
                    self._take(await self._transaction.value(cypher.POSITIONS, spans=[span]))
        return self.add(replace(edge, id=position))

    def end(self, kind: EdgeKind, source_id: int, target_id: int) -> bool:
        """False when there is no such edge."""
        pair = (source_id, target_id)
        if pair not in self._standing[kind]:
            return False
        self._standing[kind].remove(pair)
        self._ended[kind].append(pair)
        return True

    def tell(self, event: GraphEvent) -> None:
        self._telling.tell(event)

    async def write(self) -> None:
        """Write what was decided, if anything."""
        if any(self._added.values()) or any(self._ended.values()):
            await self._transaction.value(
                _CHANGE[self._kind],
                **{f"{kind}s": rows for kind, rows in self._added.items()},
                **{f"ended_{kind}s": pairs for kind, pairs in self._ended.items()},
                **self._telling.parameters(),
            )

    def _outcome(self, edge: Edge) -> Outcome:
        pair = (edge.source_id, edge.target_id)
        if not self._known.issuperset(pair):
            return Outcome.UNKNOWN
        return Outcome.UNCHANGED if pair in self._standing[self._kind] else Outcome.DONE

    def _take(self, found: Mapping[str, Any]) -> None:
        self._following.update(map(tuple, found.get("following", ())))
        self._followers.update(map(tuple, found.get("followers", ())))


def _span(edge: Edge, *, movable: bool) -> tuple[int, int, int, int]:
    """Which positions of which lists are looked at: a follow's own, or the next ones too where it may move."""
    return edge.source_id, edge.target_id, edge.id, edge.id + (_SPAN if movable else 1)

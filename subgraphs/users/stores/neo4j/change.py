"""One transaction on the follow graph: lock, read what stands, decide row by row, write it all at once.

Whoever changes what somebody does locks that person, and a block locks both people, always in the order of their ids. So a
follow and a block of the same two wait for each other, while any number of people can follow the same person at once. The
commit itself locks people without many edges yet, which can meet in a deadlock: one of the two is carried out again.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from murmur.events import GraphEvent
from subgraphs.users.model import Edge
from subgraphs.users.ports import EdgeKind
from subgraphs.users.stores.neo4j import cypher
from subgraphs.users.stores.neo4j.database import Transaction
from subgraphs.users.stores.neo4j.outbox import Telling

Pair = tuple[int, int]
"""Source and target."""

_KINDS: tuple[EdgeKind, ...] = ("follow", "block", "mute")
# How many positions from a wanted one on are looked at for a free one at a time.
_SPAN = 64


class Change:
    """What stands between the people of a batch, as it is after the rows that were decided so far."""

    def __init__(
        self, transaction: Transaction, known: AbstractSet[int], standing: Mapping[EdgeKind, set[Pair]], telling: Telling
    ) -> None:
        self._transaction = transaction
        self._known = known
        self._standing = standing
        self._telling = telling
        self._added: dict[EdgeKind, list[tuple[int, int, int]]] = {kind: [] for kind in _KINDS}
        self._ended: dict[EdgeKind, list[Pair]] = {kind: [] for kind in _KINDS}
        self._following: set[Pair] = set()
        self._followers: set[Pair] = set()
        """Positions that are taken in lists: (whose list, position)."""

    def knows(self, edge: Edge) -> bool:
        return edge.source_id in self._known and edge.target_id in self._known

    def has(self, kind: EdgeKind, source_id: int, target_id: int) -> bool:
        return (source_id, target_id) in self._standing[kind]

    def add(self, kind: EdgeKind, edge: Edge) -> None:
        self._standing[kind].add((edge.source_id, edge.target_id))
        self._added[kind].append((edge.id, edge.source_id, edge.target_id))
        if kind == "follow":
            self._following.add((edge.source_id, edge.id))
            self._followers.add((edge.target_id, edge.id))

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

    async def look_at_positions(self, wanted: Iterable[tuple[Edge, bool]]) -> None:
        """Read which positions of the two lists of each follow are taken: its own, or the next ones too where it may move."""
        spans = [(edge.source_id, edge.target_id, edge.id, edge.id + (_SPAN if movable else 1)) for edge, movable in wanted]
        following, followers = await self._transaction.value(cypher.POSITIONS, spans=spans)
        self._following.update((user_id, position) for user_id, position in following)
        self._followers.update((user_id, position) for user_id, position in followers)

    async def free_position(self, edge: Edge, *, movable: bool) -> int | None:
        """The position of a follow that was looked at; None when it is taken in one of the lists and it may not move."""
        position = edge.id
        while (edge.source_id, position) in self._following or (edge.target_id, position) in self._followers:
            if not movable:
                return None
            position += 1
            if (position - edge.id) % _SPAN == 0:
                await self.look_at_positions([(Edge(position, edge.source_id, edge.target_id), True)])
        return position

    async def write(self) -> None:
        """Write what was decided, if anything."""
        if any(self._added.values()) or any(self._ended.values()):
            await self._transaction.value(
                cypher.CHANGE_GRAPH,
                **{f"{kind}s": rows for kind, rows in self._added.items()},
                **{f"ended_{kind}s": pairs for kind, pairs in self._ended.items()},
                **self._telling.parameters(),
            )


async def begin(
    transaction: Transaction,
    lock: Iterable[int],
    others: Iterable[int] = (),
    *,
    follows: Iterable[Pair] = (),
    blocks: Iterable[Pair] = (),
    mutes: Iterable[Pair] = (),
) -> Change:
    """Lock people, and read who of them and of the `others` there is and which of these edges there are."""
    locked, known, *standing = await transaction.value(
        cypher.LOCK_GRAPH,
        locks=sorted(set(lock)),
        ids=list(set(others)),
        follows=list(set(follows)),
        blocks=list(set(blocks)),
        mutes=list(set(mutes)),
    )
    last_events = dict[int, int | None](locked)
    edges: dict[EdgeKind, set[Pair]] = {kind: set(map(tuple, pairs)) for kind, pairs in zip(_KINDS, standing, strict=True)}
    return Change(transaction, last_events.keys() | set(known), edges, Telling(last_events))

"""Follows, blocks and mutes as relationships.

A relationship carries both ids beside its own, so that it is found through an index by either person, by both, or by its
position in a list: a page costs the same whether somebody has ten followers or ten million.
"""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import LiteralString

from murmur.events import Blocked, Followed, Muted, Unblocked, Unfollowed, Unmuted
from murmur.ids import MAX_ID
from murmur.relation import STRANGERS, Relation
from subgraphs.users.model import Edge, Listing, Neighbour, Outcome, Side, User
from subgraphs.users.ports import EdgeKind
from subgraphs.users.stores.neo4j import cypher
from subgraphs.users.stores.neo4j.change import begin
from subgraphs.users.stores.neo4j.database import Database, Transaction

_NEIGHBOURS: Mapping[tuple[Side, bool], LiteralString] = {
    ("followers", False): cypher.NEWEST_FOLLOWERS,
    ("followers", True): cypher.OLDEST_FOLLOWERS,
    ("following", False): cypher.NEWEST_FOLLOWING,
    ("following", True): cypher.OLDEST_FOLLOWING,
}
"""By side, and whether the rows next to the oldest end are wanted."""

_EDGES_AFTER: Mapping[EdgeKind, LiteralString] = {
    "follow": cypher.FOLLOWS_AFTER,
    "block": cypher.BLOCKS_AFTER,
    "mute": cypher.MUTES_AFTER,
}
_FLAGS = ("follows", "followed_by", "blocks", "blocked_by", "mutes")


class Neo4jGraph:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def follow(self, rows: Sequence[tuple[Edge, Followed]], movable: AbstractSet[int] = frozenset()) -> Sequence[Outcome]:
        async def work(transaction: Transaction) -> Sequence[Outcome]:
            change = await begin(transaction, "follow", [edge for edge, _ in rows], movable=movable)
            outcomes: list[Outcome] = []
            for index, (edge, event) in enumerate(rows):
                blocked = change.blocked(edge)
                outcome = Outcome.BLOCKED if blocked else await change.add_follow(edge, movable=index in movable)
                if outcome is Outcome.DONE:
                    change.tell(event)
                outcomes.append(outcome)
            await change.write()
            return outcomes

        return await self._database.write(work)

    async def block(self, rows: Sequence[tuple[Edge, Blocked, tuple[Unfollowed, Unfollowed]]]) -> Sequence[Outcome]:
        async def work(transaction: Transaction) -> Sequence[Outcome]:
            change = await begin(transaction, "block", [edge for edge, _, _ in rows])
            outcomes: list[Outcome] = []
            for edge, event, endings in rows:
                outcome = change.add(edge)
                if outcome is Outcome.DONE:
                    for ended in endings:
                        if change.end("follow", ended.follower_id, ended.followee_id):
                            change.tell(ended)
                    change.tell(event)
                outcomes.append(outcome)
            await change.write()
            return outcomes

        return await self._database.write(work)

    async def mute(self, rows: Sequence[tuple[Edge, Muted]]) -> Sequence[Outcome]:
        async def work(transaction: Transaction) -> Sequence[Outcome]:
            change = await begin(transaction, "mute", [edge for edge, _ in rows])
            outcomes: list[Outcome] = []
            for edge, event in rows:
                outcome = change.add(edge)
                if outcome is Outcome.DONE:
                    change.tell(event)
                outcomes.append(outcome)
            await change.write()
            return outcomes

        return await self._database.write(work)

    async def remove(self, kind: EdgeKind, source_id: int, target_id: int, event: Unfollowed | Unblocked | Unmuted) -> bool:
        async def work(transaction: Transaction) -> bool:
            change = await begin(transaction, kind, [Edge(0, source_id, target_id)])
            removed = change.end(kind, source_id, target_id)
            if removed:
                change.tell(event)
            await change.write()
            return removed

        return await self._database.write(work)

    async def relations(self, viewer_id: int, user_ids: Collection[int]) -> Mapping[int, Relation]:
        found: dict[int, Relation] = {}
        related = await self._database.read(cypher.RELATIONS, viewer=viewer_id, ids=list(user_ids))
        for flag, ids in zip(_FLAGS, related, strict=True):
            for id_ in ids:
                found[id_] = replace(found.get(id_, STRANGERS), **{flag: True})
        return found

    async def neighbours(self, listings: Collection[Listing]) -> Sequence[Sequence[Neighbour]]:
        found: list[Sequence[Neighbour]] = [()] * len(listings)
        asked: dict[tuple[Side, bool], list[tuple[int, Listing]]] = {}
        for place, listing in enumerate(listings):
            asked.setdefault((listing.side, listing.window.from_oldest), []).append((place, listing))
        for kind, together in asked.items():
            pages = await self._listed(kind, [listing for _, listing in together])
            for (place, _), page in zip(together, pages, strict=True):
                found[place] = page
        return found

    async def _listed(self, kind: tuple[Side, bool], listings: Sequence[Listing]) -> Sequence[Sequence[Neighbour]]:
        # A statement has one limit, so all are read as far as the longest, which in practice they are.
        rows = await self._database.read(
            _NEIGHBOURS[kind],
            listings=[(place, listing.user_id, *_bounds(listing)) for place, listing in enumerate(listings)],
            limit=max(listing.window.fetch for listing in listings),
        )
        pages: list[list[Neighbour]] = [[] for _ in listings]
        for place, position, user in rows:
            if len(pages[place]) < listings[place].window.fetch:
                pages[place].append(Neighbour(position, User(*user)))
        return [page[::-1] for page in pages] if kind[1] else pages

    async def followed_by(self, user_ids: Collection[int], newest: int, without: Collection[int], limit: int) -> Sequence[User]:
        rows = await self._database.read(
            cypher.FOLLOWED_BY, ids=list(user_ids), newest=newest, without=list(without), limit=limit
        )
        return [User(*row) for row in rows]

    async def followers_after(self, user_id: int, after: int, limit: int) -> Sequence[int]:
        return await self._database.read(cypher.FOLLOWERS_AFTER, user_id=user_id, after=after, limit=limit)

    async def followees(self, user_id: int, limit: int) -> Sequence[int]:
        return await self._database.read(cypher.FOLLOWEES, user_id=user_id, limit=limit)

    async def all_edges(self, kind: EdgeKind, after: tuple[int, int], limit: int) -> Sequence[Edge]:
        source, target = after
        rows = await self._database.read(_EDGES_AFTER[kind], source=source, target=target, limit=limit)
        return [Edge(*row) for row in rows]

    async def put_edges(self, kind: EdgeKind, edges: Sequence[Edge]) -> None:
        async def work(transaction: Transaction) -> None:
            change = await begin(transaction, kind, edges)
            for edge in edges:
                if kind == "follow":
                    await change.add_follow(edge, movable=False)
                else:
                    change.add(edge)
            await change.write()

        await self._database.write(work)


def _bounds(listing: Listing) -> tuple[int, int]:
    window = listing.window
    below = MAX_ID if window.below is None else min(window.below, MAX_ID)
    return below, -1 if window.above is None else min(window.above, MAX_ID)

"""People and their graph."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Protocol

from murmur.audit.finding import Finding, differing
from murmur.relation import Relation
from subgraphs.users.model import Edge, User
from subgraphs.users.ports import EdgeKind

PAGE = 1_000


class People(Protocol):
    async def all_users(self, after_id: int, limit: int) -> Sequence[User]: ...
    async def all_edges(self, kind: EdgeKind, after: tuple[int, int], limit: int) -> Sequence[Edge]: ...
    async def relations(self, viewer_id: int, user_ids: Collection[int]) -> Mapping[int, Relation]: ...


async def audit_graph(people: People) -> AsyncIterator[Finding]:
    """Counts equal the follows, nobody follows across a block, and edges have a person at both ends.

    Keeps a number in memory for each person who follows or is followed.
    """
    kinds: tuple[EdgeKind, ...] = ("follow", "block", "mute")
    followers: Counter[int] = Counter()
    following: Counter[int] = Counter()
    met: dict[EdgeKind, set[int]] = {kind: set() for kind in kinds}
    for kind in kinds:
        async for edge in _edges(people, kind):
            met[kind] |= {edge.source_id, edge.target_id}
            if kind == "follow":
                followers[edge.target_id] += 1
                following[edge.source_id] += 1
            elif kind == "block":
                relation = (await people.relations(edge.source_id, [edge.target_id])).get(edge.target_id)
                if relation is not None and relation.blocks and (relation.follows or relation.followed_by):
                    yield Finding("follow across a block", f"users {edge.source_id} and {edge.target_id}")
    after = 0
    while page := await people.all_users(after, PAGE):
        counts = {user.id: user.follower_count for user in page}
        for finding in differing("follower count", "user", counts, followers):
            yield finding
        for finding in differing("following count", "user", {user.id: user.following_count for user in page}, following):
            yield finding
        for ids in met.values():
            ids.difference_update(counts)
        after = page[-1].id
    for kind, ids in met.items():
        for id_ in sorted(ids):
            yield Finding("edge without a person", f"user {id_}", told=f"a {kind} has an end that does not exist")


async def _edges(people: People, kind: EdgeKind) -> AsyncIterator[Edge]:
    after = (0, 0)
    while page := await people.all_edges(kind, after, PAGE):
        for edge in page:
            yield edge
        after = page[-1].source_id, page[-1].target_id

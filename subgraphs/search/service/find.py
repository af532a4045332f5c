"""What a search shows, and to whom."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain

from murmur.ids import MAX_ID
from murmur.relation import STRANGERS, Relation
from subgraphs.search.model import Clause, Grade, Hit, Kind, Query, Tag
from subgraphs.search.ports import People, SearchIndex, Tweets

_LARGEST_PART = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands in a list: all of a grade, the newest first, before any of the next grade.

    A list that is not by grades has None. Whatever is written meanwhile, an entry keeps its place.
    """

    grade: Grade | None
    id: int


@dataclass(frozen=True, slots=True)
class Found:
    """A page. `has_next` tells whether anything comes after it."""

    items: Sequence[tuple[Place, Hit]]
    has_next: bool


class SearchService:
    def __init__(self, index: SearchIndex, tweets: Tweets, people: People) -> None:
        self._index = index
        self._tweets = tweets
        self._people = people

    async def search(
        self,
        viewer_id: int | None,
        query: Query,
        kinds: Sequence[Kind],
        grades: Sequence[Grade | None],
        after: Place | None,
        limit: int,
    ) -> Found:
        """The `limit` entries after a place, without what is deleted and without people on either side of a block.

        `grades` are those that are listed, one after the other. Mutes hide nothing here: whoever searches asks for it.
        """
        asked = {kind: query if kind is Kind.TWEET else query.of_people() for kind in kinds}
        wanted = {kind: each for kind, each in asked.items() if each is not None}
        rows: list[tuple[Place, Hit]] = []
        for grade in grades if after is None else grades[grades.index(after.grade) :]:
            below = after.id if after is not None and after.grade == grade else MAX_ID + 1
            part = limit + 1 - len(rows)
            while part > 0:
                found = await self._newest(wanted, grade, below, part)
                rows += [(Place(grade, hit.id), hit) for hit in await self._shown(viewer_id, found)]
                if len(found) < part or len(rows) > limit:
                    break
                # Much was hidden: the next part is larger, so that few calls go through it.
                below, part = found[-1].id, min(4 * part, _LARGEST_PART)
        return Found(rows[:limit], has_next=len(rows) > limit)

    async def tagged(self, viewer_id: int | None, tag: str, below: int, limit: int) -> Found:
        """Tweets with a hashtag, the newest first."""
        after = Place(None, below)
        return await self.search(viewer_id, Query((Clause((Tag(tag),)),)), (Kind.TWEET,), (None,), after, limit)

    async def _newest(self, wanted: dict[Kind, Query], grade: Grade | None, below: int, limit: int) -> Sequence[Hit]:
        """Of every kind together."""
        lists = [
            await self._index.find(kind, query, grade, below, limit)
            for kind, query in wanted.items()
            if grade is not Grade.LOOSE or query.loose
        ]
        return lists[0] if len(lists) == 1 else sorted(chain(*lists), key=lambda hit: hit.id, reverse=True)[:limit]

    async def _shown(self, viewer_id: int | None, found: Sequence[Hit]) -> Sequence[Hit]:
        tweets = [hit.id for hit in found if hit.kind is Kind.TWEET]
        people = {hit.person_id for hit in found} - {viewer_id}
        standing, relations = await asyncio.gather(self._standing(tweets), self._relations(viewer_id, people))
        return [
            hit
            for hit in found
            if (hit.kind is Kind.PERSON or hit.id in standing) and not relations.get(hit.person_id, STRANGERS).blocked
        ]

    async def _standing(self, tweets: Collection[int]) -> AbstractSet[int]:
        return await self._tweets.standing(tweets) if tweets else frozenset()

    async def _relations(self, viewer_id: int | None, people: Collection[int]) -> Mapping[int, Relation]:
        return {} if viewer_id is None or not people else await self._people.relations(viewer_id, people)

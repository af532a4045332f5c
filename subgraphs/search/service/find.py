"""What a search shows, and to whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from murmur.ids import MAX_ID
from murmur.relation import STRANGERS
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

    items: Sequence[Hit]
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
        rows: list[Hit] = []
        grades, below = (grades, MAX_ID + 1) if after is None else (grades[grades.index(after.grade) :], after.id)
        part = limit + 1
        while True:
            found = await self._first(wanted, grades, below, part)
            rows += await self._shown(viewer_id, found)
            if len(found) < part or len(rows) > limit:
                break
            # Much was hidden: the next part is larger, so that few calls go through it.
            last = found[-1]
            grades, below, part = grades[grades.index(last.grade) :], last.id, min(4 * part, _LARGEST_PART)
        return Found(rows[:limit], has_next=len(rows) > limit)

    async def tagged(self, viewer_id: int | None, tag: str, below: int, limit: int) -> Found:
        """Tweets with a hashtag, the newest first."""
        after = Place(None, below)
        return await self.search(viewer_id, Query((Clause((Tag(tag),)),)), (Kind.TWEET,), (None,), after, limit)

    async def _first(self, wanted: dict[Kind, Query], grades: Sequence[Grade | None], below: int, limit: int) -> Sequence[Hit]:
        """Of every kind together."""
        lists = [
            await self._index.find(
                kind, query, [grade for grade in grades if grade is not Grade.LOOSE or query.loose], below, limit
            )
            for kind, query in wanted.items()
        ]
        if len(lists) == 1:
            return lists[0]
        return sorted(chain(*lists), key=lambda hit: (grades.index(hit.grade), -hit.id))[:limit]

    async def _shown(self, viewer_id: int | None, found: Sequence[Hit]) -> Sequence[Hit]:
        tweets = [hit.id for hit in found if hit.kind is Kind.TWEET]
        if tweets:
            standing = await self._tweets.standing(tweets)
            found = [hit for hit in found if hit.kind is Kind.PERSON or hit.id in standing]
        people = {hit.person_id for hit in found} - {viewer_id}
        if viewer_id is None or not people:
            return found
        # Not beside the other: threads that wake each other cost more than they save.
        relations = await self._people.relations(viewer_id, people)
        return [hit for hit in found if not relations.get(hit.person_id, STRANGERS).blocked]

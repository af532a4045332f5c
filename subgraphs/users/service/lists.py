"""Lists of people: who stands in them first, then how the viewer stands to them, then who is left out."""

from collections.abc import Mapping, Sequence

from murmur.cursors import Page, page
from murmur.relation import STRANGERS, Relation
from subgraphs.users.model import Listing, Neighbour, User
from subgraphs.users.service.base import Base

# How much of the graph a suggestion looks at: so many of the newest follows of the person, and of each of those people.
_SUGGESTING = 500
_SUGGESTED_BY_EACH = 200
_MAX_FOLLOWEES = 5_000
_MAX_CANDIDATES = 2_000
# A suggestion asks for a few people more than it shows, so that one left out now and then costs no second round.
_SPARE = 8


class Lists(Base):
    async def neighbours(
        self, viewer_id: int | None, listings: Sequence[Listing]
    ) -> tuple[Sequence[Page[Neighbour]], Mapping[int, Relation]]:
        """The page of each listing, without whoever is blocked in either direction with the viewer; and how the viewer stands
        to the people of these pages, where they have any relation.

        Two calls, whatever the number of listings, and two more for each time that pages must be filled up for who was left out.
        """
        shown: list[Sequence[Neighbour]] = [()] * len(listings)
        known: dict[int, Relation] = {}
        wanted = dict(enumerate(listings))
        while wanted:
            found = await self._store.neighbours(wanted.values())
            if viewer_id is not None:
                known.update(await self._store.relations(viewer_id, {row.user.id for rows in found for row in rows}))
            unfilled: dict[int, Listing] = {}
            for (place, asked), rows in zip(wanted.items(), found, strict=True):
                window, more = listings[place].window, [row for row in rows if not known.get(row.user.id, STRANGERS).blocked]
                shown[place] = [*more, *shown[place]] if window.from_oldest else [*shown[place], *more]
                if len(rows) == asked.window.fetch and len(shown[place]) < window.fetch:
                    rest = asked.window.beyond(rows[0].position, rows[-1].position)
                    unfilled[place] = Listing(asked.side, asked.user_id, rest)
            wanted = unfilled
        pages = [page(listing.window.cut(rows), listing.window) for listing, rows in zip(listings, shown, strict=True)]
        return pages, known

    async def suggestions(self, viewer_id: int, limit: int) -> Sequence[User]:
        """People followed by those whom the viewer follows, best first: by how many of them, then follower count, then id.

        Without the viewer, whom they follow or have muted, and whoever is blocked in either direction. Bounded: only the
        newest follows count, and no more than the best 2,000 people are considered.
        """
        followees = await self._store.followees(viewer_id, _MAX_FOLLOWEES)
        without = (viewer_id, *followees)
        wanted = limit + _SPARE
        while True:
            found = await self._store.followed_by(followees[:_SUGGESTING], _SUGGESTED_BY_EACH, without, wanted)
            relations = await self._store.relations(viewer_id, [user.id for user in found])
            shown = [user for user in found if not _passed_over(relations.get(user.id, STRANGERS))]
            if len(shown) >= limit or len(found) < wanted or wanted == _MAX_CANDIDATES:
                return shown[:limit]
            wanted = min(4 * wanted, _MAX_CANDIDATES)


def _passed_over(relation: Relation) -> bool:
    return relation.follows or relation.mutes or relation.blocked

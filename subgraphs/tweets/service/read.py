"""Reading: ids first, then whole tweets in one call, then what the viewer must not see."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from murmur.cursors import Page, Window, page
from murmur.post import Post
from subgraphs.tweets.model import Entry, Listing
from subgraphs.tweets.service.base import Base

MAX_ANCESTORS = 100
_PERSONAL: AbstractSet[Listing] = {"originals", "replies", "likes"}
_MOST_AT_ONCE = 1_000


class Reading(Base):
    async def ancestors(self, tweet_ids: Collection[int]) -> Mapping[int, Sequence[int]]:
        """What each tweet answers, and so on up: the nearest 100, root first, hidden ones included."""
        return await self._store.ancestors(tweet_ids, MAX_ANCESTORS)

    async def tweet_counts(self, user_ids: Collection[int]) -> Mapping[int, int]:
        """How many tweets, replies included, people have published and not deleted."""
        return await self._store.tweet_counts(user_ids)

    async def ids_of_handles(self, handles: Collection[str]) -> Mapping[str, int]:
        return await self._people.ids_of_handles(handles)

    async def posts_of(self, user_ids: Collection[int], window: Window) -> Sequence[Post]:
        """Tweets, replies included, and retweets of these people as one list, newest first; at most `window.fetch`."""
        return await self._store.posts_of(user_ids, window)

    async def standing(self, tweet_ids: Collection[int]) -> AbstractSet[int]:
        """Those that exist and are not deleted."""
        return await self._store.standing(tweet_ids)

    async def pages(
        self, viewer_id: int | None, listing: Listing, owner_ids: Collection[int], window: Window
    ) -> Mapping[int, Page[Entry]]:
        """A page of a listing for each owner. Entries of people with a block between them and the viewer are left out, and
        the pages of a person whom a block hides are empty. Two calls, whatever the number of owners, unless something was
        left out of a page that has more to fill it with.
        """
        found = await self._store.entries(listing, owner_ids, window)
        people = {entry.user_id for entries in found.values() for entry in entries}
        hidden = await self._hidden(viewer_id, people | set(owner_ids) if listing in _PERSONAL else people)
        return {
            owner_id: page((), replace(window, below=None, above=None))
            if listing in _PERSONAL and owner_id in hidden
            else page(await self._fill(viewer_id, listing, owner_id, window, found.get(owner_id, ()), hidden), window)
            for owner_id in owner_ids
        }

    async def _fill(
        self,
        viewer_id: int | None,
        listing: Listing,
        owner_id: int,
        window: Window,
        rows: Sequence[Entry],
        hidden: AbstractSet[int],
    ) -> Sequence[Entry]:
        """The `window.fetch` visible rows (fewer when the list ends before), given the first rows of the window."""
        visible = [row for row in rows if row.user_id not in hidden]
        asked = window.limit
        while len(rows) > asked and len(visible) < window.fetch:
            asked = min(4 * asked, _MOST_AT_ONCE)
            rest = (
                replace(window, limit=asked, above=rows[0].id)
                if window.from_oldest
                else replace(window, limit=asked, below=rows[-1].id)
            )
            rows = (await self._store.entries(listing, [owner_id], rest)).get(owner_id, ())
            hidden = await self._hidden(viewer_id, {row.user_id for row in rows})
            more = [row for row in rows if row.user_id not in hidden]
            visible = more + visible if window.from_oldest else visible + more
        return visible[-window.fetch :] if window.from_oldest else visible[: window.fetch]

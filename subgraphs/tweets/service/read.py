"""Reading: ids first, then whole tweets in one call, then what the viewer must not see."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet

from murmur.cursors import Page, Window, page
from murmur.post import Post
from subgraphs.tweets.model import Entry, Listing
from subgraphs.tweets.service.base import Base

MAX_ANCESTORS = 100
_PERSONAL: AbstractSet[Listing] = {"originals", "replies", "likes"}


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

    async def posts_by(self, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Post]]:
        """The posts of each of these people, each in a window of its own."""
        return await self._store.posts_by(wanted)

    async def standing(self, tweet_ids: Collection[int]) -> AbstractSet[int]:
        """Those that exist and are not deleted."""
        return await self._store.standing(tweet_ids)

    async def pages(
        self, viewer_id: int | None, listing: Listing, owner_ids: Collection[int], window: Window
    ) -> Mapping[int, Page[Entry]]:
        """A page of a listing for each owner. Entries of people with a block between them and the viewer are left out, and
        the pages of a person whom a block hides are empty.

        Two calls, whatever the number of owners, and two more for each time that pages must be filled up for what was left out.
        """
        visible: dict[int, list[Entry]] = {owner_id: [] for owner_id in owner_ids}
        wanted = dict.fromkeys(visible, window)
        while wanted:
            found = await self._store.entries(listing, wanted)
            people = {entry.user_id for entries in found.values() for entry in entries}
            hidden = await self._hidden(viewer_id, people | wanted.keys() if listing in _PERSONAL else people)
            unfilled: dict[int, Window] = {}
            for owner_id, asked in wanted.items():
                if listing in _PERSONAL and owner_id in hidden:
                    continue
                rows, shown = found.get(owner_id, ()), visible[owner_id]
                more = [row for row in rows if row.user_id not in hidden]
                shown[:] = more + shown if window.from_oldest else shown + more
                if len(rows) == asked.fetch and len(shown) < window.fetch:
                    unfilled[owner_id] = asked.beyond(rows[0].id, rows[-1].id)
            wanted = unfilled
        return {owner_id: page(window.cut(shown), window) for owner_id, shown in visible.items()}

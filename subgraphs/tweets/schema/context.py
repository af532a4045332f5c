"""What a request of this subgraph carries: the service, and loaders that turn many loads into one call."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from strawberry.dataloader import DataLoader

from murmur.cursors import Page, Window
from murmur.identity import Caller
from murmur.runtime.context import RequestContext
from subgraphs.tweets.model import Entry, Listing, View
from subgraphs.tweets.service import TweetService

T = TypeVar("T")
PageKey = tuple[Listing, int, Window]
"""A listing, its owner, and the part of it that is wanted."""


class TweetsContext(RequestContext, Generic[T]):
    """`present` makes what the schema shows of a view for a viewer's id, and `tweets` gives that.

    It is None for an unknown id, and a tombstone marked `hidden` behind a block.
    """

    def __init__(self, caller: Caller, service: TweetService, present: Callable[[View, int | None], T]) -> None:
        super().__init__(caller)
        self.service = service
        self._present = present
        self.tweets: DataLoader[int, T | None] = DataLoader(self._tweets)
        self.pages: DataLoader[PageKey, Page[Entry]] = DataLoader(self._pages)
        self.ancestors: DataLoader[int, Sequence[int]] = DataLoader(self._ancestors)
        self.tweet_counts: DataLoader[int, int] = DataLoader(self._tweet_counts)
        self.ids_of_handles: DataLoader[str, int | None] = DataLoader(self._ids_of_handles)

    def forget(self) -> None:
        """Load anew from here on: something was changed."""
        for loader in (self.tweets, self.pages, self.ancestors, self.tweet_counts):
            loader.clear_all()

    async def _tweets(self, ids: list[int]) -> list[T | None]:
        viewer_id, present = self.viewer_id, self._present
        found = await self.service.views(viewer_id, ids)
        return [present(found[tweet_id], viewer_id) if tweet_id in found else None for tweet_id in ids]

    async def _pages(self, keys: list[PageKey]) -> list[Page[Entry]]:
        owners: dict[tuple[Listing, Window], list[int]] = {}
        for listing, owner_id, window in keys:
            owners.setdefault((listing, window), []).append(owner_id)
        found = {
            (listing, window): await self.service.pages(self.viewer_id, listing, owner_ids, window)
            for (listing, window), owner_ids in owners.items()
        }
        return [found[listing, window][owner_id] for listing, owner_id, window in keys]

    async def _ancestors(self, ids: list[int]) -> list[Sequence[int]]:
        found = await self.service.ancestors(ids)
        return [found.get(tweet_id, ()) for tweet_id in ids]

    async def _tweet_counts(self, ids: list[int]) -> list[int]:
        found = await self.service.tweet_counts(ids)
        return [found.get(user_id, 0) for user_id in ids]

    async def _ids_of_handles(self, handles: list[str]) -> list[int | None]:
        found = await self.service.ids_of_handles(handles)
        return [found.get(handle) for handle in handles]

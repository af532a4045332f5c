"""Following a tweet: its counts, its replies, its end."""

import asyncio
from collections.abc import AsyncGenerator

from murmur.errors import NotFound, Unavailable
from murmur.pubsub.channels import tweet_channel
from murmur.pubsub.looking import word_or_while
from subgraphs.tweets.model import View
from subgraphs.tweets.service.base import Base

# Of a tweet that thousands like at once, a screen shows a few numbers a second.
_PACE_SECONDS = 0.1


class Following(Base):
    async def changes(self, viewer_id: int | None, tweet_id: int) -> AsyncGenerator[View]:
        """The tweet as the viewer sees it, whenever that has changed; a tombstone is the last.

        Raises NotFound for a tweet that is unknown or that a block hides, also when that comes to be later.
        """
        if self._pubsub is None:
            raise Unavailable("nothing can be followed here")
        async with self._pubsub.listen([tweet_channel(tweet_id)]) as listener:
            # Listening began before this look, so what comes in between is found by one of the two.
            known = await self._visible(viewer_id, tweet_id)
            while not known.tweet.deleted:
                await word_or_while(listener)
                view = await self._visible(viewer_id, tweet_id)
                if view != known:
                    known = view
                    yield view
                    await asyncio.sleep(_PACE_SECONDS)

    async def _visible(self, viewer_id: int | None, tweet_id: int) -> View:
        view = (await self.views(viewer_id, [tweet_id])).get(tweet_id)
        if view is None or view.hidden:
            raise NotFound(f"there is no tweet with the id {tweet_id}")
        return view

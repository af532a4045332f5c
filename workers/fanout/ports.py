"""What fanout asks of the users and tweets subgraphs."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from murmur.cursors import Window
from murmur.post import Post


class Followers(Protocol):
    async def follower_counts(self, user_ids: Collection[int]) -> Mapping[int, int]:
        """How many followers each of these people has."""
        ...

    async def followers_after(self, user_id: int, after: int, limit: int) -> Sequence[int]:
        """The ids of somebody's followers that are greater than `after`, rising."""
        ...


class Arrives(Protocol):
    """Is told of what has arrived, for those who watch. Raises nothing: a hint that is lost does no harm."""

    async def pushed(self, reader_ids: Collection[int]) -> None:
        """Something has arrived in the timelines of these people."""
        ...

    async def left(self, poster_ids: Collection[int]) -> None:
        """These people have posted, and their posts are pulled."""
        ...


class PostsOf(Protocol):
    async def posts_of(self, user_ids: Collection[int], window: Window) -> Sequence[Post]:
        """The tweets and retweets of these people, newest first, at most `window.fetch`; deleted ones are left out."""
        ...

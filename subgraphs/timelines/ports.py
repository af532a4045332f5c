"""What timelines are made from and where they are held."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from murmur.cursors import Window
from murmur.post import Post
from murmur.relation import Relation
from subgraphs.timelines.model import Delivery, Pull, Timeline, Withdrawal


class Graph(Protocol):
    """Of the users subgraph."""

    async def relations(self, viewer_id: int, user_ids: Collection[int]) -> Mapping[int, Relation]:
        """How the viewer stands to these people; who stands in no relation may be missing."""
        ...

    async def followees(self, user_id: int, limit: int) -> Sequence[int]:
        """Whom somebody follows, the most recent follows first."""
        ...


class Posts(Protocol):
    """Of the tweets subgraph."""

    async def posts_of(self, user_ids: Collection[int], window: Window) -> Sequence[Post]:
        """The tweets and retweets of these people, newest first, at most `window.fetch`; deleted ones are left out."""
        ...

    async def posts_by(self, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Post]]:
        """As `posts_of`, for each of these people alone, each in a window of its own. One call."""
        ...

    async def standing(self, tweet_ids: Collection[int]) -> AbstractSet[int]:
        """Which of these tweets exist and are not deleted."""
        ...


class TimelineStore(Protocol):
    """Holds the timelines of people who read them. A cache: it may lose any of them, or all, at any time.

    A timeline that is not held is built by its next reader: `begin`, load, `put`. Every other verb leaves it alone, except
    between those two: what reaches it then is remembered and applied to what is put, so that nothing is lost or comes back.
    Every verb is one round trip, atomic for each timeline, and harmless when it is repeated.
    """

    @property
    def push_size(self) -> int:
        """Of how many entries a call of `push` is best made."""
        ...

    async def read(self, user_id: int) -> Timeline | None:
        """A copy of the timeline, or None when it is not held. Reading keeps it; who never reads is let go first."""
        ...

    async def begin(self, user_id: int) -> int:
        """Announce that the timeline is being built. Returns the build's number. The latest build is the one that counts."""
        ...

    async def put(self, user_id: int, build: int, posts: Collection[Post], pulled: AbstractSet[int]) -> Timeline | None:
        """Hold what was built, with what came meanwhile. None, and nothing is held, when the build does not count any more."""
        ...

    async def held(self, user_ids: Collection[int]) -> AbstractSet[int]:
        """Whose timelines are held or being built."""
        ...

    async def push(self, deliveries: Sequence[Delivery]) -> int:
        """Insert posts, each at its position, into the timelines held; returns how many entries were written.

        One that stood there already may be counted again.
        """
        ...

    async def withdraw(self, withdrawals: Sequence[Withdrawal]) -> None:
        """Remove single posts: retweets that were undone."""
        ...

    async def follow(self, user_id: int, posts: Collection[Post], pulled: AbstractSet[int]) -> None:
        """Insert many posts into one timeline, and have it pull these people from now on."""
        ...

    async def unfollow(self, user_id: int, user_ids: AbstractSet[int]) -> None:
        """Remove from one timeline what these people posted, and pull them no more."""
        ...

    async def pulls(self, user_ids: Collection[int]) -> Mapping[int, Pull]:
        """Which of these people are pulled, or about to be. Once pulled, somebody stays so."""
        ...

    async def set_pull(self, user_ids: Collection[int], pull: Pull) -> None: ...

    async def close(self) -> None: ...

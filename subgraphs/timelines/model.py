"""What a timeline is made of."""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from itertools import chain

from murmur.post import Post

KEPT = 800
"""How many entries a timeline has; the list ends there."""

_WIDTH = 4


class Entries:
    """Posts by rising position, each position once, as one flat array: 32 bytes a post.

    `flat` holds position, tweet, author and poster of each post, one after the other.
    """

    __slots__ = ("flat",)

    def __init__(self, flat: "array[int] | None" = None) -> None:
        self.flat: array[int] = array("Q") if flat is None else flat

    def __len__(self) -> int:
        return len(self.flat) // _WIDTH

    def __getitem__(self, index: int) -> Post:
        start = index * _WIDTH
        return Post(*self.flat[start : start + _WIDTH])

    def add(self, post: Post) -> bool:
        """Insert a post where its position belongs; False when it stands there already."""
        flat, packed = self.flat, pack(post)
        if not flat or post.id > flat[-_WIDTH]:
            flat.extend(packed)
            return True
        start = bisect_left(self._positions, post.id) * _WIDTH
        if flat[start] == post.id:
            return False
        flat[start:start] = packed
        return True

    def discard(self, position: int) -> None:
        """Take out the post at a position, if there is one."""
        index = bisect_left(self._positions, position)
        if index < len(self) and self.flat[index * _WIDTH] == position:
            del self.flat[index * _WIDTH : (index + 1) * _WIDTH]

    def discard_of(self, user_ids: AbstractSet[int]) -> None:
        """Take out what these people posted: their tweets and their retweets, not others' retweets of them."""
        if not user_ids.isdisjoint(self.flat[3::_WIDTH]):
            self.flat = _flatten(row for row in self._rows() if row[3] not in user_ids)

    def merge(self, posts: Collection[Post]) -> None:
        """Insert many posts in one pass."""
        if not posts:
            return
        rows = {row[0]: row for row in self._rows()}
        for post in posts:
            rows[post.id] = post.id, post.tweet_id, post.author_id, post.user_id
        self.flat = _flatten(rows[position] for position in sorted(rows))

    def trim(self, length: int) -> None:
        """Let the oldest go until `length` are left."""
        surplus = len(self.flat) - length * _WIDTH
        if surplus > 0:
            del self.flat[:surplus]

    def newest(self, length: int) -> "Entries":
        """A copy of the newest posts."""
        return Entries(self.flat[-length * _WIDTH :])

    def between(self, above: int | None, below: int | None) -> range:
        """The indexes of the posts whose positions lie between two exclusive bounds."""
        positions = self._positions
        start = 0 if above is None else bisect_right(positions, above)
        end = len(positions) if below is None else bisect_left(positions, below)
        return range(start, max(start, end))

    def repeated(self) -> Mapping[int, Sequence[int]]:
        """The tweets that stand here more than once, each with its indexes, rising. Nearly always there are few."""
        tweets = self.flat[1::_WIDTH]
        if len(set(tweets)) == len(tweets):
            return {}
        places: dict[int, list[int]] = {tweet_id: [] for tweet_id, count in Counter(tweets).items() if count > 1}
        for index, tweet_id in enumerate(tweets):
            if tweet_id in places:
                places[tweet_id].append(index)
        return places

    @property
    def _positions(self) -> "array[int]":
        return self.flat[0::_WIDTH]

    def _rows(self) -> Iterable[tuple[int, ...]]:
        columns = [iter(self.flat)] * _WIDTH
        return zip(*columns, strict=True)


def pack(post: Post) -> "array[int]":
    """A post as it stands in `Entries.flat`."""
    return array("Q", (post.id, post.tweet_id, post.author_id, post.user_id))


def _flatten(rows: Iterable[tuple[int, ...]]) -> "array[int]":
    return array("Q", chain.from_iterable(rows))


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is held for a reader: at most 800 entries, and whose posts are merged in when it is read."""

    entries: Entries
    pulled: AbstractSet[int]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A post for the timelines of some readers. With `pull`, those timelines pull whoever posted it from then on."""

    post: Post
    readers: Sequence[int]
    pull: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A position that goes from the timelines of some readers."""

    position: int
    readers: Sequence[int]


class Pull(Enum):
    """How far somebody with very many followers has come from being pushed to being pulled."""

    STARTED = "started"
    """Timelines may lack the mark still: posts are pushed, with the mark, and new followers are marked."""
    DONE = "done"
    """Every timeline that is held has the mark: nothing is pushed any more."""

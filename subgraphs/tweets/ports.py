"""What the tweets subgraph stores and asks of others.

Every method that takes ids is one call to the engine behind it, whatever their number. Writes are atomic and durable when
they return, and leave their events in the store's outbox in the same transaction; a write that changes nothing leaves none.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal, Protocol

from murmur.cursors import Window
from murmur.events import TweetEvent
from murmur.outbox import Outbox
from murmur.post import Post
from murmur.relation import Relation
from murmur.text import Text
from subgraphs.tweets.model import Edge, EdgeKind, Entry, IdempotencyKey, Kept, Listing, Tweet, View

TellLanguage = Callable[[Text], str | None]
"""The language of a text as a BCP 47 tag; None when it is not sure."""

TellTweet = Callable[[Tweet, int | None, int | None], TweetEvent]
"""Makes the event of a tweet that was added, given the authors of the tweets that it answers and quotes."""

TellEdge = Callable[[Edge, int], TweetEvent | None]
"""Makes the event (None: there is none) of an edge that was added or removed, given the tweet's author."""

EdgeOutcome = Literal["added", "present", "gone"]
"""`gone`: the tweet is unknown or deleted, and nothing was added."""

TweetOutcome = Literal["added", "present", "taken", "orphan"]
"""`taken`: another tweet has the id. `orphan`: what it answers or quotes is unknown, or not older than itself."""


class TargetGone(Exception):
    """What a new tweet answers or quotes is unknown or deleted."""

    def __init__(self, tweet_id: int) -> None:
        super().__init__(tweet_id)
        self.tweet_id = tweet_id


class TweetReads(Protocol):
    async def views(self, tweet_ids: Collection[int], viewer_id: int | None) -> Mapping[int, View]:
        """The tweets that exist, deleted ones as tombstones, with counts and the viewer's state. Blocks are not looked at."""
        ...

    async def marks(self, tweet_ids: Collection[int], viewer_id: int) -> Mapping[int, AbstractSet[EdgeKind]]:
        """What a viewer has done to tweets that are not deleted; those to which nothing was done may be absent."""
        ...

    async def ancestors(self, tweet_ids: Collection[int], limit: int) -> Mapping[int, Sequence[int]]:
        """For each tweet that answers another: the ids of what it answers, and so on up; the nearest `limit`, root first."""
        ...

    async def entries(self, listing: Listing, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Entry]]:
        """For each owner at most `fetch` entries of the owner's window, newest first; owners without any may be absent."""
        ...

    async def tweet_counts(self, user_ids: Collection[int]) -> Mapping[int, int]:
        """How many tweets, replies included, people have published and not deleted; those with none may be absent."""
        ...

    async def posts_of(self, user_ids: Collection[int], window: Window) -> Sequence[Post]:
        """Tweets and retweets of these people as one list: at most `window.fetch` rows, newest first, no deleted tweets."""
        ...

    async def posts_by(self, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Post]]:
        """As `posts_of`, for each of these people alone, each in a window of its own. One call."""
        ...

    async def standing(self, tweet_ids: Collection[int]) -> AbstractSet[int]:
        """Those that exist and are not deleted."""
        ...

    async def authors_of(self, tweet_ids: Collection[int]) -> Mapping[int, int]:
        """Who wrote these tweets, deleted ones included; unknown ones are absent."""
        ...

    async def kept(self, author_id: int, key: str) -> Kept | None:
        """What an idempotency key of this author stands for, for 24 hours or longer."""
        ...


class TweetWrites(Protocol):
    async def publish(self, tweet: Tweet, key: str | None, content: bytes, tell: TellTweet) -> Kept:
        """Add a tweet and count it where it answers and quotes. `key` stands for it from now on.

        When the key stands for a tweet already nothing changes, and what it stands for is returned. Raises TargetGone.
        """
        ...

    async def delete(self, tweet_id: int, event: TweetEvent) -> bool:
        """Leave a tombstone, and count it no longer where it answered and quoted. False when there was nothing to delete."""
        ...

    async def add_edges(self, kind: EdgeKind, edges: Sequence[Edge], tell: TellEdge) -> Sequence[EdgeOutcome]:
        """Add edges and count them, one for each person and tweet. An edge whose id is in use gets the next free one."""
        ...

    async def remove_edge(self, kind: EdgeKind, user_id: int, tweet_id: int, tell: TellEdge) -> bool:
        """Remove an edge and count it no longer. False when there was none."""
        ...


class TweetTransfer(Protocol):
    async def import_tweets(self, tweets: Sequence[Tweet], movable: AbstractSet[int], tell: TellTweet) -> Sequence[TweetOutcome]:
        """Add published tweets and tombstones, in the order of their ids; outcomes are in the order given. One that fails has
        added none, or the first of them in that order: imported again, the rest is added.

        A tweet that is there (the same id, author, and text unless it was deleted) is `present`. Tweets whose index is in
        `movable` have an id that was made up: it moves to the next free one when another tweet has it. Tombstones leave no
        event and count nowhere.
        """
        ...

    async def all_tweets(self, after_id: int, limit: int) -> Sequence[Tweet]:
        """Tweets, tombstones included, by rising id, above `after_id`."""
        ...

    async def all_edges(self, kind: EdgeKind, after_id: int, limit: int) -> Sequence[Edge]:
        """Edges to tweets that stand, by rising id, above `after_id`."""
        ...


class TweetCopies(Protocol):
    """Exact copies from another store of this port: no event leaves, counts follow from what is copied, and a row that is there
    already changes nothing."""

    async def put_tweets(self, tweets: Sequence[Tweet]) -> None:
        """Tweets and tombstones. What they answer and quote is there or among them."""
        ...

    async def put_edges(self, kind: EdgeKind, edges: Sequence[Edge]) -> None:
        """To tweets that are there, with ids that nothing else has."""
        ...

    async def keys_after(self, after: tuple[int, str], limit: int) -> Sequence[IdempotencyKey]:
        """Those that have not expired, by (author, key), rising."""
        ...

    async def put_keys(self, rows: Sequence[IdempotencyKey]) -> None: ...


class TweetStore(TweetReads, TweetWrites, TweetTransfer, TweetCopies, Protocol):
    """Tweets, edges and their counts. Counts equal the edges at every moment that a read can see."""

    @property
    def outbox(self) -> Outbox: ...

    async def close(self) -> None: ...


class People(Protocol):
    """What the users subgraph knows."""

    async def relations(self, viewer_id: int, user_ids: Collection[int]) -> Mapping[int, Relation]:
        """How the viewer stands to people; only those with any relation are in the answer."""
        ...

    async def ids_of_handles(self, handles: Collection[str]) -> Mapping[str, int]:
        """The people of handles, by the handle in lower case; handles that nobody has are absent."""
        ...

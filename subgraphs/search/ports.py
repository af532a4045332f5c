"""What the search subgraph stores and asks of others."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from murmur.relation import Relation
from murmur.text import Entities
from subgraphs.search.model import Board, Document, Grade, Hit, Kind, Query, Tagged, TrendWindow


class SearchIndex(Protocol):
    """Documents by kind and id. It is a copy: what it holds can be made again from the stores of tweets and people.

    Words are compared without case and accents. Every verb may be repeated; all raise Unavailable.
    """

    async def put(self, documents: Sequence[Document]) -> None:
        """Add documents, or replace those of the same kind and id. They are kept, and found by whoever asks, on return."""
        ...

    async def remove(self, kind: Kind, ids: Collection[int]) -> None:
        """Those that are not there are passed over. What is removed is found no more on return."""
        ...

    async def find(self, kind: Kind, query: Query, grades: Sequence[Grade | None], below: int, limit: int) -> Sequence[Hit]:
        """Of the entries of this kind that match, the first `limit` (at most 1,000): of the first of the grades those with an id
        below `below`, by falling id, and then all of the next grade.

        Of a grade are those that match that well and no better; of None are all. For people, every term of the query is one
        that can be said of them (`Query.of_people`).
        """
        ...

    async def ids(self, kind: Kind, above: int, limit: int) -> Sequence[int]:
        """What is indexed, by rising id, for whoever compares it with the stores."""
        ...

    async def close(self) -> None: ...


class TrendStore(Protocol):
    """How often each hashtag was used in each hour, a person once an hour, and who used it of late.

    A tweet counts in its own hour, however late it comes. Hours and days count since the Unix epoch, in UTC; a person's use
    adds one to its hour and to its day. Verbs take and return batches, one call whatever the number of tags. All may be
    repeated, and all raise Unavailable.
    """

    async def add(self, tweets: Sequence[Tagged], until: int) -> None:
        """Count tweets, but those that were removed. Until the time `until`, in ms, a tweet that comes again changes nothing;
        some time after it who used what is forgotten, and only how often is known."""
        ...

    async def remove(self, tweet_ids: Collection[int], until: int) -> None:
        """Count tweets no longer where who used what is still known, and until `until` not again, whatever comes."""
        ...

    async def since(self) -> int | None:
        """The first hour that anything was ever counted in."""
        ...

    async def used(self, hours: range, least: int, limit: int) -> Mapping[str, int]:
        """How often hashtags were used in these hours: the `limit` most used, of those used `least` times or more."""
        ...

    async def past(self, tags: Collection[str], hours: range) -> Mapping[str, Mapping[int, int]]:
        """For each hashtag in how many of these hours it was used how often: how often, then how many hours. Hours without any
        use are left out."""
        ...

    async def past_days(self, tags: Collection[str], days: range) -> Mapping[str, Mapping[int, int]]:
        """As `past`, of days."""
        ...

    async def used_by(self, tags: Collection[str], hours: range, least: int) -> AbstractSet[str]:
        """Those of the hashtags that at least so many people used in these hours. It reads every use, so ask of rare ones."""
        ...

    async def set_board(self, window: TrendWindow, board: Board) -> None: ...

    async def board(self, window: TrendWindow) -> Board | None: ...

    async def tidy(self, hour: int, day: int) -> None:
        """Forget by the hour what was counted on days that ended before `hour`, and by the day what was before `day`."""
        ...

    async def clear(self) -> None:
        """Forget all but which tweets were removed."""
        ...

    async def close(self) -> None: ...


class Tweet(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def author_id(self) -> int: ...
    @property
    def created_at(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def entities(self) -> Entities: ...
    @property
    def in_reply_to_id(self) -> int | None: ...
    @property
    def deleted(self) -> bool: ...
    @property
    def lang(self) -> str | None: ...


class View(Protocol):
    """A tweet with its counts."""

    @property
    def tweet(self) -> Tweet: ...
    @property
    def likes(self) -> int: ...
    @property
    def retweets(self) -> int: ...


class Tweets(Protocol):
    """What the tweets subgraph knows."""

    async def views(self, tweet_ids: Collection[int], viewer_id: int | None) -> Mapping[int, View]:
        """The tweets that exist, deleted ones as tombstones."""
        ...

    async def standing(self, tweet_ids: Collection[int]) -> AbstractSet[int]:
        """Those that exist and are not deleted."""
        ...

    async def all_tweets(self, after_id: int, limit: int) -> Sequence[Tweet]:
        """Tweets, tombstones included, by rising id, above `after_id`."""
        ...


class Person(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def handle(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def bio(self) -> str | None: ...
    @property
    def created_at(self) -> int: ...
    @property
    def protected(self) -> bool: ...


class People(Protocol):
    """What the users subgraph knows."""

    async def relations(self, viewer_id: int, user_ids: Collection[int]) -> Mapping[int, Relation]:
        """How the viewer stands to people; only those with any relation are in the answer."""
        ...

    async def users(self, ids: Collection[int]) -> Mapping[int, Person]:
        """Unknown ids are left out."""
        ...

    async def all_users(self, after_id: int, limit: int) -> Sequence[Person]:
        """By rising id, above `after_id`."""
        ...

"""What the search subgraph stores and asks of others."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from murmur.relation import Relation
from murmur.text import Entities
from subgraphs.search.model import Document, Grade, Hit, Kind, Query


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

    async def find(self, kind: Kind, query: Query, grade: Grade | None, below: int, limit: int) -> Sequence[Hit]:
        """Of the entries of this kind that match, with an id below `below`, the `limit` (at most 1,000) greatest ids, falling.

        With a grade, those that match that well and no better; without one, all. For people, every term of the query is one
        that can be said of them (`Query.of_people`).
        """
        ...

    async def ids(self, kind: Kind, above: int, limit: int) -> Sequence[int]:
        """What is indexed, by rising id, for whoever compares it with the stores."""
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

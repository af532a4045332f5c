"""What the analytics subgraph stores and asks of others."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from murmur.broker.ports import Message
from subgraphs.analytics.model import Batch, Counts, Mark, Span, StoredDay, Subject


class AnalyticsStore(Protocol):
    """Counts by subject, kind and hour. All verbs raise Unavailable, and are harmless when they are repeated."""

    async def add(self, marks: Sequence[Mark], at: int) -> None:
        """Count marks in their hours, however long ago these were, in whatever order they come. `at` is the time now.

        A mark is counted once: told again within TOLD_AGAIN_DAYS of being counted it changes nothing. On return the marks are
        durable, and whoever reads finds them counted.
        """
        ...

    async def first_told(self, batches: Sequence[Batch]) -> Sequence[int]:
        """When each of these batches came first (`Batch.first_at`). It is remembered for TOLD_AGAIN_DAYS."""
        ...

    async def series(self, subjects: Collection[Subject], span: Span) -> Mapping[Subject, Mapping[int, Counts]]:
        """What was counted of subjects in a span, by the start of each bucket. What is absent was never counted.

        Hours are there for HOURS_KEPT_DAYS, days for DAYS_KEPT.
        """
        ...

    async def totals(self, subjects: Collection[Subject]) -> Mapping[Subject, Counts]:
        """Everything that was ever counted of subjects."""
        ...

    async def tidy(self, now: int) -> bool:
        """Sum up what is older than it is kept in detail, and forget which marks were counted long ago; a part of the work a
        call. No count that `series` or `totals` tells changes by it. Whether there is more to do.
        """
        ...

    async def days_after(self, after: tuple[int, int, int], limit: int) -> Sequence[StoredDay]:
        """What is kept, by (owner, tweet, day), rising, above `after`: for copies."""
        ...

    async def put_days(self, rows: Sequence[StoredDay]) -> None:
        """Keep exact copies from another store. Which marks they were counted from is not known here."""
        ...

    async def close(self) -> None: ...


class Tweets(Protocol):
    """What the tweets subgraph knows."""

    async def authors_of(self, tweet_ids: Collection[int]) -> Mapping[int, int]:
        """Who wrote these tweets, deleted ones included; unknown ones are absent."""
        ...


class People(Protocol):
    """What the users subgraph knows."""

    async def users(self, ids: Collection[int]) -> Mapping[int, object]:
        """Those of these people that there are."""
        ...


class Log(Protocol):
    """Where what clients tell is kept until it is counted."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """On return the messages are durable. Raises Unavailable."""
        ...

"""What Murmur asks of an event log.

A topic has a fixed number of partitions. Records with one key are in one partition, in the order of their publication.
A consumer group reads each record at least once: the consumers of a group share the partitions, and a partition that is lost
by one (closed, killed, silent for longer than the session time-out) is taken over by another from the last committed offset.
The members of one group name the same topics.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from murmur.events import Topic

Place = tuple[Topic, int]
"""A partition of a topic."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is published: `key` orders it, `value` is an encoded event."""

    topic: Topic
    key: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """What is read. `offset` rises within (topic, partition)."""

    topic: Topic
    partition: int
    offset: int
    key: int
    value: bytes


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that a group gave up on, and why (for an operator; no stack trace)."""

    group: str
    record: Record
    reason: str
    at: int


class Consumer(Protocol):
    """One member of a consumer group. Not for concurrent use."""

    async def poll(self, limit: int, timeout: float) -> Sequence[Record]:
        """The next records of the partitions held, at most `limit`, in order within each partition.

        Waits up to `timeout` seconds for a first one, else returns none. Records that were polled but not committed are not
        polled again by this consumer until `rewind`.
        """
        ...

    async def commit(self, records: Sequence[Record]) -> None:
        """Everything up to and including these records is done, durably. Call it after the work.

        A commit for a partition that this consumer no longer holds changes nothing.
        """
        ...

    async def rewind(self) -> None:
        """Poll again from what was last committed, because the work on what was polled has failed."""
        ...

    async def bury(self, record: Record, reason: str) -> None:
        """Keep a record that can't be processed with the dead letters, and commit it, in one step."""
        ...


class Publisher(Protocol):
    async def publish(self, messages: Sequence[Message]) -> None:
        """As `Broker.publish`. Raises Unavailable also when another has taken over.

        What became of the messages is unknown then. Leave, and publish what there is to publish as the next publisher.
        """
        ...


class Broker(Protocol):
    async def publish(self, messages: Sequence[Message]) -> None:
        """Append the messages in their order; on return they are durable. When it raises, some may have been appended."""
        ...

    def publisher(self, name: str) -> AbstractAsyncContextManager[Publisher]:
        """The one publisher of that name: waits while another is open, in whatever process, and takes over when it ends.

        Whoever has it may read what it publishes from here on: what an earlier one had read before and sends late, because
        its process was paused, is refused wherever this one has written before. So a source that keeps each message until it
        is published has each key's messages appended in order; some again, but none after a later one for good.
        """
        ...

    def consumer(self, group: str, topics: Sequence[Topic]) -> AbstractAsyncContextManager[Consumer]:
        """Join a group. A new group starts at the oldest record kept. On exit the partitions are given back at once."""
        ...

    async def lag(self, group: str, topics: Sequence[Topic] = ()) -> int:
        """How many records a group has not committed yet, of `topics` and of those that it has committed in.

        A partition of them without a commit counts whole: a group that never joined is behind by all there is. Without
        `topics` a group that never joined has no lag, for nobody knows what it would read.
        """
        ...

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        """The newest dead letters of all groups, newest first."""
        ...

    async def forget(self, letters: Sequence[DeadLetter]) -> None:
        """Keep these dead letters no longer. Forgetting twice is harmless."""
        ...

    async def tail(self, limit: int) -> Sequence[Record]:
        """The newest records of all topics, for people to look at; no offset moves.

        In order within each partition, and else as their publication is known to have been: the oldest first.
        """
        ...

    async def ends(self) -> Mapping[Place, int]:
        """The offset of the newest record of each partition that has any."""
        ...

    async def after(self, positions: Mapping[Place, int], limit: int) -> Sequence[Record]:
        """The oldest records of all topics past `positions`, at most `limit`, in order within each partition.

        A partition without a position is read from its oldest record. For people to look at; no offset moves.
        """
        ...

    async def close(self) -> None: ...

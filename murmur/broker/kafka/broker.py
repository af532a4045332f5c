"""The `Broker` on Kafka: puts the parts of this package together."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from aiokafka import ConsumerRecord, TopicPartition

from murmur.broker.kafka.address import Address, parse
from murmur.broker.kafka.appending import Appender, open_appender
from murmur.broker.kafka.consuming import GroupConsumer, Patience
from murmur.broker.kafka.publishing import open_publisher
from murmur.broker.kafka.reading import Reader
from murmur.broker.kafka.records import letter_headers, letter_key, letter_of, records_of
from murmur.broker.kafka.topics import Topics, letters_of
from murmur.broker.ports import Consumer, DeadLetter, Message, Place, Publisher, Record
from murmur.clock import Clock, wall_clock
from murmur.errors import Unavailable
from murmur.events import TOPICS, Topic

_MOST_LETTERS = 10_000


class KafkaBroker:
    """A `Broker`. Nothing is connected before it is needed. `partitions` is of topics that `engine.apply` makes."""

    def __init__(self, url: str, *, partitions: int = 12, patience: Patience | None = None, clock: Clock = wall_clock) -> None:
        """Raises StartupError for a URL that is none."""
        self._address: Address = parse(url)
        self.engine = Topics(self._address, partitions)
        self._patience = patience or Patience()
        self._clock = clock
        self._reader = Reader(self._address)
        self._opening = asyncio.Lock()
        self._appender: Appender | None = None

    async def publish(self, messages: Sequence[Message]) -> None:
        if messages:
            async with self._appending() as appender:
                await appender.append(messages, self._clock())

    def publisher(self, name: str) -> AbstractAsyncContextManager[Publisher]:
        return open_publisher(self._address, name, self._patience.session_ms, self._clock)

    @asynccontextmanager
    async def consumer(self, group: str, topics: Sequence[Topic]) -> AsyncGenerator[Consumer]:
        member = GroupConsumer(self._address, group, topics, self._patience, self._bury)
        await member.join()
        try:
            yield member
        finally:
            await member.leave()

    async def lag(self, group: str, topics: Sequence[Topic] = ()) -> int:
        committed = await self._reader.committed(self._address.named(group))
        spans = await self._reader.spans({place.topic for place in committed} | {self._address.named(topic) for topic in topics})
        return sum(max(end - max(committed.get(place, 0), begin), 0) for place, (begin, end) in spans.items())

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        spans = await self._reader.spans(self._address.named(letters_of(topic)) for topic in TOPICS)
        newest = {place: (max(begin, end - _MOST_LETTERS), end) for place, (begin, end) in spans.items()}
        letters: dict[bytes, DeadLetter] = {}
        for record in await self._reader.read(newest, _MOST_LETTERS * len(newest)):
            key = record.key or b""
            letters.pop(key, None)
            if record.value is not None:
                letters[key] = letter_of(record)
        return list(letters.values())[: -limit - 1 : -1]

    async def forget(self, letters: Sequence[DeadLetter]) -> None:
        async with self._appending() as appender:
            for letter in letters:
                key = letter_key(letter.group, letter.record)
                await appender.put(letters_of(letter.record.topic), key, None, (), self._clock())

    async def tail(self, limit: int) -> Sequence[Record]:
        spans = await self._spans()
        newest = {place: (max(begin, end - limit), end) for place, (begin, end) in spans.items()}
        return self._records((await self._reader.read(newest, limit * len(spans)))[-limit:])

    async def ends(self) -> Mapping[Place, int]:
        spans = await self._spans()
        return {self._ours(place): end - 1 for place, (begin, end) in spans.items() if begin < end}

    async def after(self, positions: Mapping[Place, int], limit: int) -> Sequence[Record]:
        spans = await self._spans()
        starts = {place: max(begin, positions.get(self._ours(place), -1) + 1) for place, (begin, _) in spans.items()}
        found = await self._reader.read({place: (starts[place], end) for place, (_, end) in spans.items()}, limit)
        return self._records(found)

    async def close(self) -> None:
        if self._appender is not None:
            await self._appender.close()
        await self._reader.close()
        await self.engine.close()

    async def _spans(self) -> Mapping[TopicPartition, tuple[int, int]]:
        return await self._reader.spans(self._address.named(topic) for topic in TOPICS)

    def _records(self, found: Sequence[ConsumerRecord]) -> Sequence[Record]:
        return [ours for record in found for ours in records_of(self._address, record.topic, (record,))]

    def _ours(self, place: TopicPartition) -> Place:
        return next(topic for topic in TOPICS if self._address.named(topic) == place.topic), place.partition

    async def _bury(self, group: str, record: Record, reason: str) -> None:
        topic, key = letters_of(record.topic), letter_key(group, record)
        async with self._appending() as appender:
            await appender.put(topic, key, record.value, letter_headers(record, reason), self._clock())

    @asynccontextmanager
    async def _appending(self) -> AsyncGenerator[Appender]:
        """The appender of this process; a new one after a failure."""
        async with self._opening:
            if self._appender is None:
                self._appender = await open_appender(self._address)
            appender = self._appender
        try:
            yield appender
        except Unavailable:
            if self._appender is appender:
                self._appender = None
            await appender.close()
            raise

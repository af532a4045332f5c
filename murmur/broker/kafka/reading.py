"""Looks at the log without being a member of a group, and moves nothing."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from aiokafka import AIOKafkaClient, AIOKafkaConsumer, TopicPartition
from aiokafka.client import CoordinationType
from aiokafka.errors import NoError, UnknownTopicOrPartitionError, for_code
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.structs import ConsumerRecord

from murmur.broker.kafka.address import ANSWER_SECONDS, Address, answering, ask

_READ_SECONDS = 3 * ANSWER_SECONDS
_LOOK_MS = 200

Span = tuple[int, int]
"""The offset of the oldest record, and of the next one to come."""


class Reader:
    def __init__(self, address: Address) -> None:
        self._address = address
        self._opening = asyncio.Lock()
        self._client: AIOKafkaClient | None = None
        self._offsets: AIOKafkaConsumer | None = None

    async def spans(self, topics: Iterable[str]) -> Mapping[TopicPartition, Span]:
        """Of all partitions of these topics, as they are named there. Raises Unavailable."""
        named = list(topics)
        async with answering():
            offsets = await self._open_offsets()
            places = await self._places(named)
            begins, ends = await asyncio.gather(offsets.beginning_offsets(places), offsets.end_offsets(places))
        return {place: (begins[place], ends[place]) for place in places}

    async def committed(self, group: str) -> Mapping[TopicPartition, int]:
        """What a group has committed. Raises Unavailable."""
        async with answering():
            client = await self._open_client()

        async def look() -> Any:
            node = await client.coordinator_lookup(CoordinationType.GROUP, group)
            answer = await client.send(node, OffsetFetchRequest(group, None))
            if (error := for_code(answer.error_code)) is not NoError:
                raise error
            return answer

        answer = await ask(look, before_again=client.force_metadata_update)
        return {
            TopicPartition(topic, number): offset
            for topic, partitions in answer.topics
            for number, offset, _, _ in partitions
            if offset >= 0
        }

    async def read(self, spans: Mapping[TopicPartition, Span], limit: int) -> Sequence[ConsumerRecord]:
        """Records of these spans, at most `limit`, by the time of their publication. Raises Unavailable."""
        ends = {place: end for place, (start, end) in spans.items() if start < end}
        found: list[ConsumerRecord] = []
        if not ends:
            return found
        async with answering(_READ_SECONDS):
            reader = AIOKafkaConsumer(**self._address.options(), auto_offset_reset="earliest")
            try:
                await reader.start()
                reader.assign(list(ends))
                for place in ends:
                    reader.seek(place, spans[place][0])
                while ends and len(found) < limit:
                    fetched = await reader.getmany(timeout_ms=_LOOK_MS, max_records=limit - len(found))
                    for place, records in fetched.items():
                        found += [record for record in records if record.offset < spans[place][1]]
                    for place in list(ends):
                        if await reader.position(place) >= ends[place]:
                            reader.pause(place)
                            del ends[place]
            finally:
                await reader.stop()
        return sorted(found, key=attrgetter("timestamp"))

    async def _places(self, topics: Sequence[str]) -> Sequence[TopicPartition]:
        client = await self._open_client()
        for topic in topics:
            await client.add_topic(topic)
        if any(client.cluster.partitions_for_topic(topic) is None for topic in topics):
            await client.force_metadata_update()
        places: list[TopicPartition] = []
        for topic in topics:
            numbers = client.cluster.partitions_for_topic(topic)
            if numbers is None:
                raise UnknownTopicOrPartitionError
            places += [TopicPartition(topic, number) for number in numbers]
        return places

    async def close(self) -> None:
        if self._offsets is not None:
            await self._offsets.stop()
        if self._client is not None:
            await self._client.close()

    async def _open_client(self) -> AIOKafkaClient:
        async with self._opening:
            if self._client is None:
                client = AIOKafkaClient(**self._address.options())
                try:
                    await client.bootstrap()
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client

    async def _open_offsets(self) -> AIOKafkaConsumer:
        async with self._opening:
            if self._offsets is None:
                offsets = AIOKafkaConsumer(**self._address.options())
                try:
                    await offsets.start()
                except BaseException:
                    await offsets.stop()
                    raise
                self._offsets = offsets
            return self._offsets

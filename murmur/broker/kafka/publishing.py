"""One publisher of a name at a time.

Who is assigned the one partition of `PUBLISHERS` in the group of the name publishes, the others of the group stand by; when
its process dies, the group gives the partition to another after the session time-out. A process that was only paused learns
too late that it was given up, so the group keeps the peace but is not what makes it right. That is the producer's epoch: who
takes over raises it before it reads what is to be published, and brokers refuse what comes with an older one.
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from murmur.broker.kafka.address import Address, answering
from murmur.broker.kafka.appending import Appender, open_appender
from murmur.broker.kafka.groups import member_options, stop
from murmur.broker.kafka.topics import PUBLISHERS
from murmur.broker.ports import Message, Publisher
from murmur.clock import Clock

_JOIN_SECONDS = 60
_LOOK_MS = 200
_NEVER_MS = 2**31 - 1


@asynccontextmanager
async def open_publisher(address: Address, name: str, session_ms: int, clock: Clock) -> AsyncGenerator[Publisher]:
    lead = _Lead()
    group = address.named(f"publisher.{name}")
    # It holds its partition for as long as its process is alive, and reads nothing of it.
    member = AIOKafkaConsumer(**member_options(address, group, session_ms, silence_ms=_NEVER_MS, rebalance_ms=session_ms))
    member.subscribe([address.named(PUBLISHERS)], listener=lead)
    try:
        async with answering(_JOIN_SECONDS):
            await member.start()
        while not lead.held:
            async with answering(_JOIN_SECONDS):
                await member.getmany(timeout_ms=_LOOK_MS)
        appender = await open_appender(address, fence=group)
        try:
            yield _Publisher(appender, clock)
        finally:
            await appender.close()
    finally:
        await stop(member)


class _Lead(ConsumerRebalanceListener):
    def __init__(self) -> None:
        self.held = False

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:  # noqa: ARG002 (the driver's signature)
        self.held = False

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self.held = bool(assigned)


class _Publisher:
    def __init__(self, appender: Appender, clock: Clock) -> None:
        self._appender = appender
        self._clock = clock

    async def publish(self, messages: Sequence[Message]) -> None:
        if messages:
            await self._appender.append(messages, self._clock())

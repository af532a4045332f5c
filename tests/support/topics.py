"""Topics of a test's own on a Kafka that tests share."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from murmur.broker.kafka import KafkaBroker
from murmur.broker.kafka.address import parse


@asynccontextmanager
async def topics(url: str, partitions: int = 4) -> AsyncGenerator[str]:
    """Makes the topics of `url`, whose path is a prefix of the test's own, and removes them at the end."""
    broker = KafkaBroker(url, partitions=partitions)
    try:
        await broker.engine.apply()
    finally:
        await broker.close()
    async with removed(url):
        yield url


@asynccontextmanager
async def removed(url: str) -> AsyncGenerator[str]:
    """Removes whatever topics are made under a prefix."""
    try:
        yield url
    finally:
        address = parse(url)
        admin = AIOKafkaAdminClient(**address.options())
        await admin.start()
        try:
            await admin.delete_topics([name for name in await admin.list_topics() if name.startswith(f"{address.prefix}.")])
        finally:
            await admin.close()


async def rewind(url: str, *groups: str) -> None:
    """Let consumer groups that have no members now begin again at the oldest record of what they have read."""
    address = parse(url)
    admin = AIOKafkaAdminClient(**address.options())
    await admin.start()
    try:
        for group in map(address.named, groups):
            places = list(await admin.list_consumer_group_offsets(group))
            consumer = AIOKafkaConsumer(group_id=group, enable_auto_commit=False, **address.options())
            await consumer.start()
            try:
                consumer.assign(places)
                await consumer.commit(dict.fromkeys(places, 0))
            finally:
                await consumer.stop()
    finally:
        await admin.close()

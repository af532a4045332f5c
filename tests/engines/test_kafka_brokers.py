"""A Kafka of three brokers that loses one after another, while events go through it from an outbox to a worker."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from murmur.broker.kafka import KafkaBroker
from murmur.cluster.kafka import Kafka
from murmur.events import AnyEvent, Liked
from murmur.ids import Snowflakes
from murmur.outbox import SCHEMA, SqliteOutbox, append
from murmur.sqlite import Database
from murmur.telemetry.metrics import Metrics
from tests.support.kafka_programs import PATIENCE, TOPIC
from tests.support.topics import topics
from tests.support.waiting import until
from workers.outbox_relay import run_relay
from workers.runtime import run_worker

KEYS = 17
COUNT = 1_200


@pytest.fixture
async def url(three_brokers: Kafka) -> AsyncGenerator[str]:
    async with topics(f"{three_brokers.url}/{secrets.token_hex(4)}") as made:
        yield made


async def test_whatever_broker_is_killed_every_event_arrives_and_each_key_in_order(
    three_brokers: Kafka, url: str, tmp_path: Path
):
    broker = KafkaBroker(url, patience=PATIENCE)
    assert (await broker.engine.check()).role == "3 brokers"
    database, ids = Database(tmp_path / "store.db", [SCHEMA]), Snowflakes(1)
    outbox, metrics = SqliteOutbox(database, "tweets"), Metrics()
    handled: dict[int, int] = {}
    order: dict[int, list[int]] = {key: [] for key in range(KEYS)}

    async def handle(events: Sequence[AnyEvent]) -> None:
        for event in events:
            assert isinstance(event, Liked)
            if event.user_id not in handled:
                order[event.tweet_id].append(event.user_id)
            handled[event.user_id] = handled.get(event.user_id, 0) + 1

    async def write(numbers: range) -> None:
        for number in numbers:
            like = Liked(id=ids(), at=0, tweet_id=number % KEYS, author_id=1, user_id=number)
            await database.write(lambda connection, like=like: append(connection, like))

    async def arrived(count: int) -> bool:
        return len(handled) >= count

    tasks = [
        asyncio.create_task(run_relay({"tweets": outbox}, broker, metrics, batch=50)),
        asyncio.create_task(run_worker("w", broker, [TOPIC], handle, metrics, batch=50)),
    ]
    try:
        share = COUNT // 6
        await write(range(share))
        await until(lambda: arrived(1), 60)
        for number, member in enumerate(three_brokers.brokers[:2], 1):
            member.kill()
            await write(range((2 * number - 1) * share, 2 * number * share))
            # With one of three gone, everything goes on.
            await until(lambda number=number: arrived(2 * number * share), 90)
            await asyncio.to_thread(member.start)
            await write(range(2 * number * share, (2 * number + 1) * share))
        await write(range(5 * share, COUNT))
        await until(lambda: arrived(COUNT), 90)
        assert all(not task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await broker.close()
        await database.close()
    assert order == {key: list(range(key, COUNT, KEYS)) for key in range(KEYS)}

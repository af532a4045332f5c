"""What the worker runtime does on Kafka with events that fail, with what comes twice, and when it is told to end."""

import asyncio
import random
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from murmur.broker.kafka import KafkaBroker
from murmur.broker.ports import Message
from murmur.cluster.kafka import Kafka
from murmur.events import AnyEvent, TweetDeleted, encode_event, route
from murmur.post import Post
from murmur.telemetry.metrics import Metrics
from tests.support.kafka_programs import PATIENCE
from tests.support.small_world import SmallWorld
from tests.support.topics import topics
from tests.support.waiting import until
from workers.runtime import Handler, run_worker

TOPIC = "murmur.tweets"


@pytest.fixture
async def broker(kafka: Kafka) -> AsyncGenerator[KafkaBroker]:
    async with topics(f"{kafka.url}/{secrets.token_hex(4)}") as url:
        broker = KafkaBroker(url, patience=PATIENCE)
        yield broker
        await broker.close()


@asynccontextmanager
async def working(broker: KafkaBroker, group: str, handler: Handler, metrics: Metrics | None = None) -> AsyncGenerator[None]:
    run = run_worker(
        group, broker, ["murmur.graph", TOPIC], handler, metrics or Metrics(), batch=20, attempts=2, first_wait=0.001
    )
    worker = asyncio.create_task(run)
    try:
        yield
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)


async def read(broker: KafkaBroker, group: str) -> None:
    async def is_read() -> bool:
        # A group that has not joined yet has no lag either.
        return bool(await broker._reader.committed(broker._address.named(group))) and await broker.lag(group) == 0

    await until(is_read, 30)


def message(number: int) -> Message:
    return Message(TOPIC, number % 7, encode_event(TweetDeleted(id=number, at=0, tweet_id=1, author_id=1)))


async def test_events_that_always_fail_are_buried_and_the_rest_is_done(broker: KafkaBroker):
    done: set[int] = set()
    metrics = Metrics()

    async def handle(events: Sequence[AnyEvent]) -> None:
        for event in events:
            if event.id % 40 == 0:
                raise ZeroDivisionError("poison")
        done.update(event.id for event in events)

    poison = {number for number in range(1, 200) if number % 40 == 0}
    await broker.publish([*map(message, range(1, 200)), Message(TOPIC, 1, b"{")])
    async with working(broker, "w", handle, metrics):
        await read(broker, "w")
    assert done == set(range(1, 200)) - poison
    letters = await broker.dead_letters(100)
    assert sorted(letter.record.value for letter in letters) == sorted([*(message(n).value for n in poison), b"{"])
    assert {letter.reason for letter in letters if letter.record.value != b"{"} == {"ZeroDivisionError: poison"}
    assert b'murmur_dead_letters_total{worker="w"} 5.0' in metrics.exposition()
    assert b'murmur_consumer_lag{group="w"}' in metrics.exposition()


async def test_a_worker_that_is_told_to_end_commits_its_batch_and_leaves_its_group(broker: KafkaBroker):
    busy, go_on = asyncio.Event(), asyncio.Event()

    async def handle(_events: Sequence[AnyEvent]) -> None:
        busy.set()
        await go_on.wait()

    await broker.publish([message(number) for number in range(5)])
    worker = asyncio.create_task(run_worker("w", broker, [TOPIC], handle, Metrics()))
    await busy.wait()
    worker.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await worker
    assert await broker.lag("w") == 0
    await broker.publish([message(5)])
    async with asyncio.timeout(PATIENCE.session_ms / 1000), broker.consumer("w", [TOPIC]) as consumer:
        assert len(await consumer.poll(10, 5)) == 1


class History:
    """What a few people have done at random, and the events of it."""

    def __init__(self, seed: int) -> None:
        self.world = SmallWorld(threshold=4)
        self.people = range(1, 9)
        self.events: list[AnyEvent] = []
        self._random = random.Random(seed)
        self._tweets: list[Post] = []
        self._retweets: list[Post] = []

    def act(self) -> None:
        choose, world = self._random.choice, self.world
        one, other = self._random.sample(self.people, 2)
        match self._random.randrange(10):
            case 0 | 1 | 2:
                post, event = world.tweet(one)
                self._tweets.append(post)
            case 3 | 4 if self._tweets:
                post, event = world.retweet(one, choose(self._tweets))
                self._retweets.append(post)
            case 5 if self._retweets:
                event = world.undo(self._retweets.pop())
            case 6 if self._tweets:
                event = world.delete(choose(self._tweets))
            case 7:
                event = world.unfollow(one, other)
            case _:
                event = world.follow(one, other)
        self.events.append(event)


async def test_everything_delivered_again_changes_no_timeline(broker: KafkaBroker):
    history = History(random.randrange(10**6))
    world = history.world
    for person in history.people:
        await world.home(person)
    for _ in range(300):
        history.act()
    await broker.publish([Message(*route(event), encode_event(event)) for event in history.events])
    for group in ("first", "again"):
        async with working(broker, group, world.fanout.handle):
            await read(broker, group)
        for person in history.people:
            assert await world.home(person) == world.expected(person), group

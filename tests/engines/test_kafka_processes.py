"""Workers and relays on Kafka that come, are killed and are paused: nothing is lost, and nothing out of order."""

import asyncio
import secrets
import signal
import sqlite3
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from murmur.broker.kafka import KafkaBroker
from murmur.broker.kafka.address import parse
from murmur.broker.ports import Message
from murmur.cluster.kafka import Kafka
from murmur.events import Liked, decode_event, encode_event
from murmur.ids import Snowflakes
from murmur.outbox import SCHEMA, SqliteOutbox, append
from murmur.sqlite import Database
from murmur.telemetry.metrics import Metrics
from tests.support.kafka_programs import PATIENCE, TOPIC
from tests.support.topics import topics
from tests.support.waiting import until
from workers.runtime import run_worker

KEYS = 37


@dataclass(frozen=True)
class Program:
    process: asyncio.subprocess.Process

    async def says(self, word: str) -> str:
        """The next line that begins with `word`."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while line := (await self.process.stdout.readline()).decode():
                if line.startswith(word):
                    return line.strip()
        raise AssertionError(f"it has ended and not said {word!r}")

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def program(*arguments: str | Path) -> AsyncGenerator[Program]:
    pipe = asyncio.subprocess.PIPE
    module = [sys.executable, "-m", "tests.support.kafka_programs"]
    process = await asyncio.create_subprocess_exec(*module, *map(str, arguments), stdin=pipe, stdout=pipe)
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
            await process.wait()


@pytest.fixture
async def url(kafka: Kafka) -> AsyncGenerator[str]:
    async with topics(f"{kafka.url}/{secrets.token_hex(4)}") as made:
        yield made


@pytest.fixture
async def broker(url: str) -> AsyncGenerator[KafkaBroker]:
    broker = KafkaBroker(url, patience=PATIENCE)
    yield broker
    await broker.close()


def likes(count: int) -> list[Liked]:
    ids = Snowflakes(1)
    return [Liked(id=ids(), at=0, tweet_id=number % KEYS, author_id=1, user_id=number) for number in range(count)]


def messages(events: Sequence[Liked]) -> list[Message]:
    return [Message(TOPIC, event.tweet_id, encode_event(event)) for event in events]


def in_order(events: Sequence[Liked]) -> dict[int, list[int]]:
    """The ids of events by their key, each once, as they came first."""
    found: dict[int, dict[int, None]] = {}
    for event in events:
        found.setdefault(event.tweet_id, {})[event.id] = None
    return {key: list(ids) for key, ids in found.items()}


async def test_a_worker_that_is_killed_in_the_middle_of_a_batch_loses_and_doubles_nothing(
    url: str, broker: KafkaBroker, tmp_path: Path
):
    effects, events = tmp_path / "effects.db", likes(2_000)
    await broker.publish(messages(events[:1_000]))
    async with program("worker", url, effects, "first", "hold") as first:
        await first.says("holding")
        async with program("worker", url, effects, "second", "") as second:
            await first.kill()
            await broker.publish(messages(events[1_000:]))
            await until(lambda: _none_left(broker, "effects"), 60)
            assert second.process.returncode is None
    with sqlite3.connect(effects) as connection:
        rows = connection.execute("SELECT id, key, worker, times FROM effects ORDER BY seq").fetchall()
    assert {row[0] for row in rows} == {event.id for event in events}
    assert {"first", "second"} == {row[2] for row in rows}
    assert any(row[3] == 2 for row in rows), "the half batch of the killed one was not delivered again"
    by_key: dict[int, list[int]] = {}
    for number, key, *_ in rows:
        by_key.setdefault(key, []).append(number)
    assert by_key == in_order(events)


async def test_what_a_paused_worker_commits_when_it_was_given_up_changes_nothing(url: str, broker: KafkaBroker, tmp_path: Path):
    effects, events = tmp_path / "effects.db", likes(400)
    await broker.publish(messages(events[:200]))
    async with program("worker", url, effects, "paused", "hold") as paused:
        await paused.says("holding")
        paused.process.send_signal(signal.SIGSTOP)
        async with program("worker", url, effects, "other", ""):
            await until(lambda: _none_left(broker, "effects"), 60)
            await broker.publish(messages(events[200:]))
            await until(lambda: _none_left(broker, "effects"), 60)
        # Nobody else is a member now: what is committed late would stand.
        paused.process.send_signal(signal.SIGCONT)
        paused.tell("go on")
        await paused.says("batch")
        await broker.publish(messages(likes(1)))
        await paused.says("batch")
        await until(lambda: _none_left(broker, "effects"), 60)
    with sqlite3.connect(effects) as connection:
        rows = connection.execute("SELECT worker, times FROM effects").fetchall()
    assert len(rows) == 401
    # The half batch before the pause and what was under way after it, and no more.
    assert sum(times for _, times in rows) <= 401 + 50


async def _none_left(broker: KafkaBroker, group: str) -> bool:
    return await broker.lag(group) == 0


async def test_a_worker_that_comes_in_the_middle_of_a_batch_doubles_nothing(url: str, broker: KafkaBroker):
    handled: list[int] = []
    who: set[str] = set()
    busy, go_on = asyncio.Event(), asyncio.Event()
    events = likes(500)
    await broker.publish(messages(events[:200]))

    def member(name: str) -> asyncio.Task[None]:
        async def handle(batch: Sequence[Liked]) -> None:
            busy.set()
            await go_on.wait()
            who.add(name)
            handled.extend(event.id for event in batch)

        return asyncio.create_task(run_worker("once", broker, [TOPIC], handle, Metrics(), batch=20))  # pyright: ignore[reportArgumentType]

    workers = [member("first")]
    await busy.wait()
    workers.append(member("second"))
    await until(lambda: _members(url, "once", 2), 30)
    go_on.set()
    await until(lambda: _none_left(broker, "once"), 30)
    await broker.publish(messages(events[200:]))
    await until(lambda: _none_left(broker, "once"), 30)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    assert who == {"first", "second"}
    assert sorted(handled) == sorted(event.id for event in events)


async def _members(url: str, group: str, count: int) -> bool:
    """Whether so many ask to be members, whatever they have been assigned."""
    address = parse(url)
    admin = AIOKafkaAdminClient(**address.options())
    await admin.start()
    try:
        (answer,) = await admin.describe_consumer_groups([address.named(group)])
        members = answer.groups[0][5]
        return len(members) == count
    finally:
        await admin.close()


async def test_a_relay_that_is_killed_is_followed_by_the_one_that_stands_by(url: str, broker: KafkaBroker, tmp_path: Path):
    store, events = tmp_path / "store.db", likes(1_000)
    database = Database(store, [SCHEMA])
    outbox = SqliteOutbox(database, "tweets")
    async with program("relay", url, store) as first:
        await first.says("leads")
        async with program("relay", url, store) as second:
            for start in range(0, 1_000, 50):
                await database.write(lambda connection, start=start: append(connection, *events[start : start + 50]))
                if start == 500:
                    await first.kill()
            await second.says("leads")

            async def empty() -> bool:
                return not await outbox.pending(1)

            await until(empty, 60)
    await database.close()
    published = [decode_event(record.value) for record in await broker.tail(5_000)]
    assert in_order(published) == in_order(events)
    assert len(published) < 1_000 + 100, "the relay that followed began anew"


async def test_what_a_paused_publisher_sends_when_another_has_taken_over_is_refused(url: str, broker: KafkaBroker):
    async with program("publisher", url) as paused:
        await paused.says("leads")
        paused.tell("1 before")
        await paused.says("published")
        paused.process.send_signal(signal.SIGSTOP)
        paused.tell("1 late")
        async with asyncio.timeout(30), broker.publisher("outbox") as successor:
            await successor.publish([Message(TOPIC, 1, b"late"), Message(TOPIC, 1, b"after")])
            paused.process.send_signal(signal.SIGCONT)
            assert "taken over" in await paused.says("refused")
            await successor.publish([Message(TOPIC, 1, b"last")])
    assert [record.value for record in await broker.tail(10)] == [b"before", b"late", b"after", b"last"]

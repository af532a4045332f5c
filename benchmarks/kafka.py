"""The event log on a Kafka of one broker: what publishing costs, and how a burst is worked off."""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter, process_time

import uvloop
from aiokafka import AIOKafkaProducer

from benchmarks.report import check, line, ms
from benchmarks.server import BenchmarkFailed
from murmur.broker.kafka import KafkaBroker
from murmur.broker.kafka.address import parse
from murmur.broker.ports import Message
from murmur.cluster.kafka import Kafka, missing
from murmur.events import TOPICS, AnyEvent, TweetPublished, encode_event
from murmur.ids import Snowflakes
from murmur.telemetry.logs import configure_logs
from murmur.telemetry.metrics import Metrics
from workers.runtime import run_worker

_BATCH = 500
_ALONE = 200
_LOOK_SECONDS = 0.05


def main(events: int = 100_000) -> None:
    if reason := missing():
        line("left out", "", reason)
        return
    configure_logs("ERROR")
    with tempfile.TemporaryDirectory() as folder, Kafka(Path(folder), heap_mb=512) as kafka:
        uvloop.run(_measure(kafka.url, events))


async def _measure(url: str, count: int) -> None:
    broker = KafkaBroker(url)
    await broker.engine.apply()
    ids = Snowflakes(1)
    messages = [_message(ids) for _ in range(count)]
    line("an event", f"{len(messages[0].value)} B", f"bursts of {count:,}, handed over {_BATCH} at a time, acknowledged by all")
    await _driver_alone(url, messages[: count // 5])
    await _burst("publishing", broker, messages)
    worker = _Worker(broker)
    async with worker:
        cpu, began = process_time(), perf_counter()
        await worker.has(count)
        seconds = perf_counter() - began
        line("a burst worked off by a worker that comes after it", f"{seconds:,.1f} s", f"{count / seconds:,.0f} events a second")
        line("CPU of an event consumed", f"{(process_time() - cpu) / count * 1e6:,.1f} µs", "fetched, decoded, committed")
        publishing = asyncio.create_task(_burst("publishing beside the worker", broker, messages))
        most, began = 0, perf_counter()
        while not publishing.done():
            most = max(most, await broker.lag("measured"))
            await asyncio.sleep(_LOOK_SECONDS)
        ended = perf_counter()
        await worker.has(2 * count)
        line("lag, at most, while a burst is published", f"{most:,}", f"of {count:,}; none {ms(perf_counter() - ended)} after it")
        delays = [await _alone(broker, worker, messages[number]) for number in range(_ALONE)]
    delays.sort()
    line("one event alone, from publishing to the handler", ms(delays[_ALONE // 2]), f"p99 {ms(delays[_ALONE * 99 // 100])}")
    check(worker.handled == 2 * count + _ALONE, f"every event was handled once ({worker.handled:,})")
    if await broker.lag("measured"):
        raise BenchmarkFailed("there is lag left")
    await broker.close()


async def _burst(name: str, broker: KafkaBroker, messages: Sequence[Message]) -> None:
    async with broker.publisher("measured") as publisher:
        cpu, began = process_time(), perf_counter()
        for start in range(0, len(messages), _BATCH):
            await publisher.publish(messages[start : start + _BATCH])
        seconds, used = perf_counter() - began, process_time() - cpu
    note = f"{used / len(messages) * 1e6:,.1f} µs of CPU each" if name == "publishing" else ""
    line(name, f"{len(messages) / seconds:,.0f}/s", note)


async def _driver_alone(url: str, messages: Sequence[Message]) -> None:
    """The driver's own batching, message by message, with the same guarantees."""
    address = parse(url)
    producer = AIOKafkaProducer(**address.options(), acks="all", enable_idempotence=True, compression_type="zstd")
    await producer.start()
    cpu, began = process_time(), perf_counter()
    for start in range(0, len(messages), _BATCH):
        some = messages[start : start + _BATCH]
        sent = [await producer.send(TOPICS[0], message.value, b"%d" % message.key) for message in some]
        await asyncio.gather(*sent)
    seconds = perf_counter() - began
    line(
        "the driver's own send, for comparison",
        f"{len(messages) / seconds:,.0f}/s",
        f"{(process_time() - cpu) / len(messages) * 1e6:,.1f} µs of CPU each",
    )
    await producer.stop()


class _Worker:
    """A member of the group "measured" whose handler does nothing but count."""

    def __init__(self, broker: KafkaBroker) -> None:
        self.handled = 0
        self._broker = broker
        self._came = asyncio.Event()

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(run_worker("measured", self._broker, ["murmur.tweets"], self._handle, Metrics()))

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def has(self, count: int) -> None:
        while self.handled < count:
            self._came.clear()
            await self._came.wait()

    async def _handle(self, events: Sequence[AnyEvent]) -> None:
        self.handled += len(events)
        self._came.set()


async def _alone(broker: KafkaBroker, worker: _Worker, message: Message) -> float:
    began, before = perf_counter(), worker.handled
    await broker.publish([message])
    await worker.has(before + 1)
    return perf_counter() - began


def _message(ids: Snowflakes) -> Message:
    tweet = TweetPublished(
        id=ids(), at=0, tweet_id=(tweet_id := ids()), author_id=ids(), text=f"a tweet of some length {ids()} " * 3
    )
    return Message("murmur.tweets", tweet_id, encode_event(tweet))

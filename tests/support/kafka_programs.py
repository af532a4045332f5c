"""Processes that a test kills and pauses: `python -m tests.support.kafka_programs worker|relay|publisher URL …`.

Each says on standard output how far it is, a word a line.
"""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from murmur.broker.kafka import KafkaBroker
from murmur.broker.kafka.consuming import Patience
from murmur.broker.ports import Message, Publisher
from murmur.errors import Unavailable
from murmur.events import AnyEvent, Liked
from murmur.outbox import SCHEMA, SqliteOutbox
from murmur.sqlite import Database
from murmur.telemetry.metrics import Metrics
from workers.outbox_relay import run_relay
from workers.runtime import run_worker

TOPIC = "murmur.tweets"
PATIENCE = Patience(session_ms=1_500, silence_ms=60_000, rebalance_ms=10_000)
EFFECTS = (
    "CREATE TABLE IF NOT EXISTS effects (id INTEGER PRIMARY KEY, key INTEGER, seq INTEGER UNIQUE, worker TEXT, times INTEGER)"
)


def say(word: str) -> None:
    print(word, flush=True)  # noqa: T201 (the test reads it)


class Effects:
    """What has been done for each event, in a file: once, and how often it was tried; `seq` is the order of first times."""

    def __init__(self, path: Path, worker: str) -> None:
        self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute(EFFECTS)
        self._worker = worker

    def add(self, events: Sequence[AnyEvent]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for event in events:
            assert isinstance(event, Liked)
            self._connection.execute(
                "INSERT INTO effects SELECT ?1, ?2, (SELECT COALESCE(MAX(seq), 0) + 1 FROM effects), ?3, 1 WHERE true"
                " ON CONFLICT (id) DO UPDATE SET times = times + 1",
                (event.id, event.tweet_id, self._worker),
            )
        self._connection.execute("COMMIT")


async def worker(url: str, effects: str, name: str, hold: str) -> None:
    """A member of the group "effects". It may hold in the middle of its second batch, say so, and wait for a line."""
    done, batches = Effects(Path(effects), name), 0
    broker = KafkaBroker(url, patience=PATIENCE)

    async def handle(events: Sequence[AnyEvent]) -> None:
        nonlocal batches
        batches += 1
        half = len(events) // 2
        done.add(events[:half])
        if batches == 2 and hold == "hold":
            say("holding")
            await asyncio.to_thread(sys.stdin.readline)
        done.add(events[half:])
        say("batch")

    await run_worker("effects", broker, [TOPIC], handle, Metrics(), batch=50)


async def relay(url: str, store: str) -> None:
    """Relays the outbox of a SQLite file."""
    broker = KafkaBroker(url, patience=PATIENCE)
    database = Database(Path(store), [SCHEMA])

    class Told:
        @asynccontextmanager
        async def publisher(self, name: str) -> AsyncGenerator[Publisher]:
            async with broker.publisher(name) as publisher:
                say("leads")
                yield publisher

    await run_relay({"tweets": SqliteOutbox(database, "tweets")}, Told(), Metrics(), batch=7)


async def publisher(url: str) -> None:
    """Publishes each line of standard input, a key and a value, as one message, as the publisher "outbox"."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    broker = KafkaBroker(url, patience=PATIENCE)
    async with broker.publisher("outbox") as publishing:
        say("leads")
        while line := await lines.readline():
            key, value = line.split()
            try:
                await publishing.publish([Message(TOPIC, int(key), value)])
            except Unavailable as error:
                say(f"refused: {error}")
                return
            say("published")


if __name__ == "__main__":
    asyncio.run({"worker": worker, "relay": relay, "publisher": publisher}[sys.argv[1]](*sys.argv[2:]))

"""How fast the notifier takes events in, without the event log, on each store: `python -m benchmarks --only notifications`."""

import asyncio
import gc
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.report import check, line, title
from murmur.clock import wall_clock
from murmur.cluster import mongodb
from murmur.cursors import Window
from murmur.events import AnyEvent, Liked, TweetPublished
from murmur.ids import Snowflakes
from murmur.pubsub.memory import MemoryPubSub
from subgraphs.notifications.service import NotificationService
from subgraphs.notifications.wiring import open_store
from subgraphs.users.stores.sqlite import SqliteUsers

_BATCH = 500
_AUTHORS = 200
_LIKES = 10_000
_REPLIES = 3_000


async def measure() -> None:
    ids, now = Snowflakes(0), wall_clock()
    authors = [(ids(), ids()) for _ in range(_AUTHORS)]
    likes = [
        Liked(id=ids(), at=now, tweet_id=tweet, author_id=author, user_id=ids())
        for author, tweet in authors * (_LIKES // _AUTHORS)
    ]
    replies = [
        TweetPublished(
            id=ids(),
            at=now,
            tweet_id=ids(),
            author_id=ids(),
            text="a reply",
            in_reply_to_id=ids(),
            in_reply_to_author_id=ids(),
        )
        for _ in range(_REPLIES)
    ]
    title(f"{_BATCH} events at a time; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the run")
    with tempfile.TemporaryDirectory() as folder:
        path, (beside, apart) = Path(folder), (Path(tempfile.mkdtemp(dir=folder)) for _ in range(2))
        embedded = await _on("sqlite", "sqlite:", beside, authors, likes, replies)
        if (missing := mongodb.missing()) is not None:
            line("mongodb", "left out", missing)
            return
        with mongodb.MongoDB(path / "mongodb", members=3) as server:
            sharded = await _on("mongodb, a replica set of 3", server.url, apart, authors, likes, replies)
    title("MongoDB to SQLite")
    for name, rate in sharded.items():
        line(name, f"{rate / embedded[name]:.2f}")


async def _on(
    name: str,
    url: str,
    folder: Path,
    authors: Sequence[tuple[int, int]],
    likes: Sequence[Liked],
    replies: Sequence[TweetPublished],
) -> dict[str, float]:
    """Notifications a second, by what was told."""
    store, users = open_store(url, folder), SqliteUsers(folder / "users.db")
    if engine := getattr(store, "engine", None):
        await engine.apply()
    service = NotificationService(store, users, MemoryPubSub(), wall_clock)
    title(name)
    rates: dict[str, float] = {}
    for what, events in (
        (f"likes of the tweets of {_AUTHORS} people", likes),
        ("the same told again", likes),
        ("replies, each to somebody else", replies),
    ):
        rates[what] = await _heard(what, service, events)
    told = [(await service.page(author, Window(20))).items for author, _ in authors]
    check(all(sum(each.actor_count for each in page) == _LIKES // _AUTHORS for page in told), "each like is told of once")
    await store.close()
    await users.close()
    return rates


async def _heard(what: str, service: NotificationService, events: Sequence[AnyEvent]) -> float:
    gc.collect()
    started, used = perf_counter(), process_time()
    for start in range(0, len(events), _BATCH):
        await service.hear(events[start : start + _BATCH])
    took, used = perf_counter() - started, process_time() - used
    line(what, f"{len(events) / took:,.0f} /s", f"{used / len(events) * 1e6:,.0f} µs of our CPU each")
    return len(events) / took


def main() -> None:
    asyncio.run(measure())

"""How fast a worker counts what happens and what was seen, on each store, and what taking impressions in costs."""

import asyncio
import random
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.report import check, line, title
from murmur.broker.sqlite import SqliteBroker
from murmur.clock import wall_clock
from murmur.cluster import mongodb
from murmur.events import AnyEvent, ImpressionsRecorded, Liked
from murmur.ids import Snowflakes
from subgraphs.analytics.model import Kind, Subject
from subgraphs.analytics.ports import AnalyticsStore
from subgraphs.analytics.service import Counting, Recording
from subgraphs.analytics.wiring import open_store

_BATCH = 500
_SEEN = 50
_TWEETS = 20_000
_PEOPLE = 5_000


class _Town:
    """Who wrote the tweets, and who is there; looking it up is measured elsewhere."""

    def __init__(self, ids: Snowflakes, rng: random.Random) -> None:
        self.people = [ids() for _ in range(_PEOPLE)]
        weights = [1 / (rank + 5) for rank in range(_PEOPLE)]
        self.authors = {ids(): author for author in rng.choices(self.people, weights, k=_TWEETS)}

    async def authors_of(self, tweet_ids: Collection[int]) -> Mapping[int, int]:
        return {tweet_id: self.authors[tweet_id] for tweet_id in tweet_ids}

    async def users(self, ids: Collection[int]) -> Mapping[int, object]:
        return dict.fromkeys(ids)


async def measure(likes: int, looks: int) -> None:
    rng, ids = random.Random(7), Snowflakes(0)
    town = _Town(ids, rng)
    tweets = list(town.authors)
    weights = [1 / (rank + 5) for rank in range(_TWEETS)]
    now = wall_clock()
    liked = [
        Liked(id=ids(), at=now, tweet_id=tweet, author_id=town.authors[tweet], user_id=rng.choice(town.people))
        for tweet in rng.choices(tweets, weights, k=likes)
    ]
    seen = [
        ImpressionsRecorded(
            id=ids(),
            at=now,
            viewer_id=rng.choice(town.people),
            batch=str(number),
            tweet_ids=tuple(set(rng.choices(tweets, weights, k=_SEEN))),
        )
        for number in range(looks)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        await _on("sqlite", "sqlite:", path / "sqlite", town, liked, seen)
        if (missing := mongodb.missing()) is None:
            with mongodb.MongoDB(path / "mongodb") as server:
                await _on("mongodb, a replica set of 3 on this machine", server.url, path, town, liked, seen)
        else:
            line("mongodb", "left out", missing)
        await _recording(path, tweets, looks)


async def _on(
    name: str, url: str, folder: Path, town: _Town, liked: Sequence[Liked], seen: Sequence[ImpressionsRecorded]
) -> None:
    store = open_store(url, folder)
    if engine := getattr(store, "engine", None):
        await engine.apply()
    title(f"{name}: events in batches of {_BATCH}, authors by a power law")
    await _counted("likes", store, town, liked, len(liked))
    await _counted(f"impressions, {_SEEN} a batch of a client", store, town, seen, sum(len(each.tweet_ids) for each in seen))
    await _counted("likes that were counted before", store, town, liked, len(liked))
    started, cpu = perf_counter(), process_time()
    totals = await store.totals([Subject(person) for person in town.people])
    line("read by all authors", f"{(perf_counter() - started) * 1000:,.0f} ms", f"CPU {(process_time() - cpu) * 1000:,.0f} ms")
    check(sum(counts.get(Kind.LIKE, 0) for counts in totals.values()) == len(liked), "each like is counted once")
    await store.close()


async def _counted(what: str, store: AnalyticsStore, town: _Town, events: Sequence[AnyEvent], number: int) -> None:
    counting = Counting(store, town, town, wall_clock)
    started, cpu = perf_counter(), process_time()
    for start in range(0, len(events), _BATCH):
        await counting.hear(events[start : start + _BATCH])
    took, burnt = perf_counter() - started, process_time() - cpu
    line(what, f"{number / took:,.0f} /s", f"CPU {burnt / number * 1e6:,.1f} µs each")


async def _recording(folder: Path, tweets: Sequence[int], batches: int) -> None:
    broker = SqliteBroker(folder / "log.db")
    recording = Recording(broker, Snowflakes(1), wall_clock)
    started, cpu = perf_counter(), process_time()
    for start in range(0, batches, 100):
        some = range(start, min(start + 100, batches))
        await asyncio.gather(*(recording.record(number, str(number), tweets[:_SEEN], ()) for number in some))
    took, burnt = perf_counter() - started, process_time() - cpu
    title("taking in what clients send, 100 at a time, until it is on the disk of the embedded log")
    line(f"batches of {_SEEN}", f"{batches / took:,.0f} /s", f"CPU {burnt / batches * 1e6:,.0f} µs each")
    await broker.close()


def main() -> None:
    asyncio.run(measure(likes=20_000, looks=1_000))

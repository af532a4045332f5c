"""Timelines on a real Redis and a real Redis Cluster: `python -m benchmarks --only redis`.

What a fanout worker delivers a second is put beside what `redis-benchmark` writes to the same server: each round takes both, one
after the other, and the medians of the rounds are compared, as other programs use the machine too.
"""

import asyncio
import random
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import cast
from urllib.parse import urlsplit

import uvloop

from benchmarks.report import check, line, ms, title
from benchmarks.server import cpu_seconds
from murmur.clock import wall_clock
from murmur.cluster import redis as engine
from murmur.cluster.server import Server
from murmur.cursors import Window
from murmur.events import TweetPublished
from murmur.ids import Snowflakes
from murmur.post import Post
from murmur.redis import open_redis
from murmur.telemetry.metrics import Metrics
from subgraphs.timelines.model import KEPT, Delivery
from subgraphs.timelines.ports import TimelineStore
from subgraphs.timelines.stores.redis.calls import Keys
from subgraphs.timelines.wiring import open_store
from workers.fanout import Fanout

_PEOPLE = 5_000
_ROUNDS = 5
_DELIVERIES = 100_000
_BATCH = 500
_READS = 2_000
_WRITES = 300_000


def main() -> None:
    missing = engine.missing() or (None if shutil.which("redis-benchmark") else "redis-benchmark not found")
    if missing is not None:
        line("left out", "", missing)
        return
    with tempfile.TemporaryDirectory() as folder:
        with engine.Redis(Path(folder) / "one") as server:
            title(f"One Redis, {_PEOPLE:,} timelines held")
            uvloop.run(_measure(server.url, [server.server], server.server.port))
        with engine.RedisCluster(Path(folder) / "cluster") as cluster:
            title(f"Redis Cluster of 3 masters and 3 replicas, {_PEOPLE:,} timelines held")
            uvloop.run(_measure(cluster.url, cluster.members, None))


async def _measure(url: str, servers: Sequence[Server], port: int | None) -> None:
    store, ids = open_store(url, Path()), Snowflakes(1)
    people = [ids() for _ in range(_PEOPLE)]
    for start in range(0, _PEOPLE, 100):
        await asyncio.gather(*(_hold(store, reader) for reader in people[start : start + 100]))
    for followers in (40, 1_000):
        rounds: list[_Round] = []
        peers: list[float] = []
        for number in range(_ROUNDS):
            if port is not None:
                peers.append(await asyncio.to_thread(_pipelined_sets, url, port))
            rounds.append(await _fan_out(store, people, followers, ids, servers, seed=number))
        rate = median(each.rate for each in rounds)
        beside = f"{rate / median(peers):.2f} of redis-benchmark's {median(peers):,.0f} pipelined SETs" if peers else ""
        line(f"deliveries of a worker, {followers:,} followers", f"{rate:,.0f} /s", beside)
        line("CPU of a delivery", f"{median(each.python for each in rounds):.2f} µs", "of the worker, graph and log left out")
        line("", f"{median(each.redis for each in rounds):.2f} µs", "of the server" if len(servers) == 1 else "of all servers")
        check(all(each.complete for each in rounds), "each follower and author has each tweet once")
    await _read(store, ids)
    if port is not None:
        await _weigh(url, store, people[0])
    await store.close()


@dataclass(frozen=True, slots=True)
class _Round:
    """Deliveries a second, and microseconds of CPU of one."""

    rate: float
    python: float
    redis: float
    complete: bool


async def _fan_out(
    store: TimelineStore, people: Sequence[int], followers: int, ids: Snowflakes, servers: Sequence[Server], seed: int
) -> _Round:
    rng = random.Random(seed)
    graph = _Graph({author: sorted(rng.sample(people, followers)) for author in rng.sample(people, 50)})
    metrics = Metrics()
    fanout = Fanout(store, graph, _NoPosts(), metrics, threshold=1_000_000)
    authors = list(graph.followers)
    events = [
        TweetPublished(id=ids(), at=wall_clock(), tweet_id=ids(), author_id=rng.choice(authors), text="")
        for _ in range(_DELIVERIES // (followers + 1))
    ]
    before, cpu, began = cpu_seconds(*(server.pid for server in servers)), process_time(), perf_counter()
    for start in range(0, len(events), _BATCH):
        await fanout.handle(events[start : start + _BATCH])
    took, cpu = perf_counter() - began, process_time() - cpu
    due = len(events) * (followers + 1)
    written = f"murmur_deliveries_total {float(due)}".encode() in metrics.exposition()
    return _Round(due / took, cpu / due * 1e6, (cpu_seconds(*(server.pid for server in servers)) - before) / due * 1e6, written)


class _Graph:
    def __init__(self, followers: Mapping[int, Sequence[int]]) -> None:
        self.followers = followers

    async def follower_counts(self, user_ids: Collection[int]) -> Mapping[int, int]:
        return {user_id: len(self.followers[user_id]) for user_id in user_ids}

    async def followers_after(self, user_id: int, after: int, limit: int) -> Sequence[int]:
        return self.followers[user_id][:limit] if after < 0 else ()


class _NoPosts:
    async def posts_of(self, user_ids: Collection[int], window: Window) -> Sequence[Post]:  # noqa: ARG002 (the port's own)
        return ()


async def _hold(store: TimelineStore, reader: int) -> None:
    await store.put(reader, await store.begin(reader), (), frozenset())


async def _read(store: TimelineStore, ids: Snowflakes) -> None:
    readers, posts = [ids() for _ in range(50)], [Post(position, position, 1, 1) for position in (ids() for _ in range(KEPT))]
    for reader in readers:
        await _hold(store, reader)
        await store.push([Delivery(post, [reader]) for post in posts])
    times: list[float] = []
    cpu = process_time()
    for number in range(_READS):
        began = perf_counter()
        await store.read(readers[number % len(readers)])
        times.append(perf_counter() - began)
    times.sort()
    line("reading a full timeline, p50", ms(times[_READS // 2]), f"p99 {ms(times[_READS * 99 // 100])}, one at a time")
    line("CPU of a read", f"{(process_time() - cpu) / _READS * 1e6:,.0f} µs", "of the reader, unpacked")


async def _weigh(url: str, store: TimelineStore, reader: int) -> None:
    redis = open_redis(url)
    key = Keys(redis).of(reader)
    await _hold(store, reader)
    sizes: list[int] = []
    for number in range(KEPT * 2):
        position = (1 << 60) + (number << 12)
        retweet = number % 5 == 0
        await store.push([Delivery(Post(position, position - retweet, 1, 1), [reader])])
        if number > KEPT:
            sizes.append(cast("int", await redis.call(key, "MEMORY", "USAGE", key, "SAMPLES", "0")))
    line("a timeline of 800, a fifth of it retweets", f"{sum(sizes) / len(sizes):,.0f} B", f"at most {max(sizes):,} B")
    await redis.close()


def _pipelined_sets(url: str, port: int) -> float:
    """Of 16 bytes, under as many keys as there are timelines."""
    command = ["-p", str(port), "-n", str(_WRITES), "-P", "32", "-r", str(_PEOPLE), "-d", "16", "-t", "set", "--csv"]
    done = subprocess.run(  # noqa: S603 (our own command line)
        [str(shutil.which("redis-benchmark")), "-a", str(urlsplit(url).password), *command],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1].split(",")[1].strip('"'))

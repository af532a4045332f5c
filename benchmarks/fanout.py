"""How fast events become entries of timelines: `python -m benchmarks.fanout`.

The real pieces of the embedded profile in one process: the follow graph and the event log in SQLite, timelines in memory,
all of them warm. Followers are distributed by a power law.
"""

import argparse
import asyncio
import random
import resource
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.report import check, line, ms, title
from murmur.broker.ports import Message
from murmur.broker.sqlite import SqliteBroker
from murmur.clock import wall_clock
from murmur.cursors import Window
from murmur.events import Followed, TweetPublished, UserSignedUp, encode_event
from murmur.ids import Snowflakes
from murmur.post import Post
from murmur.telemetry.metrics import Metrics
from subgraphs.timelines.stores.memory import MemoryTimelines
from subgraphs.users.model import Edge, User
from subgraphs.users.stores.sqlite import SqliteUsers
from workers.fanout import run_fanout

_BATCH = 500
_LOOK_SECONDS = 0.002


class _NoBackfill:
    async def posts_of(self, user_ids: Collection[int], window: Window) -> Sequence[Post]:  # noqa: ARG002 (the port's own)
        return ()


async def measure(people: int, followers: int, tweets: int, rate: int) -> None:
    ids = Snowflakes(0)
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        users, broker = SqliteUsers(Path(folder) / "users.db"), SqliteBroker(Path(folder) / "broker.db")
        timelines = MemoryTimelines(capacity=people)
        members = [ids() for _ in range(people)]
        follower_count = await _populate(users, members, followers, ids, rng)
        for member in members:
            await timelines.put(member, await timelines.begin(member), (), frozenset())
        metrics = Metrics()
        worker = asyncio.create_task(run_fanout(broker, timelines, users, _NoBackfill(), metrics))

        def tweet() -> tuple[int, Message]:
            author, tweet_id = rng.choice(members), ids()
            event = TweetPublished(id=ids(), at=wall_clock(), tweet_id=tweet_id, author_id=author, text="x" * 100)
            return author, Message("murmur.tweets", tweet_id, encode_event(event))

        async def until_done() -> None:
            while await broker.lag("fanout"):  # noqa: ASYNC110 (the log has no signal for a group that has caught up)
                await asyncio.sleep(_LOOK_SECONDS)

        posted = [tweet() for _ in range(tweets)]
        due = sum(follower_count[author] + 1 for author, _ in posted)
        started, cpu = perf_counter(), process_time()
        for start in range(0, tweets, _BATCH):
            await broker.publish([message for _, message in posted[start : start + _BATCH]])
        await until_done()
        took, cpu = perf_counter() - started, process_time() - cpu
        title(f"{people:,} people with {followers} followers each on average, timelines warm")
        line("deliveries", f"{due / took:,.0f} /s", f"{due:,} of {tweets:,} tweets in {took:.2f} s")
        line("CPU of a delivery", f"{cpu / due * 1e6:,.2f} µs", "log, graph and timelines, all threads")
        check(
            f"murmur_deliveries_total {float(due)}".encode() in metrics.exposition(),
            "every follower and author has each tweet once",
        )
        delays = await _delays(broker, timelines, members[0], rate, ids)
        line(f"delay at {rate:,} tweets/s, p50", ms(delays[len(delays) // 2]), "from publishing to the timeline")
        line(f"delay at {rate:,} tweets/s, p99", ms(delays[len(delays) * 99 // 100]))
        line("peak memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        await broker.close()
        await users.close()


async def _populate(
    users: SqliteUsers, members: Sequence[int], followers: int, ids: Snowflakes, rng: random.Random
) -> dict[int, int]:
    now = wall_clock()
    rows = [User(member, f"u{index}", f"U{index}", None, None, None, None, now) for index, member in enumerate(members)]
    await users.add_users(
        [(user, UserSignedUp(id=ids(), at=now, user_id=user.id, handle=user.handle, name=user.name)) for user in rows]
    )
    weights = [1 / (rank + 10) for rank in range(len(members))]
    counts = dict.fromkeys(members, 0)
    for member in members:
        chosen = {followee for followee in rng.choices(members, weights, k=followers) if followee != member}
        # The heads of the distribution are drawn many times; the rest is made up for evenly.
        while len(chosen) < followers:
            chosen |= {rng.choice(members)} - {member}
        for followee in chosen:
            counts[followee] += 1
        await users.follow(
            [
                (Edge(ids(), member, followee), Followed(id=ids(), at=now, follower_id=member, followee_id=followee))
                for followee in chosen
            ]
        )
    return counts


async def _delays(broker: SqliteBroker, timelines: MemoryTimelines, author: int, rate: int, ids: Snowflakes) -> list[float]:
    """Tweets of one person at a steady rate; each is waited for in that person's own timeline."""
    delays: list[float] = []
    waits: list[asyncio.Task[None]] = []

    async def wait(tweet_id: int, started: float) -> None:
        while True:
            timeline = await timelines.read(author)
            if timeline is not None and timeline.entries.between(tweet_id - 1, tweet_id + 1):
                delays.append(perf_counter() - started)
                return
            await asyncio.sleep(_LOOK_SECONDS)

    began = perf_counter()
    for number in range(rate * 2):
        await asyncio.sleep(max(0, began + number / rate - perf_counter()))
        event = TweetPublished(id=ids(), at=wall_clock(), tweet_id=(tweet_id := ids()), author_id=author, text="x" * 100)
        started = perf_counter()
        await broker.publish([Message("murmur.tweets", tweet_id, encode_event(event))])
        waits.append(asyncio.create_task(wait(tweet_id, started)))
    await asyncio.gather(*waits)
    return sorted(delays)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fanout", description="Measure fanout.")
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--followers", type=int, default=40, help="of each on average")
    parser.add_argument("--tweets", type=int, default=20_000)
    parser.add_argument("--rate", type=int, default=200, help="tweets a second of the delay's measurement")
    given = parser.parse_args()
    asyncio.run(measure(given.people, given.followers, given.tweets, given.rate))


if __name__ == "__main__":
    main()

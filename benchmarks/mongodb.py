"""How fast tweets are published and liked on MongoDB, beside what the driver inserts bare: `python -m benchmarks --only mongodb`.

Both acknowledge alike: written to the journals of most members. They take turns on one replica set, with as many callers who
each wait for their answer.
"""

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from benchmarks.report import check, line, ms, title
from benchmarks.server import BenchmarkFailed
from murmur.clock import wall_clock
from murmur.cluster.mongodb import MongoDB, missing
from murmur.errors import StartupError
from murmur.events import Liked, TweetEvent, TweetPublished
from murmur.ids import Snowflakes
from murmur.mongodb import Concern, open_client
from subgraphs.tweets.model import Edge, Tweet
from subgraphs.tweets.stores.mongodb import MongoTweetStore

_TURNS = 3
_TURN_SECONDS = 1.5
_AUTHORS = range(1, 1_001)
_TEXT = "a tweet of about a hundred characters, as people write them when they have something to say to others"


class Rate:
    """What callers did in turns: each call's seconds, and how long the turns were."""

    def __init__(self) -> None:
        self.calls: list[float] = []
        self._seconds = 0.0
        self._cpu = 0.0

    async def turn(self, callers: int, call: Callable[[], Awaitable[object]]) -> None:
        started, cpu = perf_counter(), process_time()
        end = started + _TURN_SECONDS

        async def go_on() -> None:
            while (begun := perf_counter()) < end:
                await call()
                self.calls.append(perf_counter() - begun)

        await asyncio.gather(*(go_on() for _ in range(callers)))
        self._seconds += perf_counter() - started
        self._cpu += process_time() - cpu

    @property
    def each_second(self) -> float:
        return len(self.calls) / self._seconds

    def tell(self, name: str) -> None:
        latency = f"p50 {ms(median(self.calls))}, {self._cpu / len(self.calls) * 1e6:,.0f} µs of our CPU"
        line(name, f"{self.each_second:,.0f} /s", latency)


async def measure(members: int) -> None:
    with tempfile.TemporaryDirectory() as folder, MongoDB(Path(folder), members=members) as server:
        client, database = open_client(server.url_of("bare"))
        bare = Concern().of(database)["bare"]
        store = MongoTweetStore(server.url)
        await store.engine.apply()
        ids, dice = Snowflakes(0), random.Random(7)
        published: list[int] = []
        pairs: set[tuple[int, int]] = set()

        async def insert() -> None:
            await bare.insert_one({"_id": ids(), "author_id": dice.choice(_AUTHORS), "created_at": wall_clock(), "text": _TEXT})

        async def post() -> None:
            tweet_id = ids()
            await store.publish(Tweet(tweet_id, dice.choice(_AUTHORS), wall_clock(), _TEXT), None, b"", _published)
            published.append(tweet_id)

        async def reply() -> None:
            tweet = Tweet(ids(), dice.choice(_AUTHORS), wall_clock(), _TEXT, in_reply_to_id=dice.choice(published))
            await store.publish(tweet, None, b"", _published)

        async def like(tweet_id: int) -> None:
            person = ids()
            pairs.add((person, tweet_id))
            await store.add_edges("likes", [Edge(ids(), person, tweet_id)], _liked)

        async def like_one_of_many() -> None:
            await like(dice.choice(published))

        async def like_the_one() -> None:
            await like(published[0])

        for callers in (1, 16, 128):
            title(f"{members} member{'s' * (members > 1)}, {callers} at once")
            rates = {
                "bare insert": Rate(),
                "post": Rate(),
                "reply": Rate(),
                "like": Rate(),
                "like, all of one tweet": Rate(),
            }
            for _ in range(_TURNS):
                for rate, call in zip(rates.values(), (insert, post, reply, like_one_of_many, like_the_one), strict=True):
                    await rate.turn(callers, call)
            for name, rate in rates.items():
                rate.tell(name)
            line("posts to bare inserts", f"{rates['post'].each_second / rates['bare insert'].each_second:.2f}")
        started, relayed = perf_counter(), 0
        while entries := await store.outbox.pending(500):
            await store.outbox.remove(entries)
            relayed += len(entries)
        title(f"{members} member{'s' * (members > 1)}, one relay")
        line("events taken from the outbox", f"{relayed / (perf_counter() - started):,.0f} /s", f"{relayed:,} events")
        counted = await store.tweet_counts(_AUTHORS)
        hot = (await store.views(published[:1], None))[published[0]]
        check(
            sum(counted.values()) + len(pairs) == relayed, "an event for each post and like, and each post counted for its author"
        )
        check(hot.likes == sum(tweet == published[0] for _, tweet in pairs), "each like of the most liked tweet is counted once")
        await store.close()
        await client.close()


def _published(tweet: Tweet, _answered: int | None, _quoted: int | None) -> TweetEvent:
    return TweetPublished(id=tweet.id, at=tweet.created_at, tweet_id=tweet.id, author_id=tweet.author_id, text=tweet.text)


def _liked(edge: Edge, author_id: int) -> TweetEvent:
    return Liked(id=edge.id, at=0, tweet_id=edge.tweet_id, author_id=author_id, user_id=edge.user_id)


def main() -> None:
    if (absent := missing()) is not None:
        raise BenchmarkFailed(absent)
    try:
        for members in (1, 3):
            asyncio.run(measure(members))
    except StartupError as error:
        raise BenchmarkFailed(str(error)) from error

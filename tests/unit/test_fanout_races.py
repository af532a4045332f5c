"""Nothing is lost or doubled, in whatever order things happen: rebuilds, fanout, follows, crossings of the threshold."""

import asyncio
import random
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest

from murmur.cluster.redis import Redis
from murmur.events import AnyEvent, route
from murmur.post import Post
from murmur.redis import command, open_redis
from subgraphs.timelines.ports import TimelineStore
from subgraphs.timelines.stores.memory import MemoryTimelines
from subgraphs.timelines.wiring import open_store
from tests.support.engines import url_of
from tests.support.small_world import SmallWorld

ME, ANN, STAR = 1, 2, 4
FANS = range(10, 15)


class Gate:
    """Holds whoever comes to a moment until it is opened."""

    def __init__(self, moment: str) -> None:
        self._moment = moment
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self, moment: str) -> None:
        if moment == self._moment and not self.reached.is_set():
            self.reached.set()
            await self.opened.wait()


@pytest.fixture(params=["memory:", "redis", "redis cluster"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[SmallWorld]:
    world = SmallWorld(threshold=5, store=open_store(url_of(request), Path()))
    world.people.follow(ME, ANN)
    yield world
    await world.store.close()


async def rebuild_until(world: SmallWorld, watched: str, moment: str) -> tuple[asyncio.Task[list[int]], Gate]:
    gate = Gate(moment)
    getattr(world, watched).between = gate
    reading = asyncio.create_task(world.home(ME))
    async with asyncio.timeout(5):
        await gate.reached.wait()
    return reading, gate


async def finish(world: SmallWorld, reading: asyncio.Task[list[int]], gate: Gate) -> None:
    gate.opened.set()
    async with asyncio.timeout(5):
        await reading
    assert await world.home(ME) == world.expected(ME)


async def test_a_post_published_after_a_rebuild_has_loaded_posts_is_not_lost(world: SmallWorld):
    reading, gate = await rebuild_until(world, "posts", "after posts_of")
    _, published = world.tweet(ANN)
    await world.handle(published)
    await finish(world, reading, gate)


async def test_a_retweet_undone_after_a_rebuild_has_loaded_it_does_not_stay(world: SmallWorld):
    retweet, retweeted = world.retweet(ANN, world.tweet(STAR)[0])
    await world.handle(retweeted)
    reading, gate = await rebuild_until(world, "posts", "after posts_of")
    await world.handle(world.undo(retweet))
    await finish(world, reading, gate)


async def test_a_follow_after_a_rebuild_has_loaded_followees_is_not_lost(world: SmallWorld):
    world.tweet(STAR)
    reading, gate = await rebuild_until(world, "graph", "after followees")
    await world.handle(world.follow(ME, STAR))
    await finish(world, reading, gate)


async def test_an_unfollow_while_a_rebuild_runs_leaves_nothing_behind(world: SmallWorld):
    world.tweet(ANN)
    reading, gate = await rebuild_until(world, "posts", "after posts_of")
    await world.handle(world.unfollow(ME, ANN))
    await finish(world, reading, gate)
    timeline = await world.store.read(ME)
    assert timeline is not None
    assert len(timeline.entries) == 0


async def cross(world: SmallWorld, fans: range = FANS) -> None:
    for fan in fans:
        world.people.follow(fan, STAR)
    await world.handle(world.tweet(STAR)[1])


async def test_a_crossing_after_a_rebuild_has_asked_who_is_pulled_marks_what_is_put(world: SmallWorld):
    world.people.follow(ME, STAR)
    reading, gate = await rebuild_until(world, "posts", "before posts_of")
    await cross(world)
    await world.handle(world.tweet(STAR)[1])
    await finish(world, reading, gate)
    await world.handle(world.tweet(STAR)[1])
    assert await world.home(ME) == world.expected(ME)


@pytest.mark.parametrize("moment", ["after followers_after", "before followers_after", "after follower_counts"])
async def test_who_follows_while_a_crossing_runs_misses_nothing(world: SmallWorld, moment: str):
    await world.home(ME)
    gate = Gate(moment)
    world.graph.between = gate
    crossing = asyncio.create_task(cross(world))
    async with asyncio.timeout(5):
        await gate.reached.wait()
    # ME (a smaller id than the fans') follows when the page with its place has been read already.
    await world.handle(world.follow(ME, STAR))
    gate.opened.set()
    await crossing
    await world.handle(world.tweet(STAR)[1])
    assert await world.home(ME) == world.expected(ME)


async def test_two_members_that_cross_for_one_author_at_once_lose_nothing(world: SmallWorld):
    for fan in FANS:
        world.people.follow(fan, STAR)
        await world.home(fan)
    await asyncio.gather(*(world.handle(world.tweet(STAR)[1]) for _ in range(3)))
    await world.handle(world.tweet(STAR)[1])
    for fan in FANS:
        assert await world.home(fan) == world.expected(fan)


async def test_a_retweet_undone_while_a_follow_is_backfilled_does_not_stay(world: SmallWorld):
    await world.home(ME)
    retweet, _ = world.retweet(STAR, world.tweet(FANS[0])[0])
    gate = Gate("after posts_of")
    world.posts.between = gate
    following = asyncio.create_task(world.handle(world.follow(ME, STAR)))
    async with asyncio.timeout(5):
        await gate.reached.wait()
    await world.handle(world.undo(retweet))
    gate.opened.set()
    await following
    assert await world.home(ME) == world.expected(ME)


class Life:
    """People who act at random; their events wait in one queue a key, as in partitions, and are handled by two members."""

    def __init__(self, seed: int, store: TimelineStore, lose: Callable[[random.Random], Awaitable[None]] | None = None) -> None:
        self.random = random.Random(seed)
        self.world = SmallWorld(threshold=4, store=store, between=self.pause)
        self.lose = lose
        self.people = range(1, 9)
        self.queues: dict[tuple[str, int], deque[AnyEvent]] = {}
        self.tweets: list[Post] = []
        self.retweets: list[Post] = []

    async def pause(self, _moment: str) -> None:
        for _ in range(self.random.choice((0, 0, 1, 3))):
            await asyncio.sleep(0)

    def act(self) -> None:
        choose, world = self.random.choice, self.world
        one, other = self.random.sample(self.people, 2)
        match self.random.randrange(12):
            case 0 | 1 | 2:
                post, event = world.tweet(one)
                self.tweets.append(post)
            case 3 | 4 if self.tweets:
                post, event = world.retweet(one, choose(self.tweets))
                self.retweets.append(post)
            case 5 if self.retweets:
                event = world.undo(self.retweets.pop(self.random.randrange(len(self.retweets))))
            case 6 if self.tweets:
                event = world.delete(choose(self.tweets))
            case 7 | 8 | 9:
                # A few people have most followers.
                event = world.follow(one, min(other, 3) if one > 3 else other)
            case 10:
                event = world.unfollow(one, other)
            case _:
                world.people.mutes ^= {(one, other)}
                return
        self.queues.setdefault(route(event), deque()).append(event)

    def take(self, keys: list[tuple[str, int]]) -> list[AnyEvent]:
        batch: list[AnyEvent] = []
        for key in self.random.sample(keys, min(len(keys), 3)):
            queue = self.queues[key]
            count = self.random.randint(1, len(queue))
            batch += list(queue)[:count]
            # What was handled but not committed comes again, with what stands after it.
            if self.random.random() < 0.9:
                for _ in range(count):
                    queue.popleft()
        return batch

    async def member(self, parity: int) -> None:
        for _ in range(150):
            keys = [key for key, queue in self.queues.items() if queue and key[1] % 2 == parity]
            if keys:
                await self.world.handle(*self.take(keys))
            await asyncio.sleep(0)

    async def live(self) -> None:
        for _ in range(150):
            self.act()
            if self.random.random() < 0.3:
                await self.world.home(self.random.choice(self.people))
            if self.lose is not None and self.random.random() < 0.2:
                await self.lose(self.random)
            await asyncio.sleep(0)

    async def settle(self) -> None:
        while any(self.queues.values()):
            for queue in self.queues.values():
                await self.world.handle(*queue)
                queue.clear()


async def prove(life: Life) -> None:
    await asyncio.gather(life.live(), life.member(0), life.member(1))
    await life.settle()
    for person in life.people:
        assert await life.world.home(person) == life.world.expected(person)


@pytest.mark.parametrize("seed", range(100))
async def test_when_all_events_are_handled_every_timeline_shows_what_the_rules_say(seed: int):
    await prove(Life(seed, MemoryTimelines(capacity=5 if seed % 2 else 100)))


@pytest.mark.parametrize("seed", range(20))
async def test_every_timeline_shows_what_the_rules_say_whatever_redis_loses(redis_server: Redis, seed: int):
    url = f"{redis_server.url}?prefix={uuid.uuid4().hex}"
    redis = open_redis(url)

    async def lose(rng: random.Random) -> None:
        keys = cast("list[bytes]", await redis.call(b"", "KEYS", redis.prefix + b"*"))
        await redis.batch([command(key, "DEL", key) for key in rng.sample(sorted(keys), min(len(keys), rng.choice((1, 3, 100))))])

    life = Life(seed, open_store(url, Path()), lose)
    await prove(life)
    await redis.close()
    await life.world.store.close()

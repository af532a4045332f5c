"""Whatever is done to timelines, in whatever order, every store shows the same ones as the store in memory."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from murmur.post import Post
from subgraphs.timelines.model import KEPT, Delivery, Withdrawal
from subgraphs.timelines.ports import TimelineStore
from subgraphs.timelines.stores.memory import MemoryTimelines
from subgraphs.timelines.wiring import open_store
from tests.support.engines import url_of

READERS = range(1, 9)
PEOPLE = range(10, 16)


@pytest.fixture(params=["redis", "redis cluster"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[TimelineStore]:
    store = open_store(url_of(request), Path())
    yield store
    await store.close()


class Pair:
    """Two stores to which the same is done."""

    def __init__(self, store: TimelineStore, seed: int, late: float = 0.2) -> None:
        self.memory = MemoryTimelines(capacity=100)
        self.store = store
        self.random = random.Random(seed)
        self.builds: dict[int, tuple[int, int]] = {}
        self.newest = 1 << 60
        self.late = late
        self.posts: list[Post] = []

    def post(self) -> Post:
        """A tweet or a retweet: new and on top, new and late, or one that came before."""
        if self.random.random() < self.late / 2 and self.posts:
            return self.random.choice(self.posts)
        self.newest += self.random.choice((1, 255, 1 << 33))
        position = self.newest - (self.random.randrange(1 << 38) if self.random.random() < self.late else 0)
        poster, author = self.random.choice(PEOPLE), self.random.choice(PEOPLE)
        is_tweet = self.random.random() < 0.7
        post = Post(position, position, poster, poster) if is_tweet else Post(position, position - 3, author, poster)
        self.posts.append(post)
        return post

    async def act(self) -> None:
        chosen = self.random.choice(READERS)
        readers = self.random.sample(READERS, self.random.randint(1, 4))
        people = set(self.random.sample(PEOPLE, self.random.randint(0, 2)))
        posts = [self.post() for _ in range(self.random.choice((0, 1, 5, 30)))]
        match self.random.randrange(10):
            case 0 if chosen not in await self.memory.held([chosen]) or chosen in self.builds:
                self.builds[chosen] = await self.memory.begin(chosen), await self.store.begin(chosen)
            case 1 | 2 if self.builds:
                reader, (one, other) = self.builds.popitem()
                built = await self.memory.put(reader, one, posts, people), await self.store.put(reader, other, posts, people)
                assert (built[0] is None) == (built[1] is None)
            case 3:
                await self.memory.follow(chosen, posts, people)
                await self.store.follow(chosen, posts, people)
            case 4:
                await self.memory.unfollow(chosen, people)
                await self.store.unfollow(chosen, people)
            case 5:
                withdrawals = [Withdrawal(self.post().id, readers) for _ in range(20)]
                await self.memory.withdraw(withdrawals)
                await self.store.withdraw(withdrawals)
            case _:
                pull = self.random.random() < 0.1
                deliveries = [Delivery(post, readers, pull) for post in posts]
                await self.memory.push(deliveries)
                await self.store.push(deliveries)

    async def compare(self) -> None:
        assert await self.store.held(READERS) == await self.memory.held(READERS)
        for reader in READERS:
            one, other = await self.memory.read(reader), await self.store.read(reader)
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                assert other.entries.flat == one.entries.flat
                assert other.pulled == one.pulled


@pytest.mark.parametrize("seed", range(20))
async def test_timelines_are_alike_after_every_step(store: TimelineStore, seed: int):
    pair = Pair(store, seed)
    for _ in range(60):
        await pair.act()
        await pair.compare()


@pytest.mark.parametrize("late", [0, 0.001, 0.2])
async def test_timelines_are_alike_when_far_more_comes_than_is_kept(store: TimelineStore, late: float):
    pair = Pair(store, 1, late)
    for stores in (pair.memory, store):
        await stores.put(1, await stores.begin(1), [], {10})
    for _ in range(40):
        deliveries = [Delivery(pair.post(), [1]) for _ in range(50)]
        await pair.memory.push(deliveries)
        await store.push(deliveries)
        await pair.compare()
    timeline = await store.read(1)
    assert timeline is not None
    assert len(timeline.entries) == KEPT

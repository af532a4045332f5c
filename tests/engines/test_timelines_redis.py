"""Timelines on Redis that restarts, fails over and moves: no timeline that is read ever misses an entry."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import cast

import pytest

from murmur.cluster.redis import Redis as RedisProgram
from murmur.cluster.redis import RedisCluster
from murmur.errors import Unavailable
from murmur.post import Post
from murmur.redis import Redis, open_redis
from murmur.redis.cluster import slot_of
from subgraphs.timelines.model import KEPT, Delivery, Pull
from subgraphs.timelines.ports import TimelineStore
from subgraphs.timelines.stores.redis.calls import Keys, bucket_of
from subgraphs.timelines.wiring import open_store
from tests.support.waiting import until

AUTHOR, CELEBRITY = 10, 11
READERS = range(1_000, 1_100)


@pytest.fixture
def url(redis_cluster: RedisCluster) -> str:
    return f"{redis_cluster.url}?prefix={uuid.uuid4().hex}"


@pytest.fixture
async def store(url: str) -> AsyncIterator[TimelineStore]:
    store = open_store(url, Path())
    yield store
    await store.close()


@pytest.fixture
async def redis(url: str) -> AsyncIterator[Redis]:
    redis = open_redis(url)
    yield redis
    await redis.close()


def tweet(position: int) -> Post:
    return Post(position, position, AUTHOR, AUTHOR)


async def hold(store: TimelineStore, user_id: int, *posts: Post) -> None:
    assert await store.put(user_id, await store.begin(user_id), posts, set()) is not None


async def positions(store: TimelineStore, user_id: int) -> Sequence[int] | None:
    timeline = await store.read(user_id)
    return None if timeline is None else list(timeline.entries.flat[0::4])


async def available(store: TimelineStore) -> None:
    async def answers() -> bool:
        try:
            await store.held(READERS)
        except Unavailable:
            return False
        return True

    await until(answers, seconds=30)


async def push(store: TimelineStore, position: int) -> None:
    """As fanout does: again and again until it is done."""

    async def pushed() -> bool:
        try:
            await store.push([Delivery(tweet(position), READERS)])
        except Unavailable:
            return False
        return True

    await until(pushed, seconds=30)


async def test_a_redis_that_comes_back_with_old_data_shows_none_of_it(redis_server: RedisProgram, tmp_path: Path):
    with RedisProgram(tmp_path) as program:
        store = open_store(program.url, Path())
        await hold(store, 1, tweet(1))
        building = await store.begin(2)
        await store.set_pull({CELEBRITY}, Pull.DONE)
        assert program.ask("SAVE") == "OK"
        await store.push([Delivery(tweet(2), [1, 2])])
        program.server.kill()
        program.start()
        assert program.ask("DBSIZE") == "3"
        await available(store)
        assert await store.held([1, 2]) == set()
        assert await store.read(1) is None
        assert await store.put(2, building, [tweet(1)], set()) is None
        # Who is pulled stays so, whatever else was forgotten.
        assert await store.pulls([CELEBRITY]) == {CELEBRITY: Pull.DONE}
        await store.push([Delivery(tweet(3), [1])])
        assert await store.read(1) is None
        await hold(store, 1, tweet(1), tweet(2), tweet(3))
        assert await positions(store, 1) == [1, 2, 3]
        await store.close()


async def test_after_a_failover_every_timeline_is_complete_or_not_held(store: TimelineStore, redis_cluster: RedisCluster):
    for reader in READERS:
        await hold(store, reader, tweet(1))
    await push(store, 2)
    masters = redis_cluster.masters()
    ask = redis_cluster.ask
    replicas = [member for member in redis_cluster.members if member not in masters]
    # What comes last does not reach the replicas: as when the network between them fails a moment before the master does.
    for replica in replicas:
        replica.pause()
    try:
        await push(store, 3)
        masters[0].kill()
        for replica in replicas:
            replica.resume()
        await push(store, 4)
        assert masters[0] not in redis_cluster.masters()
        shown = {reader: await positions(store, reader) for reader in READERS}
        assert {str(seen) for seen in shown.values()} == {"None", "[1, 2, 3, 4]"}
        lost = [reader for reader, seen in shown.items() if seen is None]
        assert 20 < len(lost) < 50
        # They were there, and lacked an entry.
        assert any("home" in ask(member, "KEYS", "*") for member in redis_cluster.masters() if member in replicas)
    finally:
        for replica in replicas:
            replica.resume()
        redis_cluster.start()


async def test_timelines_of_a_slot_on_its_way_get_what_is_pushed(
    store: TimelineStore, redis: Redis, url: str, redis_cluster: RedisCluster
):
    moved = 1
    stays, absent = islice(_same_bucket(moved), 2)
    for reader in (moved, stays):
        await hold(store, reader, tweet(1))
    key = Keys(redis).of(moved)
    slot = str(slot_of(key))
    ask, masters = redis_cluster.ask, redis_cluster.masters()
    source = next(member for member in masters if ask(member, "CLUSTER", "COUNTKEYSINSLOT", slot) != "0")
    target = next(member for member in masters if member is not source)
    ids = {member: ask(member, "CLUSTER", "MYID") for member in masters}
    password = url.partition("//:")[2].partition("@")[0]
    ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source])
    ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target])
    migrate = ("MIGRATE", "127.0.0.1", str(target.port), "", "0", "5000", "AUTH", password, "KEYS")
    try:
        assert ask(source, *migrate, key.decode()) == "OK"
        assert await store.push([Delivery(tweet(2), [moved, stays, absent])]) == 2
        assert await store.held([moved, stays, absent]) == {stays}
        assert await positions(store, stays) == [1, 2]
        # What came to another server is of another life there.
        assert await positions(store, moved) is None
        await hold(store, moved, tweet(1), tweet(2))
        assert await positions(store, moved) == [1, 2]
    finally:
        ask(source, *migrate, Keys(redis).of(stays).decode())
        for member in (target, source, *masters):
            ask(member, "CLUSTER", "SETSLOT", slot, "NODE", ids[target])


def _same_bucket(user_id: int) -> Iterator[int]:
    return (other for other in count(user_id + 1) if bucket_of(other) == bucket_of(user_id))


async def test_buckets_are_spread_evenly_over_masters_and_ids_over_buckets(redis: Redis):
    keys = Keys(redis)
    slots = {slot_of(keys.of(reader)) for reader in range(10_000)}
    assert sorted(slot // 128 for slot in slots) == list(range(128))
    # Ids of one node, one a second: their low bits are all the same.
    snowflakes = [(second * 1_000 << 22) | (5 << 12) for second in range(12_800)]
    shares = [list(map(bucket_of, snowflakes)).count(bucket) for bucket in range(128)]
    assert min(shares) > 50
    assert max(shares) < 200


@pytest.mark.parametrize(("retweets", "most"), [(0.0, 23), (0.2, 26)])
async def test_a_full_timeline_takes_some_twenty_bytes_an_entry(store: TimelineStore, redis: Redis, retweets: float, most: int):
    await hold(store, 1)
    sizes: list[int] = []
    for number in range(KEPT + 400):
        position = (1 << 60) + number * 4096
        post = tweet(position) if number % 100 >= retweets * 100 else Post(position, position - 1, AUTHOR, CELEBRITY)
        await store.push([Delivery(post, [1])])
        if number >= KEPT:
            key = Keys(redis).of(1)
            sizes.append(cast("int", await redis.call(key, "MEMORY", "USAGE", key, "SAMPLES", "0")))
    assert KEPT * 16 < max(sizes) < KEPT * most


async def test_timelines_are_found_again_after_redis_forgot_the_script(store: TimelineStore, redis_cluster: RedisCluster):
    await hold(store, 1, tweet(1))
    for member in redis_cluster.masters():
        redis_cluster.ask(member, "SCRIPT", "FLUSH")
    assert await store.push([Delivery(tweet(2), range(1, 200))]) == 1
    assert await positions(store, 1) == [1, 2]


async def test_pushes_of_many_workers_at_once_reach_every_timeline_once(store: TimelineStore):
    for reader in READERS:
        await hold(store, reader)
    await asyncio.gather(
        *(store.push([Delivery(tweet(position), READERS)]) for batch in range(8) for position in range(batch, 400, 8))
    )
    for reader in READERS:
        assert await positions(store, reader) == list(range(400))

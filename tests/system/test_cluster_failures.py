"""Parts of the distributed profile that die or stand still under a steady load: nothing acknowledged is lost, nothing is doubled.

They take ten minutes, so they run where `CLUSTER_FAILURES=1` asks for them. Each failure is followed by `murmur audit`, and by a
look at all that was acknowledged: in the stores, a follower's home timeline, their notifications, and the search.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress

import aiohttp
import pytest

from murmur.broker.kafka import KafkaBroker
from murmur.broker.ports import Message
from murmur.cluster.server import Server
from murmur.events import TweetPublished, encode_event
from murmur.roles.cluster import Cluster
from tests.support.city import City, door_to
from tests.support.clusters import healthy, outside, watched
from tests.support.program import murmur
from tests.support.town import Town, founded
from tests.support.waiting import until
from workers.groups import GROUPS

pytestmark = pytest.mark.skipif(os.environ.get("CLUSTER_FAILURES") != "1", reason="CLUSTER_FAILURES=1 runs these")
_PAUSE_SECONDS = 4.0
_AWAY_SECONDS = 12.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with watched(tmp_path_factory.mktemp("failing"), members=3) as running:
        yield running


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[aiohttp.ClientSession]:
    async with outside(cluster) as opened:
        yield opened


@pytest.fixture
async def town(cluster: Cluster, session: aiohttp.ClientSession) -> Town:
    await healthy(cluster)
    return await founded(City(door_to(cluster.url, session)))


async def check(cluster: Cluster, town: Town) -> None:
    await healthy(cluster)
    await town.check()
    names = cluster.engines.settings(cluster.directory / "secrets")
    audited = await murmur("audit", "--wait", "60", data_dir=cluster.directory / "data", **names)
    assert audited.code == 0, audited


async def passing(seconds: float) -> None:
    """The load goes on meanwhile."""
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), seconds)


async def test_each_role_may_be_killed(cluster: Cluster, town: Town) -> None:
    for role in cluster.roles.values():
        async with town.loaded():
            role.kill()
            await healthy(cluster)
    await check(cluster, town)


def _primary(cluster: Cluster) -> Sequence[Server]:
    primary = cluster.engines.mongodb.primary()
    assert primary is not None
    return [primary]


_ENGINES: dict[str, Callable[[Cluster], Sequence[Server]]] = {
    "MongoDB's primary": _primary,
    "a master of Redis": lambda cluster: cluster.engines.redis.masters()[:1],
    "Redis with all that it holds": lambda cluster: cluster.engines.redis.members,
    "Neo4j": lambda cluster: [cluster.engines.neo4j.server],
    "the Kafka broker": lambda cluster: cluster.engines.kafka.brokers,
}


@pytest.mark.parametrize("victim", _ENGINES)
async def test_an_engine_may_be_killed(cluster: Cluster, town: Town, victim: str) -> None:
    async with town.loaded():
        for server in await asyncio.to_thread(_ENGINES[victim], cluster):
            server.kill()
            if victim == "Redis with all that it holds":
                shutil.rmtree(server.directory / "appendonlydir")
        await healthy(cluster)
    await check(cluster, town)


@pytest.mark.parametrize("victim", ["MongoDB's primary", "Neo4j", "a master of Redis"])
async def test_an_engine_may_be_cut_off_for_a_while(cluster: Cluster, town: Town, victim: str) -> None:
    async with town.loaded():
        [server] = await asyncio.to_thread(_ENGINES[victim], cluster)
        server.pause()
        # What the load gets meanwhile is nobody's promise.
        await passing(_PAUSE_SECONDS)
        server.resume()
        await healthy(cluster)
    await check(cluster, town)


def _role(name: str) -> Callable[[Cluster], Sequence[Server]]:
    return lambda cluster: [cluster.roles[name]]


_DISPENSABLE = {
    **{name: _ENGINES[name] for name in ("Redis with all that it holds", "the Kafka broker")},
    **{name: _role(name) for name in ("outbox-relay", "fanout", "notifier", "indexer", "live", "search", "notifications")},
}


@pytest.mark.parametrize("victim", _DISPENSABLE)
async def test_posting_and_reading_go_on_without_it_and_it_catches_up(cluster: Cluster, town: Town, victim: str) -> None:
    async with town.loaded():
        servers = _DISPENSABLE[victim](cluster)
        for server in servers:
            server.pause()
        try:
            await passing(_AWAY_SECONDS)
            # Whoever had asked it for something has had the time to see that it does not answer.
            refused = town.refused
            await town.more(8, 30)
            assert await town.reader.home()
            assert town.refused == refused
        finally:
            for server in servers:
                server.resume()
    await check(cluster, town)


async def test_events_that_nobody_can_work_on_go_to_the_dead_letters_and_the_rest_goes_on(cluster: Cluster, town: Town) -> None:
    broker = KafkaBroker(cluster.engines.kafka.url)
    # No store has room for such an id.
    monster = encode_event(TweetPublished(id=1, at=0, tweet_id=1 << 70, author_id=-(1 << 70), text=""))
    async with town.loaded():
        for key in range(24):
            # Among the events of all partitions.
            await broker.publish([Message("murmur.tweets", key, value) for value in (b"{\x1b no event", monster)])

        async def buried() -> bool:
            letters = await broker.dead_letters(1_000)
            return {letter.group for letter in letters if letter.record.value != monster} >= set(GROUPS)

        await until(buried, 60)
    await healthy(cluster)
    await town.check()
    letters = await broker.dead_letters(1_000)
    for group in GROUPS:
        assert sum(letter.group == group and letter.record.value != monster for letter in letters) == 24
    await broker.forget(letters)
    await broker.close()
    await check(cluster, town)

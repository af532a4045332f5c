"""Parts of the distributed profile that die under a steady load: nothing acknowledged is lost, nothing is doubled.

They take a quarter of an hour, so they run where `CLUSTER_FAILURES=1` asks for them. Each failure is followed by `murmur
audit`, by a look at all that was acknowledged, and at a follower's home timeline.
"""

import asyncio
import os
import random
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import pytest

from murmur.cluster import haproxy, kafka, mongodb, neo4j, redis
from murmur.cluster.server import Server
from murmur.roles.cluster import Cluster, Size
from subgraphs.timelines.model import KEPT
from tests.conftest import needs
from tests.support.city import City, Person, door_to
from tests.support.program import CHEAP, murmur
from tests.support.waiting import until

# Engines that have just started are slow, the more so where tests of others run beside these.
_PATIENT = {"MURMUR_SUBGRAPH_TIMEOUT": "25", "MURMUR_REQUEST_TIMEOUT": "30"}
_WRITERS = 4
pytestmark = pytest.mark.skipif(os.environ.get("CLUSTER_FAILURES") != "1", reason="CLUSTER_FAILURES=1 runs these")
_PACE_SECONDS = 0.25
_PAUSE_SECONDS = 4.0
_CREATE = "mutation ($input: CreateTweetInput!) { createTweet(input: $input) { tweet { id } userErrors { code message } } }"

_LIKERS = "query ($ids: [ID!]!) { tweets(ids: $ids) { id likedBy(first: 10) { nodes { id } } } }"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    for engine in (mongodb, neo4j, redis, kafka, haproxy):
        needs(engine.missing())
    running = Cluster(tmp_path_factory.mktemp("failing"), Size(members=3, brokers=1), more={**CHEAP, **_PATIENT})
    with running:
        stop = threading.Event()
        watching = threading.Thread(target=running.run, args=(stop,))
        watching.start()
        yield running
        stop.set()
        watching.join()


@dataclass
class Town:
    """Writers under load, and somebody who follows them all. Whatever was answered without an error is acknowledged."""

    writers: list[Person]
    reader: Person
    tweets: dict[str, str] = field(default_factory=dict)
    likes: set[tuple[str, str]] = field(default_factory=set)
    pending: dict[str, tuple[Person, str]] = field(default_factory=dict)
    """Posts that were sent and not acknowledged, by idempotency key."""
    refused: int = 0

    async def write(self, writer: Person, dice: random.Random) -> None:
        """Post and like until cancelled, whatever fails."""
        while True:
            if self.tweets and dice.random() < 0.4:
                await self._like(writer, dice.choice(list(self.tweets)))
            else:
                key = f"{dice.random()}"
                self.pending[key] = writer, f"{key} of {writer.handle}"
                await self.post(key)
            await asyncio.sleep(_PACE_SECONDS)

    async def post(self, key: str) -> None:
        writer, text = self.pending[key]
        payload = await self._ask(writer, _CREATE, "createTweet", input={"text": text, "idempotencyKey": key})
        if payload is not None:
            assert payload["userErrors"] == [], payload
            self.tweets[payload["tweet"]["id"]] = text
            self.pending.pop(key, None)

    async def _like(self, writer: Person, tweet: str) -> None:
        document = "mutation ($id: ID!) { like(tweetId: $id) { tweet { id } userErrors { code } } }"
        if await self._ask(writer, document, "like", id=tweet) is not None:
            self.likes.add((writer.id, tweet))

    async def _ask(self, person: Person, document: str, name: str, **variables: object) -> dict[str, Any] | None:
        """None where no answer came, or one with errors."""
        try:
            answer = await person.run(document, **variables)
        except (aiohttp.ClientError, OSError, TimeoutError, orjson.JSONDecodeError):
            answer = {"errors": []}
        if "errors" in answer:
            self.refused += 1
            return None
        return answer["data"][name]


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[aiohttp.ClientSession]:
    context = ssl.create_default_context(cafile=cluster.certificate)
    timeout = aiohttp.ClientTimeout(40)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context), timeout=timeout) as opened:
        yield opened


@pytest.fixture
async def town(cluster: Cluster, session: aiohttp.ClientSession) -> Town:
    await healthy(cluster)
    city = City(door_to(cluster.url, session))
    mark = f"{random.randrange(10**6)}"
    writers = [await city.person(f"w{number}_{mark}") for number in range(_WRITERS)]
    reader = await city.person(f"r_{mark}")
    await reader.follow(*writers)
    await reader.home()
    return Town(writers, reader)


async def healthy(cluster: Cluster) -> None:
    async def back() -> bool:
        return all(line.trouble is None for line in await asyncio.to_thread(cluster.status))

    await until(back, 180)


@asynccontextmanager
async def loaded(town: Town) -> AsyncIterator[None]:
    """A steady load within the body, which begins once it gets through, and at its end gets through again."""
    tasks = [asyncio.create_task(town.write(writer, random.Random())) for writer in town.writers]
    try:
        await more(town)
        yield
        await more(town)
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if not isinstance(outcome, asyncio.CancelledError):
                raise outcome


async def more(town: Town) -> None:
    target = len(town.tweets) + 8

    async def reached() -> bool:
        return len(town.tweets) >= target

    await until(reached, 120)


async def check(cluster: Cluster, town: Town) -> None:
    """What was sent and not answered is sent again, with its key; then all must be there once, and the audit find nothing."""
    await healthy(cluster)
    for key in list(town.pending):

        async def acknowledged(key: str = key) -> bool:
            await town.post(key)
            return key not in town.pending

        await until(acknowledged, 60)
    posted: dict[str, str] = {}
    for writer in town.writers:
        entries = [entry["tweet"] for entry in await town.reader.timeline_of(writer.handle)]
        assert len({entry["text"] for entry in entries}) == len(entries), "a post that was sent again stands twice"
        posted |= {entry["id"]: entry["text"] for entry in entries}
    assert posted == town.tweets
    await town.reader.sees(*sorted(town.tweets, key=int, reverse=True)[:KEPT], seconds=90)
    likers: set[tuple[str, str]] = set()
    ids = list(town.tweets)
    for start in range(0, len(ids), 25):
        for tweet in (await town.reader.ask(_LIKERS, ids=ids[start : start + 25]))["tweets"]:
            likers |= {(node["id"], tweet["id"]) for node in tweet["likedBy"]["nodes"]}
    assert town.likes <= likers
    names = cluster.engines.settings(cluster.directory / "secrets")
    audited = await murmur("audit", "--wait", "60", data_dir=cluster.directory / "data", **names)
    assert audited.code == 0, audited


async def test_each_role_may_be_killed(cluster: Cluster, town: Town) -> None:
    for name, role in cluster.roles.items():
        async with loaded(town):
            role.kill()
            await healthy(cluster)
        assert town.tweets, name
    await check(cluster, town)


def _primary(cluster: Cluster) -> list[Server]:
    primary = cluster.engines.mongodb.primary()
    assert primary is not None
    return [primary]


_VICTIMS: dict[str, Callable[[Cluster], list[Server]]] = {
    "MongoDB's primary": _primary,
    "a master of Redis": lambda cluster: cluster.engines.redis.masters()[:1],
    "Redis with all that it holds": lambda cluster: list(cluster.engines.redis.members),
    "Neo4j": lambda cluster: [cluster.engines.neo4j.server],
    "the Kafka broker": lambda cluster: list(cluster.engines.kafka.brokers),
}


@pytest.mark.parametrize("victim", _VICTIMS)
async def test_an_engine_may_be_killed(cluster: Cluster, town: Town, victim: str) -> None:
    async with loaded(town):
        for server in await asyncio.to_thread(_VICTIMS[victim], cluster):
            server.kill()
        await healthy(cluster)
    await check(cluster, town)


@pytest.mark.parametrize("victim", ["MongoDB's primary", "Neo4j", "a master of Redis"])
async def test_an_engine_may_be_cut_off_for_a_while(cluster: Cluster, town: Town, victim: str) -> None:
    async with loaded(town):
        [server] = await asyncio.to_thread(_VICTIMS[victim], cluster)
        server.pause()
        with suppress(TimeoutError):
            # The load goes on meanwhile; what it gets is nobody's promise.
            await asyncio.wait_for(asyncio.Event().wait(), _PAUSE_SECONDS)
        server.resume()
        await healthy(cluster)
    await check(cluster, town)

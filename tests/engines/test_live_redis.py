"""Subscriptions of a whole platform while the Redis that feeds them is killed and comes back."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from murmur.cluster import redis
from murmur.roles.up import Platform
from tests.conftest import needs
from tests.support.asgi import served
from tests.support.city import Person, founded
from tests.support.socket import Socket, socket

RECEIVED = "subscription ($after: ID) { notificationReceived(after: $after) { id tweet { text } } }"
HOME = "subscription { homeTimelineUpdated { newest { tweet { text } } } }"
UPDATED = "subscription ($id: ID!) { tweetUpdated(id: $id) { replyCount } }"
EVER = "1"


@dataclass
class Engine:
    """A Redis, or a cluster of them, all of whose members are killed and started again."""

    url: str
    kill: Callable[[], None]
    start: Callable[[], None]


@pytest.fixture(params=["redis", "redis cluster"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    needs(redis.missing())
    if request.param == "redis":
        with redis.Redis(tmp_path / "redis") as server:
            yield Engine(server.url, server.server.kill, server.start)
    else:
        with redis.RedisCluster(tmp_path / "redis", masters=3, replicas=0) as cluster:

            def kill() -> None:
                for member in cluster.members:
                    member.kill()

            yield Engine(cluster.url, kill, cluster.start)


@asynccontextmanager
async def listening(platform: Platform, person: Person) -> AsyncGenerator[Socket]:
    async with served(platform.gateway.app) as address, socket(address) as client:
        await client.init({"Authorization": f"Bearer {person.session['accessToken']}"})
        yield client


Seen = dict[str, list[Any]]


async def hear(client: Socket, seen: Seen, enough: Callable[[Seen], bool]) -> None:
    """Take events, by the ids of their operations, until there are enough."""
    async with asyncio.timeout(40):
        while not enough(seen):
            message = await client.next()
            assert "errors" not in message["payload"], message
            (value,) = message["payload"]["data"].values()
            seen.setdefault(message["id"], []).append(value)


def texts(seen: Seen, id_: str = "told") -> list[str]:
    return [each["tweet"]["text"] for each in seen.get(id_, ())]


@pytest.mark.parametrize("asks_meanwhile", [False, True])
async def test_what_is_followed_goes_on_and_nothing_is_missed_or_doubled(
    engine: Engine, tmp_path: Path, asks_meanwhile: bool
) -> None:
    seen: Seen = {}
    async with founded(tmp_path / "data", pubsub_url=engine.url) as (city, platform):
        ada, bea = await city.people("ada", "bea")
        await ada.follow(bea)
        mine = await ada.tweet("mine")

        async def reply(number: int) -> None:
            await bea.tweet(f"reply {number}", inReplyTo=mine)

        async with listening(platform, ada) as client:
            await client.subscribe("told", RECEIVED, after=EVER)
            await client.subscribe("home", HOME)
            await client.subscribe("tweet", UPDATED, id=mine)
            await reply(0)
            await hear(client, seen, lambda seen: "reply 0" in texts(seen))
            await asyncio.to_thread(engine.kill)
            await reply(1)
            await reply(2)
            if asks_meanwhile:
                async with listening(platform, ada) as other:
                    await other.subscribe("told", RECEIVED, after=seen["told"][0]["id"])
                    assert "UNAVAILABLE" in str(await other.next())
            await asyncio.to_thread(engine.start)
            # What was posted meanwhile comes by itself, and then what is posted from now on.
            await hear(client, seen, lambda seen: {"reply 1", "reply 2"} <= set(texts(seen)))
            await reply(3)

            def all_told(seen: Seen) -> bool:
                home = [each["newest"]["tweet"]["text"] for each in seen.get("home", ())]
                counts = [each["replyCount"] for each in seen.get("tweet", ())]
                return "reply 3" in texts(seen) and "reply 3" in home and 4 in counts

            await hear(client, seen, all_told)
            # Each once, with ids that rise; the log keeps no order between two tweets.
            assert sorted(texts(seen)) == [f"reply {number}" for number in range(4)]
            ids = [int(each["id"]) for each in seen["told"]]
            assert ids == sorted(set(ids))
            await client.subscribe("again", RECEIVED, after=seen["told"][0]["id"])
            await hear(client, seen, lambda seen: "reply 3" in texts(seen, "again"))
            assert seen["again"] == seen["told"][1:]

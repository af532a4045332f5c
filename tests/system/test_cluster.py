"""The whole distributed profile on real engines, as `murmur cluster up` runs it, from outside: HTTPS through HAProxy."""

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from murmur.cluster import mongodb, neo4j
from murmur.roles.cluster import Cluster
from tests.support.city import City, door_to
from tests.support.clusters import healthy, outside, watched
from tests.support.program import murmur


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One for all tests here: they keep to people of their own, and wait for what they have ended to be back."""
    with watched(tmp_path_factory.mktemp("cluster"), members=1) as running:
        yield running


@pytest.fixture
async def session(cluster: Cluster) -> AsyncIterator[aiohttp.ClientSession]:
    async with outside(cluster) as opened:
        yield opened


@pytest.fixture
def city(cluster: Cluster, session: aiohttp.ClientSession) -> City:
    return City(door_to(cluster.url, session))


async def test_what_is_posted_reaches_the_timelines_of_those_who_follow(city: City) -> None:
    ada, bob, cyd = await city.people("ada", "bob", "cyd")
    await ada.follow(bob)
    first = await bob.tweet("first")
    second = await cyd.tweet("second", inReplyTo=first)
    await bob.engage("retweet", second)
    await ada.engage("like", first)
    await ada.sees(second, first, seconds=60)
    document = "{ homeTimeline { nodes { tweet { text likeCount viewerLiked author { handle followerCount } } } } }"
    nodes = (await ada.ask(document))["homeTimeline"]["nodes"]
    assert nodes[1]["tweet"] == {
        "text": "first",
        "likeCount": 1,
        "viewerLiked": True,
        "author": {"handle": "bob", "followerCount": 1},
    }


@pytest.mark.parametrize("name", ["users", "tweets", "timelines", "outbox-relay", "fanout", "gateway-1"])
async def test_a_role_that_is_killed_comes_back_and_nothing_acknowledged_is_lost(cluster: Cluster, city: City, name: str) -> None:
    author, reader = await city.people(f"a_{name[:7].replace('-', '_')}", f"r_{name[:7].replace('-', '_')}")
    await reader.follow(author)
    posted = [await author.tweet("before")]
    await reader.sees(*posted, seconds=60)
    role = cluster.roles[name]
    role.kill()
    document = 'mutation { createTweet(input: {text: "meanwhile"}) { tweet { id } } }'
    for _ in range(5):
        answer = await author.run(document)
        if "errors" not in answer:
            posted.insert(0, answer["data"]["createTweet"]["tweet"]["id"])
    await healthy(cluster)
    posted.insert(0, await author.tweet("after"))
    await reader.sees(*posted, seconds=60)


async def test_operators_see_what_runs(cluster: Cluster) -> None:
    found = await murmur("cluster", "status", "--directory", str(cluster.directory), COLUMNS="250")
    assert found.code == 0, found
    for name in ("mongodb-1", "neo4j", "kafka-1", "gateway-2", "haproxy", *cluster.roles):
        assert f"│ {name} " in found.out
    nowhere = await murmur("cluster", "status", "--directory", str(cluster.directory / "nowhere"))
    assert (nowhere.code, nowhere.err.count("\n")) == (1, 1)
    twice = await murmur("cluster", "up", "--directory", str(cluster.directory), "--port", "0")
    assert twice.code == 1
    assert "another cluster runs" in twice.err


async def test_the_engines_lack_nothing_and_are_told_with_their_versions(cluster: Cluster) -> None:
    names: Mapping[str, str] = cluster.engines.settings(cluster.directory / "secrets")
    found = await murmur("engines", "check", data_dir=cluster.directory / "data", **names)
    assert found.code == 0, found
    assert mongodb.VERSION in found.out
    assert neo4j.VERSION in found.out


def test_passwords_are_in_files_that_their_owner_alone_reads(cluster: Cluster) -> None:
    for role in cluster.roles.values():
        environment = Path(f"/proc/{role.pid}/environ").read_text()
        for name, url in (("users", cluster.engines.neo4j.url), ("tweets", cluster.engines.mongodb.url)):
            password = str(urlsplit(url).password)
            assert password not in environment
            secret = cluster.directory / "secrets" / f"{name}_url"
            assert password in secret.read_text()
            assert secret.stat().st_mode & 0o077 == 0

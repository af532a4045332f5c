"""A subgraph in a process of its own, reached over HTTP: the same answers, and partial ones when it is gone."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from tests.support.city import Person, door_to, founded
from tests.support.program import Running, running
from tests.support.waiting import until

_QUERIES = {
    "home": """{ homeTimeline(first: 20) { nodes { retweetedBy { handle } tweet {
      id text createdAt likeCount viewerLiked author { handle followerCount viewerFollows tweetCount }
      entities { mentions { handle user { name } } } inReplyTo { text } quoted { text author { name } } ancestors { id }
    } } pageInfo { endCursor hasNextPage } } }""",
    "people": """{ me { handle tweetCount followers { nodes { handle tweetCount tweets { nodes { text } } } } }
      user(handle: "bob") { name likes { nodes { text } } timeline { nodes { tweet { text } } } } }""",
    "page": "{ homeTimeline(first: 1) { edges { cursor node { tweet { text } } } } }",
    "unknown": '{ tweet(id: "1") { id } tweets(ids: ["1"]) { id } }',
    "bad": "{ bookmarks(first: 0) { nodes { id } } }",
    "bad below": "{ me { tweets(first: 500) { nodes { id } } } }",
    "invalid": "{ me { shoeSize } }",
}


@dataclass
class _Split:
    """`in_process` holds what each query is answered when one process runs it all."""

    gateway: Running
    tweets: Running
    folder: Path
    ada: Person
    in_process: Mapping[str, Any]


@pytest.fixture
async def split(tmp_path: Path) -> AsyncIterator[_Split]:
    folder = tmp_path / "data"
    async with founded(folder) as (city, _):
        ada, bob, cyd = await city.people("ada", "bob", "cyd")
        await ada.follow(bob)
        await bob.follow(ada)
        first = await bob.tweet("first @cyd #one")
        second = await cyd.tweet("second", inReplyTo=first)
        third = await bob.tweet("third", quotes=second)
        await bob.engage("retweet", second)
        await ada.engage("like", first)
        await bob.engage("like", first)
        await ada.sees(second, third, first)
        in_process = {name: await ada.run(document) for name, document in _QUERIES.items()}
    async with running("subgraph", "tweets", data_dir=folder) as tweets:
        urls = orjson.dumps({"tweets": f"{tweets.url}/graphql"}).decode()
        async with running("up", data_dir=folder, MURMUR_SUBGRAPHS=urls) as gateway, aiohttp.ClientSession() as session:
            ada = Person(door_to(gateway.url, session), ada.id, ada.handle, ada.session)
            yield _Split(gateway, tweets, folder, ada, in_process)


async def test_over_http_a_subgraph_gives_the_same_answers_and_when_it_dies_the_rest_stands(split: _Split) -> None:
    ada = split.ada
    for name, document in _QUERIES.items():
        assert await ada.run(document) == split.in_process[name], name
    assert (await ada.create(""))["userErrors"][0]["code"] == "EMPTY"
    await _post_reaches_timelines(ada)
    await _only_the_gateway_is_answered(split.tweets.url)
    await split.tweets.kill()
    await _the_rest_stands(ada)
    assert await split.gateway.stop() == 0, split.gateway.log


async def _post_reaches_timelines(ada: Person) -> None:
    before = [entry["tweet"]["id"] for entry in await ada.home()]
    tweet = await ada.tweet("through HTTP", idempotencyKey="k")
    assert await ada.tweet("through HTTP", idempotencyKey="k") == tweet
    await ada.sees(tweet, *before)


async def _only_the_gateway_is_answered(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {"murmur-identity": "x"}, {"authorization": "Bearer x"}):
            async with session.post(f"{url}/graphql", json={"query": "{ __typename }"}, headers=headers) as response:
                assert response.status == 401
                assert (await response.json())["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        async with session.get(f"{url}/health/live") as response:
            assert response.status == 200


async def _the_rest_stands(ada: Person) -> None:
    document = """{ me { handle followerCount following { nodes { handle } } } tweet(id: "1") { id }
      user(handle: "bob") { handle name } }"""

    async def unreachable() -> bool:
        return "errors" in await ada.run(document)

    await until(unreachable)
    response = await ada.run(document)
    assert response["data"] == {
        "me": {"handle": "ada", "followerCount": 1, "following": {"nodes": [{"handle": "bob"}]}},
        "tweet": None,
        "user": {"handle": "bob", "name": "Bob"},
    }
    [error] = response["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["tweet"], "UNAVAILABLE")
    # Of people, only those whose tweets are asked for are lost.
    response = await ada.run('{ me { handle } users(ids: []) { id } user(handle: "bob") { handle tweetCount } }')
    assert response["data"] == {"me": {"handle": "ada"}, "users": [], "user": None}
    assert [(error["path"][0], error["extensions"]["code"]) for error in response["errors"]] == [("user", "UNAVAILABLE")]
    assert set(await ada.codes('mutation { createTweet(input: {text: "x"}) { tweet { id } } }')) == {"UNAVAILABLE"}
    assert (await ada.relate("follow", "1"))["userErrors"][0]["code"] == "NOT_FOUND"

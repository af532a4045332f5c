"""Following home timelines and tweets through the public API of a whole platform."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from murmur.roles.up import Platform
from tests.support.asgi import served
from tests.support.city import City, Person, founded
from tests.support.socket import Socket, socket
from tests.support.waiting import until

HOME = "subscription { homeTimelineUpdated { newCount newest { tweet { id text author { handle } } retweetedBy { handle } } } }"
TWEET = "subscription ($id: ID!) { tweetUpdated(id: $id) { text likeCount retweetCount replyCount viewerLiked deleted } }"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncGenerator[tuple[City, Platform]]:
    async with founded(tmp_path, celebrity_followers=2) as platform:
        yield platform


@asynccontextmanager
async def listening(platform: Platform, person: Person | None) -> AsyncGenerator[Socket]:
    async with served(platform.gateway.app) as address, socket(address) as client:
        await client.init(None if person is None else {"Authorization": f"Bearer {person.session['accessToken']}"})
        yield client


async def event(client: Socket) -> Any:
    message = await client.next()
    assert "errors" not in message["payload"], message
    (value,) = message["payload"]["data"].values()
    return value


async def first_event(client: Socket, act: Callable[[], Awaitable[object]]) -> Any:
    """Act until the first event comes: a subscription says nothing when it begins, so what is done too soon is missed."""
    while True:
        await act()
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                return await event(client)


async def test_a_home_timeline_tells_of_each_new_tweet_and_how_many_there_are(platform: tuple[City, Platform]) -> None:
    city, running = platform
    ada, bea = await city.people("ada", "bea")
    await ada.follow(bea)
    old = await bea.tweet("old")
    await ada.sees(old)
    async with listening(running, ada) as client:
        await client.subscribe("1", HOME)
        first = await first_event(client, lambda: bea.tweet("first"))
        assert first["newest"]["tweet"]["text"] == "first"
        tweet = await bea.tweet("second")
        update = await event(client)
        assert update["newCount"] == first["newCount"] + 1
        assert update["newest"] == {"tweet": {"id": tweet, "text": "second", "author": {"handle": "bea"}}, "retweetedBy": None}


async def test_what_one_posts_oneself_is_no_news(platform: tuple[City, Platform]) -> None:
    city, running = platform
    ada, bea, cleo = await city.people("ada", "bea", "cleo")
    await ada.follow(bea)
    strange = await cleo.tweet("strange")
    async with listening(running, ada) as client:
        await client.subscribe("1", HOME)
        first = await first_event(client, lambda: bea.tweet("first"))
        await ada.engage("retweet", strange)
        own = {strange, await ada.tweet("mine")}

        async def arrived() -> bool:
            return own <= {entry["tweet"]["id"] for entry in await ada.home()}

        await until(arrived)
        await bea.tweet("second")
        update = await event(client)
        assert (update["newCount"], update["newest"]["tweet"]["text"]) == (first["newCount"] + 1, "second")


async def test_a_home_timeline_tells_of_people_whose_posts_are_pulled(platform: tuple[City, Platform]) -> None:
    city, running = platform
    ada, bea, star = await city.people("ada", "bea", "star")
    for person in (ada, bea):
        await person.follow(star)
    first = await star.tweet("first")
    await ada.sees(first)
    await star.tweet("second")
    async with listening(running, ada) as client:
        await client.subscribe("1", HOME)
        await first_event(client, lambda: star.tweet("third"))
        tweet = await star.tweet("fourth")
        assert (await event(client))["newest"]["tweet"]["id"] == tweet


async def test_a_tweet_tells_of_counts_replies_and_its_end_to_everybody(platform: tuple[City, Platform]) -> None:
    city, running = platform
    ada, bea = await city.people("ada", "bea")
    tweet = await ada.tweet("first")
    async with listening(running, None) as stranger, listening(running, bea) as client:
        for each in (stranger, client):
            await each.subscribe("1", TWEET, id=tweet)

            async def answer() -> None:
                await ada.tweet("an answer", inReplyTo=tweet)

            assert (await first_event(each, answer))["replyCount"]
        await bea.engage("like", tweet)
        while not (seen := await event(client))["likeCount"]:
            pass
        assert seen["viewerLiked"]
        while not (seen := await event(stranger))["likeCount"]:
            pass
        assert not seen["viewerLiked"]
        await ada.engage("deleteTweet", tweet)
        while not (await event(client))["deleted"]:
            pass
        assert (await client.next())["type"] == "complete"


async def test_what_may_not_be_seen_can_not_be_followed(platform: tuple[City, Platform]) -> None:
    city, running = platform
    ada, bea = await city.people("ada", "bea")
    tweet = await ada.tweet("first")
    async with listening(running, bea) as client:
        await client.subscribe("1", TWEET, id="12345")
        assert (await client.next())["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        assert (await client.next())["type"] == "complete"
        await client.subscribe("1", TWEET, id=tweet)
        await first_event(client, lambda: ada.tweet("an answer", inReplyTo=tweet))
        await ada.relate("block", bea)
        await ada.tweet("an answer to myself", inReplyTo=tweet)
        assert (await client.next())["payload"]["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        assert (await client.next())["type"] == "complete"
    async with listening(running, None) as client:
        await client.subscribe("1", HOME)
        assert (await client.next())["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"

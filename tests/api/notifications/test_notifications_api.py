"""Notifications through the public API of a whole platform: who is told of what, and that it comes at once."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from murmur.roles.up import Platform
from tests.support.asgi import ask, served
from tests.support.city import City, Person, founded
from tests.support.socket import Socket, socket
from tests.support.waiting import until

SHOWN = "id groupId kind actorCount actors { handle } tweet { id text } read"
LIST = f"""query ($first: Int, $after: String, $kinds: [NotificationKind!]) {{
  unreadNotificationCount
  notifications(first: $first, after: $after, kinds: $kinds) {{ nodes {{ {SHOWN} }} pageInfo {{ endCursor hasNextPage }} }}
}}"""
RECEIVED = f"subscription ($after: ID) {{ notificationReceived(after: $after) {{ {SHOWN} }} }}"


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncGenerator[tuple[City, Platform]]:
    async with founded(tmp_path) as platform:
        yield platform


@pytest.fixture
async def city(platform: tuple[City, Platform]) -> City:
    return platform[0]


async def notifications(person: Person, **variables: object) -> list[dict[str, Any]]:
    return (await person.ask(LIST, **variables))["notifications"]["nodes"]


async def told(person: Person, *expected: tuple[str, str, str | None]) -> list[dict[str, Any]]:
    """Wait until somebody's notifications are these, newest first: kind, actors, tweet."""
    found: list[dict[str, Any]] = []

    async def same() -> bool:
        found[:] = await notifications(person)
        shown = [
            (each["kind"], " ".join(actor["handle"] for actor in each["actors"]), each["tweet"] and each["tweet"]["id"])
            for each in found
        ]
        return shown == list(expected)

    try:
        await until(same, 15)
    except TimeoutError:
        raise AssertionError(f"{person.handle} is told {found} instead of {list(expected)}") from None
    return found


@asynccontextmanager
async def listening(platform: Platform, person: Person) -> AsyncGenerator[Socket]:
    async with served(platform.gateway.app) as address, socket(address) as client:
        await client.init({"Authorization": f"Bearer {person.session['accessToken']}"})
        yield client


async def followed(platform: Platform, count: int) -> None:
    """Wait until as many subscriptions are followed: they say nothing when they begin."""

    async def running() -> bool:
        exposed = (await ask(platform.gateway.app, "GET", "/metrics")).body.decode()
        return f'murmur_subscriptions{{door="websocket"}} {count:.1f}' in exposed

    await until(running)


async def test_each_kind_is_told_with_its_actors_and_tweet(city: City) -> None:
    ada, bea, cleo = await city.people("ada", "bea", "cleo")
    tweet = await ada.tweet("first")
    await bea.engage("like", tweet)
    await told(ada, ("LIKE", "bea", tweet))
    await cleo.engage("like", tweet)
    found = await told(ada, ("LIKE", "cleo bea", tweet))
    assert found[0]["actorCount"] == 2
    assert found[0]["tweet"]["text"] == "first"
    await bea.follow(ada)
    await bea.engage("retweet", tweet)
    reply = await bea.tweet("an answer to @ada and @cleo", inReplyTo=tweet)
    quote = await cleo.tweet("look, @nobody", quotes=tweet)
    mention = await cleo.tweet("hello @ADA and @ada")
    expected = {
        ("MENTION", "cleo", mention),
        ("QUOTE", "cleo", quote),
        ("REPLY", "bea", reply),
        ("RETWEET", "bea", tweet),
        ("FOLLOW", "bea", None),
        ("LIKE", "cleo bea", tweet),
    }

    async def all_told() -> bool:
        return {
            (each["kind"], " ".join(actor["handle"] for actor in each["actors"]), each["tweet"] and each["tweet"]["id"])
            for each in await notifications(ada)
        } == expected

    await until(all_told, 15)
    await told(cleo, ("MENTION", "bea", reply))
    assert [each["kind"] for each in await notifications(ada, kinds=["LIKE", "TWEET"])] == ["LIKE"]


async def test_nobody_is_told_of_what_they_did_themselves_or_took_back(city: City) -> None:
    ada, bea = await city.people("ada", "bea")
    tweet = await ada.tweet("talking to myself, @ada")
    await ada.engage("like", tweet)
    await ada.tweet("again", inReplyTo=tweet)
    for verb, back in (("like", "unlike"), ("retweet", "undoRetweet")):
        await bea.engage(verb, tweet)
        await told(ada, (verb.upper(), "bea", tweet))
        await bea.engage(back, tweet)
        await told(ada)
    await bea.follow(ada)
    await told(ada, ("FOLLOW", "bea", None))
    await bea.relate("unfollow", ada)
    await told(ada)
    gone = await bea.tweet("@ada")
    await told(ada, ("MENTION", "bea", gone))
    await bea.engage("deleteTweet", gone)
    await told(ada)


async def test_blocked_and_muted_people_are_not_heard_of(city: City) -> None:
    ada, bea, cleo, dan = await city.people("ada", "bea", "cleo", "dan")
    tweet = await ada.tweet("first")
    for person in (bea, cleo):
        await person.engage("like", tweet)
    await told(ada, ("LIKE", "cleo bea", tweet))
    await ada.relate("mute", cleo)
    await told(ada, ("LIKE", "bea", tweet))
    await ada.relate("unmute", cleo)
    await told(ada, ("LIKE", "cleo bea", tweet))
    await bea.relate("block", ada)
    found = await told(ada, ("LIKE", "cleo", tweet))
    assert found[0]["actorCount"] == 1
    await ada.relate("mute", cleo)
    await told(ada)
    await cleo.tweet("@ada, are you there?")
    await bea.relate("unblock", ada)
    seen = await dan.tweet("@ada, hello")
    await told(ada, ("MENTION", "dan", seen))


async def test_a_kind_that_is_not_wanted_does_not_come(city: City) -> None:
    ada, bea = await city.people("ada", "bea")
    document = """mutation { setNotificationPreference(kind: LIKE, enabled: false) {
      preferences { kind enabled } userErrors { code } } }"""
    payload = (await ada.ask(document))["setNotificationPreference"]
    assert {each["kind"]: each["enabled"] for each in payload["preferences"]} == {
        "MENTION": True, "REPLY": True, "QUOTE": True, "RETWEET": True, "LIKE": False, "FOLLOW": True,
    }  # fmt: skip
    assert (await ada.ask("{ notificationPreferences { kind enabled } }"))["notificationPreferences"] == payload["preferences"]
    tweet = await ada.tweet("first")
    await bea.engage("like", tweet)
    await bea.engage("retweet", tweet)
    await told(ada, ("RETWEET", "bea", tweet))


async def test_a_kind_that_is_not_sent_can_be_neither_wanted_nor_refused(city: City) -> None:
    (ada,) = await city.people("ada")
    document = """mutation ($enabled: Boolean!) { setNotificationPreference(kind: TWEET, enabled: $enabled) {
      preferences { kind } userErrors { code field } } }"""
    for enabled in (False, True):
        payload = (await ada.ask(document, enabled=enabled))["setNotificationPreference"]
        assert payload == {"preferences": None, "userErrors": [{"code": "INVALID", "field": ["kind"]}]}


async def test_what_is_read_is_counted_no_more_and_takes_nobody_in(city: City) -> None:
    ada, bea, cleo = await city.people("ada", "bea", "cleo")
    tweet = await ada.tweet("first")
    await bea.engage("like", tweet)
    (first,) = await told(ada, ("LIKE", "bea", tweet))
    assert (await ada.ask("{ unreadNotificationCount }"))["unreadNotificationCount"] == 1
    mark = "mutation ($id: ID!) { markNotificationsRead(upTo: $id) { unreadCount userErrors { code } } }"
    assert (await ada.ask(mark, id=first["id"]))["markNotificationsRead"] == {"unreadCount": 0, "userErrors": []}
    await cleo.engage("like", tweet)
    newest, older = await told(ada, ("LIKE", "cleo", tweet), ("LIKE", "bea", tweet))
    assert (newest["read"], older["read"]) == (False, True)
    assert (await ada.ask(mark, id=str(2**62)))["markNotificationsRead"]["unreadCount"] == 0
    await bea.engage("retweet", tweet)
    await told(ada, ("RETWEET", "bea", tweet), ("LIKE", "cleo", tweet), ("LIKE", "bea", tweet))
    assert (await ada.ask("{ unreadNotificationCount }"))["unreadNotificationCount"] == 1
    assert await ada.codes(mark, id="x") == ["BAD_USER_INPUT"]


async def test_strangers_have_no_notifications(city: City) -> None:
    for document in ("{ notifications { nodes { id } } }", "{ unreadNotificationCount }", "{ notificationPreferences { kind } }"):
        assert await city.nobody.codes(document) == ["UNAUTHENTICATED"]


async def test_a_notification_comes_at_once_with_parts_of_all_subgraphs(platform: tuple[City, Platform]) -> None:
    city, running = platform
    ada, bea = await city.people("ada", "bea")
    tweet = await ada.tweet("first")
    async with listening(running, ada) as client:
        document = "subscription { notificationReceived { kind actors { name followerCount } tweet { text likeCount } } }"
        await client.subscribe("1", document)
        await client.subscribe("2", "subscription { unreadCountChanged }")
        await followed(running, 2)
        await bea.engage("like", tweet)
        received = {message["id"]: message["payload"] for message in (await client.next(), await client.next())}
    assert received["2"] == {"data": {"unreadCountChanged": 1}}
    assert received["1"]["data"]["notificationReceived"] == {
        "kind": "LIKE",
        "actors": [{"name": "Bea", "followerCount": 0}],
        "tweet": {"text": "first", "likeCount": 1},
    }


async def test_a_count_that_falls_is_told_at_once(platform: tuple[City, Platform]) -> None:
    city, running = platform
    ada, bea = await city.people("ada", "bea")
    tweet = await ada.tweet("first")
    async with listening(running, ada) as client:
        await client.subscribe("1", "subscription { unreadCountChanged }")
        await followed(running, 1)

        async def count() -> int:
            # Within less than the while after which it is looked for anyway.
            return (await client.next())["payload"]["data"]["unreadCountChanged"]

        for verb, back in (("like", "unlike"), ("retweet", "undoRetweet")):
            await bea.engage(verb, tweet)
            assert await count() == 1
            await bea.engage(back, tweet)
            assert await count() == 0
        await bea.follow(ada)
        assert await count() == 1
        await bea.relate("unfollow", ada)
        assert await count() == 0
        gone = await bea.tweet("@ada")
        assert await count() == 1
        await bea.engage("deleteTweet", gone)
        assert await count() == 0
        await bea.engage("like", tweet)
        assert await count() == 1
        for verb, unread in (("mute", 0), ("unmute", 1), ("block", 0)):
            await ada.relate(verb, bea)
            assert await count() == unread


async def test_who_comes_back_with_the_last_id_misses_nothing_and_sees_nothing_twice(platform: tuple[City, Platform]) -> None:
    city, running = platform
    ada, bea = await city.people("ada", "bea")
    tweets = [await bea.tweet(f"@ada, number {number}") for number in range(6)]

    async def seen() -> bool:
        return len(await notifications(ada)) == 6

    await until(seen, 15)
    received: list[str] = []
    last = "0"
    for part in range(3):
        async with listening(running, ada) as client:
            await client.subscribe("1", RECEIVED, after=last)
            for _ in range(2):
                found = (await client.next())["payload"]["data"]["notificationReceived"]
                received.append(found["tweet"]["id"])
                last = found["id"]
        if part == 0:
            tweets.append(await bea.tweet("@ada, in between"))
    async with listening(running, ada) as client:
        await client.subscribe("1", RECEIVED, after=last)
        received.append((await client.next())["payload"]["data"]["notificationReceived"]["tweet"]["id"])
        tweets.append(await bea.tweet("@ada, live"))
        received.append((await client.next())["payload"]["data"]["notificationReceived"]["tweet"]["id"])
    assert received == tweets


async def test_who_comes_with_an_id_from_beyond_is_told_what_comes_next(platform: tuple[City, Platform]) -> None:
    city, running = platform
    ada, bea = await city.people("ada", "bea")
    await told(ada, ("MENTION", "bea", await bea.tweet("@ada, before")))
    async with listening(running, ada) as client:
        await client.subscribe("1", RECEIVED, after=str(2**62))
        await followed(running, 1)
        tweet = await bea.tweet("@ada, after")
        assert (await client.next())["payload"]["data"]["notificationReceived"]["tweet"]["id"] == tweet


async def test_nobody_follows_anothers_notifications(platform: tuple[City, Platform]) -> None:
    city, running = platform
    ada, bea = await city.people("ada", "bea")
    async with served(running.gateway.app) as address, socket(address) as client:
        await client.init()
        await client.subscribe("1", RECEIVED)
        assert (await client.next())["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    async with listening(running, bea) as client:
        await client.subscribe("1", RECEIVED, after="0")
        await bea.follow(ada)
        await ada.follow(bea)
        found = (await client.next())["payload"]["data"]["notificationReceived"]
        assert [actor["handle"] for actor in found["actors"]] == ["ada"]

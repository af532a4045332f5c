"""Analytics through the public API of a whole platform: what is counted, and who sees it."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from murmur.clock import to_iso, wall_clock
from tests.support.city import City, Person, founded
from tests.support.waiting import until

DAY_MS = 24 * 3_600_000
_TWEET = "start impressions engagements likes unlikes retweets undoneRetweets replies quotes"
_USER = f"{_TWEET} profileVisits followersGained followersLost followersNet"
USER = f"""query ($id: ID!, $from: DateTime!, $to: DateTime!, $bucket: Bucket! = DAY) {{
  user(id: $id) {{ analytics(from: $from, to: $to, bucket: $bucket) {{ total {{ {_USER} }} buckets {{ {_USER} }} }} }}
}}"""
TWEET = f"""query ($id: ID!, $from: DateTime, $to: DateTime, $bucket: Bucket! = DAY) {{
  tweet(id: $id) {{ analytics(from: $from, to: $to, bucket: $bucket) {{ total {{ {_TWEET} }} buckets {{ {_TWEET} }} }} }}
}}"""
RECORD = """mutation ($input: RecordImpressionsInput!) {
  recordImpressions(input: $input) { accepted userErrors { code message field } }
}"""
PLATFORM = """query ($from: DateTime!, $to: DateTime!, $bucket: Bucket! = HOUR) {
  platformMetrics(from: $from, to: $to, bucket: $bucket) {
    buckets { start posts postsPerMinute activePeople requests failures errorRate fanoutLagMs fanoutWithinSecond fanoutBacklog }
  }
}"""


@pytest.fixture
async def city(tmp_path: Path) -> AsyncGenerator[City]:
    async with founded(tmp_path) as (city, _):
        yield city


def today() -> dict[str, str]:
    now = wall_clock()
    # Around midnight the test runs in two days.
    return {"from": to_iso(now - 60_000), "to": to_iso(now + 60_000)}


def summed(counts: dict[str, Any]) -> dict[str, int]:
    """Without what is zero."""
    return {name: value for name, value in counts.items() if name != "start" and value}


async def record(person: Person, batch: str = "a", **seen: list[str]) -> int:
    payload = (await person.ask(RECORD, input={"batchId": batch, **seen}))["recordImpressions"]
    assert payload["userErrors"] == []
    return payload["accepted"]


async def comes_to(person: Person, **expected: int) -> None:
    found: dict[str, int] = {}

    async def same() -> bool:
        answer = (await person.ask(USER, id=person.id, **today()))["user"]["analytics"]
        found.clear()
        found.update(summed(answer["total"]))
        assert sum(bucket["engagements"] for bucket in answer["buckets"]) == answer["total"]["engagements"]
        return found == expected

    try:
        await until(same, 15)
    except TimeoutError:
        raise AssertionError(f"{person.handle} has {found} instead of {expected}") from None


async def of_tweet(person: Person, tweet: str, **when: Any) -> Any:
    return (await person.ask(TWEET, id=tweet, **when))["tweet"]["analytics"]


async def test_what_others_do_is_counted_for_the_author(city: City) -> None:
    ada, bea, cleo = await city.people("ada", "bea", "cleo")
    tweet, other = await ada.tweet("first"), await ada.tweet("second")
    await bea.follow(ada)
    await cleo.follow(ada)
    await bea.relate("unfollow", ada)
    for person in (bea, cleo):
        await person.engage("like", tweet)
        await person.engage("retweet", tweet)
    await bea.engage("unlike", tweet)
    await bea.engage("undoRetweet", tweet)
    await bea.engage("like", other)
    await bea.tweet("an answer", inReplyTo=tweet)
    await cleo.tweet("look", quotes=tweet)
    assert await record(bea, tweetIds=[tweet, other, tweet], profileIds=[ada.id]) == 3
    assert await record(cleo, tweetIds=[tweet]) == 1
    await comes_to(
        ada,
        impressions=3,
        engagements=7,
        likes=3,
        unlikes=1,
        retweets=2,
        undoneRetweets=1,
        replies=1,
        quotes=1,
        profileVisits=1,
        followersGained=2,
        followersLost=1,
        followersNet=1,
    )
    expected = {
        "impressions": 2,
        "engagements": 6,
        "likes": 2,
        "unlikes": 1,
        "retweets": 2,
        "undoneRetweets": 1,
        "replies": 1,
        "quotes": 1,
    }
    whole = await of_tweet(ada, tweet)
    assert summed(whole["total"]) == expected
    assert len(whole["buckets"]) == 28
    for bucket in ("HOUR", "DAY"):
        some = await of_tweet(ada, tweet, **today(), bucket=bucket)
        assert summed(some["total"]) == expected
        assert sum(each["impressions"] for each in some["buckets"]) == 2


async def test_a_look_counts_once_an_hour_and_neither_ones_own_nor_what_there_is_not(city: City) -> None:
    ada, bea = await city.people("ada", "bea")
    tweet = await ada.tweet("hello")
    for batch in ("a", "a", "b"):
        assert await record(bea, batch, tweetIds=[tweet], profileIds=[ada.id]) == 2
    await record(ada, tweetIds=[tweet], profileIds=[ada.id])
    await record(bea, "c", tweetIds=["1"], profileIds=["1"])
    assert await record(bea, "d") == 0
    await bea.engage("like", tweet)
    await comes_to(ada, impressions=1, profileVisits=1, likes=1, engagements=1)


async def test_only_the_person_and_the_author_see_their_counts_and_others_nothing(city: City) -> None:
    ada, bea = await city.people("ada", "bea")
    tweet = await ada.tweet("hello")
    await bea.engage("like", tweet)
    await comes_to(ada, likes=1, engagements=1)
    for other in (bea, city.nobody):
        assert (await other.ask(USER, id=ada.id, **today()))["user"] == {"analytics": None}
        assert (await other.ask(TWEET, id=tweet))["tweet"] == {"analytics": None}


async def test_an_author_sees_a_page_of_tweets_with_their_counts(city: City) -> None:
    ada, bea = await city.people("ada", "bea")
    tweets = [await ada.tweet(f"tweet {number}") for number in range(3)]
    for tweet in tweets[:2]:
        await bea.engage("like", tweet)
    await comes_to(ada, likes=2, engagements=2)
    document = "query ($id: ID!) { user(id: $id) { tweets { nodes { id analytics { total { likes } } } } } }"
    nodes = (await ada.ask(document, id=ada.id))["user"]["tweets"]["nodes"]
    assert {node["id"]: node["analytics"]["total"]["likes"] for node in nodes} == dict(zip(tweets, (1, 1, 0), strict=True))
    wide = {"from": to_iso(wall_clock() - 700 * DAY_MS), "to": to_iso(wall_clock())}
    document = """query ($ids: [ID!]!, $from: DateTime, $to: DateTime) {
      tweets(ids: $ids) { analytics(from: $from, to: $to) { buckets { likes } } }
    }"""
    assert len((await ada.ask(document, ids=tweets, **wide))["tweets"][0]["analytics"]["buckets"]) == 701
    tweets += [await ada.tweet(f"more {number}") for number in range(5)]
    assert set(await ada.codes(document, ids=tweets, **wide)) == {"BAD_USER_INPUT"}
    assert (await bea.ask(document, ids=tweets, **wide))["tweets"] == [{"analytics": None}] * 8


async def test_impressions_need_a_viewer_and_a_batch_that_is_not_too_large(city: City) -> None:
    ada = await city.person("ada")
    assert await city.nobody.codes(RECORD, input={"batchId": "a"}) == ["UNAUTHENTICATED"]
    for wrong in (
        {"batchId": ""},
        {"batchId": "a" * 65},
        {"batchId": "\u00e4"},
        {"batchId": "a", "tweetIds": ["nonsense"]},
        {"batchId": "a", "tweetIds": ["1"] * 201},
        {"batchId": "a", "tweetIds": ["1"] * 101, "profileIds": ["1"] * 100},
    ):
        assert await ada.codes(RECORD, input=wrong) == ["BAD_USER_INPUT"], wrong
    assert await record(ada, tweetIds=[str(number) for number in range(1, 201)]) == 200


async def test_a_time_that_can_not_be_told_of_is_refused_with_the_bounds(city: City) -> None:
    ada = await city.person("ada")
    now = wall_clock()
    for from_, to, bucket in (
        (now, now, "DAY"),
        (now, now - 1, "HOUR"),
        (now - 40 * DAY_MS, now, "HOUR"),
        (now - 800 * DAY_MS, now, "DAY"),
        (now, now + 60 * DAY_MS, "HOUR"),
    ):
        given = {"from": to_iso(from_), "to": to_iso(to), "bucket": bucket}
        assert await ada.codes(USER, id=ada.id, **given) == ["BAD_USER_INPUT"], given
        assert await city.nobody.codes(USER, id=ada.id, **given) == ["BAD_USER_INPUT"], given
        assert await city.nobody.codes(TWEET, id=await ada.tweet("so"), **given) == ["BAD_USER_INPUT"], given
    wide = {"from": to_iso(now - 30 * DAY_MS), "to": to_iso(now), "bucket": "HOUR"}
    buckets = (await ada.ask(USER, id=ada.id, **wide))["user"]["analytics"]["buckets"]
    assert 720 <= len(buckets) <= 721
    assert [bucket["start"] for bucket in buckets] == sorted(bucket["start"] for bucket in buckets)


async def test_the_platforms_metrics_are_for_admins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("murmur.roles.reporting._SECONDS", 0.1)
    async with founded(tmp_path) as (city, _):
        ada = await city.person("ada")
        assert await ada.codes(PLATFORM, **today()) == ["FORBIDDEN"]
        assert await city.nobody.codes(PLATFORM, **today()) == ["UNAUTHENTICATED"]
    async with founded(tmp_path, admins=[int(ada.id)]) as (city, _):
        ada = await signed_in_again(city, "ada")
        bea = await city.person("bea")
        assert await bea.codes(PLATFORM, **today()) == ["FORBIDDEN"]
        await bea.follow(ada)
        for number in range(3):
            await ada.tweet(f"post {number}")
        await counted(ada)


async def signed_in_again(city: City, handle: str) -> Person:
    document = "mutation ($i: SignInInput!) { signIn(input: $i) { user { id handle } accessToken } }"
    session = (await city.nobody.ask(document, i={"handle": handle, "password": "correct horse"}))["signIn"]
    return Person(city.door, session["user"]["id"], handle, session)


async def counted(admin: Person) -> None:
    found: list[dict[str, Any]] = []

    def busiest() -> dict[str, Any]:
        """Not the next one, which the time asked for may touch."""
        return max(found, key=lambda bucket: bucket["posts"])

    async def all_there() -> bool:
        found[:] = (await admin.ask(PLATFORM, **today()))["platformMetrics"]["buckets"]
        last = busiest()
        there = last["posts"], last["activePeople"], last["requests"] >= 5, last["fanoutLagMs"] is not None
        return there == (3, 2, True, True)

    try:
        await until(all_there, 15)
    except TimeoutError:
        raise AssertionError(f"the platform has {found}") from None
    last = busiest()
    assert last["postsPerMinute"] == 3 / 60
    assert last["errorRate"] == 0.0
    assert 0 <= last["fanoutLagMs"] < 15_000
    assert 0 <= last["fanoutWithinSecond"] <= 1
    found[:] = (await admin.ask(PLATFORM, **today(), bucket="DAY"))["platformMetrics"]["buckets"]
    assert (busiest()["posts"], busiest()["activePeople"]) == (3, 2)

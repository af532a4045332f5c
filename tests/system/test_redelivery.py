"""Everything that was ever published is delivered to all workers a second time: nobody sees a difference."""

import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from murmur.broker.kafka import KafkaBroker
from murmur.clock import to_iso, wall_clock
from murmur.cluster.kafka import Kafka
from murmur.cluster.redis import Redis
from tests.support.city import City, Person, door_to, signed_in
from tests.support.program import Running, murmur, running
from tests.support.topics import rewind, topics
from tests.support.waiting import until
from workers.groups import GROUPS

_NOTIFICATIONS = """{
  notifications(first: 100) {
    nodes { id groupId kind actorCount read createdAt actors { id } tweet { id likeCount retweetCount } }
  }
  unreadNotificationCount
}"""
_SEARCH = """query ($query: String!) { search(query: $query, order: LATEST, first: 100) {
  nodes { __typename ... on Tweet { id likeCount } ... on User { id } }
} }"""


_ANALYTICS = """query ($id: ID!, $from: DateTime!, $to: DateTime!) { user(id: $id) {
  analytics(from: $from, to: $to) { total {
    impressions profileVisits likes unlikes retweets undoneRetweets replies quotes followersGained followersLost
  } }
} }"""
_RECORD = """mutation ($tweets: [ID!]!, $people: [ID!]!) {
  recordImpressions(input: {batchId: "a", tweetIds: $tweets, profileIds: $people}) { accepted }
}"""
_AROUND = {"from": to_iso(wall_clock() - 86_400_000), "to": to_iso(wall_clock() + 86_400_000)}


@pytest.fixture
async def engines(kafka: Kafka, redis_server: Redis) -> AsyncGenerator[Mapping[str, str]]:
    name = secrets.token_hex(4)
    async with topics(f"{kafka.url}/{name}") as url:
        redis = f"{redis_server.url}?prefix={name}"
        yield {"MURMUR_BROKER_URL": url, "MURMUR_TIMELINES_URL": redis, "MURMUR_PUBSUB_URL": redis}


async def test_nothing_changes_when_all_is_delivered_again(engines: Mapping[str, str], tmp_path: Path) -> None:
    folder, broker = tmp_path / "data", KafkaBroker(engines["MURMUR_BROKER_URL"])
    async with running("up", data_dir=folder, **engines) as program, aiohttp.ClientSession() as session:
        people = await City(door_to(program.url, session)).people("ada", "bob", "cyd", "dan")
        await _happenings(people)
        await _at_rest(folder, engines)
        await _read_some(people[0])
        before = [await _seen(person) for person in people]
        assert len(before[0]["home"]) > 5 and before[0]["notifications"] and before[0]["found"], before[0]
        assert before[0]["analytics"]["impressions"] == 8, before[0]
        assert await program.stop() == 0, program.log
    await rewind(engines["MURMUR_BROKER_URL"], *GROUPS)
    lags = {group: await broker.lag(group) for group in GROUPS}
    assert min(lags.values()) > 10, lags
    async with running("up", data_dir=folder, **engines) as program, aiohttp.ClientSession() as session:
        people = _now(people, program, session)

        async def done_again() -> bool:
            return not any([await broker.lag(group) for group in GROUPS])

        await until(done_again, 30)
        assert [await _seen(person) for person in people] == before
        await _at_rest(folder, engines)
    assert await broker.dead_letters(1) == []
    await broker.close()


async def _happenings(people: Sequence[Person]) -> None:
    """Of each kind, and what takes it back."""
    ada, bob, cyd, dan = people
    for person in people:
        await person.home()
    await ada.follow(bob, cyd, dan)
    await bob.follow(ada, cyd)
    await cyd.follow(ada)
    await ada.relate("unfollow", dan)
    mine = [await ada.tweet(f"sunrise number {number} #dawn") for number in range(4)]
    theirs = [await bob.tweet(f"@ada sunset number {number}", inReplyTo=mine[0]) for number in range(4)]
    await cyd.tweet("sunrise, as I saw it", quotes=mine[1])
    for liker in (bob, cyd, dan):
        await liker.engage("like", mine[0])
        await liker.engage("retweet", mine[1])
    await dan.engage("unlike", mine[0])
    await dan.engage("undoRetweet", mine[1])
    await bob.engage("deleteTweet", theirs[3])
    await ada.engage("deleteTweet", mine[3])
    await dan.relate("block", cyd)
    for person in (bob, cyd):
        await person.ask(_RECORD, tweets=mine, people=[ada.id])


async def _read_some(person: Person) -> None:
    """Mark what is old as read: what joins a group after that would begin a new one."""
    nodes = (await person.ask(_NOTIFICATIONS))["notifications"]["nodes"]
    document = "mutation ($id: ID!) { markNotificationsRead(upTo: $id) { unreadCount userErrors { code } } }"
    assert (await person.ask(document, id=nodes[2]["id"]))["markNotificationsRead"]["userErrors"] == []


async def _seen(person: Person) -> dict[str, Any]:
    return {
        "home": await person.home(),
        "notifications": (answer := await person.ask(_NOTIFICATIONS))["notifications"]["nodes"],
        "unread": answer["unreadNotificationCount"],
        "found": [(await person.ask(_SEARCH, query=query))["search"]["nodes"] for query in ("sunrise", "#dawn", "sunset")],
        "analytics": (await person.ask(_ANALYTICS, id=person.id, **_AROUND))["user"]["analytics"]["total"],
    }


async def _at_rest(folder: Path, engines: Mapping[str, str]) -> None:
    audited = await murmur("audit", "--wait", "30", data_dir=folder, **engines)
    assert audited.code == 0, audited


def _now(people: Sequence[Person], program: Running, session: aiohttp.ClientSession) -> list[Person]:
    return [signed_in(door_to(program.url, session), person.session) for person in people]

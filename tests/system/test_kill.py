"""`kill -9` at random moments while many connections write: nothing acknowledged is lost, nothing is doubled."""

import asyncio
import random
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.city import City, Door, Person, connections
from tests.support.program import Running, running
from tests.support.waiting import until

_LIVES = 3
_PEOPLE = 10
_MOST_ENTRIES = 600
"""A home timeline keeps 800: all that anybody posts must fit."""


@dataclass
class Acknowledged:
    """What the platform has said it keeps. An edge is of a person's and another's, or a tweet's, id."""

    tweets: dict[str, str] = field(default_factory=dict)
    follows: set[tuple[str, str]] = field(default_factory=set)
    likes: set[tuple[str, str]] = field(default_factory=set)
    retweets: set[tuple[str, str]] = field(default_factory=set)
    pending: dict[str, tuple[Person, str]] = field(default_factory=dict)
    """Posts that were sent and not answered, by idempotency key."""
    sent: int = 0
    answered: int = 0


async def _post(acknowledged: Acknowledged, person: Person, key: str, text: str) -> None:
    acknowledged.pending[key] = person, text
    tweet_id = await person.tweet(text, idempotencyKey=key)
    acknowledged.tweets[tweet_id] = text
    del acknowledged.pending[key]


async def _live(acknowledged: Acknowledged, person: Person, others: Sequence[Person], dice: random.Random) -> None:
    """Do things until the connection breaks."""
    with suppress(aiohttp.ClientError):
        while True:
            acknowledged.sent += 1
            other, action = dice.choice(others), dice.random()
            tweets = list(acknowledged.tweets)[-40:]
            may_post = acknowledged.sent < _MOST_ENTRIES
            if action < 0.5 and may_post:
                await _post(acknowledged, person, f"{acknowledged.sent}-{dice.random()}", f"number {acknowledged.sent}")
            elif action < 0.6 and tweets and may_post:
                tweet = dice.choice(tweets)
                await person.engage("retweet", tweet)
                acknowledged.retweets.add((person.id, tweet))
            elif action < 0.7:
                await person.follow(other)
                acknowledged.follows.add((person.id, other.id))
            elif action < 0.85 and tweets:
                tweet = dice.choice(tweets)
                await person.engage("like", tweet)
                acknowledged.likes.add((person.id, tweet))
            else:
                await person.home(20)
            acknowledged.answered += 1


def _through(doors: Sequence[Door], people: Sequence[Person]) -> list[Person]:
    return [Person(door, person.id, person.handle, person.session) for door, person in zip(doors, people, strict=True)]


async def test_what_was_acknowledged_survives_kill_9_and_stands_in_each_timeline_once(tmp_path: Path) -> None:
    folder, dice = tmp_path / "data", random.Random()
    acknowledged = Acknowledged()
    people: list[Person] = []
    last_id = 0
    for life in range(_LIVES + 1):
        async with running("up", data_dir=folder) as program, connections(program.url, _PEOPLE) as doors:
            if not people:
                people = [await City(door).person(f"person_{number}") for number, door in enumerate(doors)]
            people = _through(doors, people)
            await _check(acknowledged, people)
            retried = list(acknowledged.pending.items())
            await asyncio.gather(*(_post(acknowledged, _now(people, who), key, text) for key, (who, text) in retried))
            fresh = await people[0].tweet(f"life {life}")
            acknowledged.tweets[fresh] = f"life {life}"
            assert int(fresh) > last_id, "ids run back"
            if life == _LIVES:
                await _check(acknowledged, people)
                assert await program.stop(signal.SIGTERM) == 0, program.log
                break
            await _load_and_kill(program, acknowledged, people, dice)
            last_id = max(map(int, acknowledged.tweets))
    assert len(acknowledged.tweets) > _LIVES, "the load came to nothing"
    assert acknowledged.answered < acknowledged.sent, "nothing was under way when the process died"


async def _load_and_kill(program: Running, acknowledged: Acknowledged, people: Sequence[Person], dice: random.Random) -> None:
    load = [asyncio.create_task(_live(acknowledged, person, _but(people, person), dice)) for person in people]
    before = acknowledged.answered
    # A random amount of work instead of a random time, so that a slow machine has something under way as well.
    target = before + dice.randint(20, 250)

    async def enough() -> bool:
        return acknowledged.answered >= target

    await until(enough, 20)
    await program.kill()
    await asyncio.gather(*load)


def _but(people: Sequence[Person], person: Person) -> list[Person]:
    return [other for other in people if other is not person]


def _now(people: Sequence[Person], before: Person) -> Person:
    """Who speaks through a door of this life."""
    return next(person for person in people if person.id == before.id)


_GRAPH = """query ($ids: [ID!]!) { users(ids: $ids) {
  id followerCount followingCount followers(first: 100) { nodes { id } } following(first: 100) { nodes { id } }
} }"""
_TWEETS = """query ($ids: [ID!]!) { tweets(ids: $ids) {
  id text likeCount retweetCount likedBy(first: 100) { nodes { id } } retweetedBy(first: 100) { nodes { id } }
} }"""


async def _check(acknowledged: Acknowledged, people: Sequence[Person]) -> None:
    """All that was acknowledged is there, counters equal edges, and every timeline holds each tweet once."""
    reader = people[0]
    shown = (await reader.ask(_GRAPH, ids=[person.id for person in people]))["users"]
    follows = {(user["id"], node["id"]) for user in shown for node in user["following"]["nodes"]}
    assert acknowledged.follows <= follows
    assert follows == {(node["id"], user["id"]) for user in shown for node in user["followers"]["nodes"]}
    for user in shown:
        assert user["followingCount"] == len(user["following"]["nodes"])
        assert user["followerCount"] == len(user["followers"]["nodes"])
    tweets = await _tweets(reader, list(acknowledged.tweets))
    assert {tweet["id"]: tweet["text"] for tweet in tweets} == acknowledged.tweets
    for tweet in tweets:
        assert tweet["likeCount"] == len(tweet["likedBy"]["nodes"])
        assert tweet["retweetCount"] == len(tweet["retweetedBy"]["nodes"])
    assert acknowledged.likes <= {(node["id"], tweet["id"]) for tweet in tweets for node in tweet["likedBy"]["nodes"]}
    assert acknowledged.retweets <= {(node["id"], tweet["id"]) for tweet in tweets for node in tweet["retweetedBy"]["nodes"]}
    posted: dict[str, set[str]] = {}
    for person in people:
        entries = [entry["tweet"] for entry in await reader.timeline_of(person.handle)]
        posted[person.id] = {tweet["id"] for tweet in entries}
        assert len({tweet["text"] for tweet in entries}) == len(posted[person.id]), "a retried post was published twice"
    for person in people:
        followed = {followee for follower, followee in follows if follower == person.id}
        await _sees(person, set().union(*(posted[poster] for poster in (person.id, *followed))))


async def _tweets(reader: Person, ids: Sequence[str]) -> list[Any]:
    pages = [ids[start : start + 25] for start in range(0, len(ids), 25)]
    return [tweet for page in pages for tweet in (await reader.ask(_TWEETS, ids=page))["tweets"] if tweet]


async def _sees(person: Person, expected: set[str]) -> None:
    async def whole() -> bool:
        found = [entry["tweet"]["id"] for entry in await person.home()]
        assert len(set(found)) == len(found), "a tweet stands twice"
        return set(found) == expected

    await until(whole, 20)

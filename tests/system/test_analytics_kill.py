"""`kill -9` while clients record impressions: each that was acknowledged is counted, and none twice."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from murmur.clock import to_iso, wall_clock
from tests.support.city import City, Person, connections
from tests.support.program import Running, running
from tests.support.waiting import until

_LIVES = 3
_VIEWERS = 6
_TWEETS = 60
_BATCH = 4
_RECORD = "mutation ($input: RecordImpressionsInput!) { recordImpressions(input: $input) { accepted userErrors { code } } }"
_ANALYTICS = """query ($ids: [ID!]!, $id: ID!, $from: DateTime!, $to: DateTime!) {
  tweets(ids: $ids) { id analytics { total { impressions likes } } }
  user(id: $id) { analytics(from: $from, to: $to) { total { impressions profileVisits likes followersGained } } }
}"""


@dataclass
class _Client:
    """Sends batches one after another, and one that was not answered again under its name."""

    person: Person
    left: list[tuple[str, Sequence[str]]]
    answered: int = 0

    async def live(self) -> None:
        with suppress(aiohttp.ClientError):
            while self.left:
                name, tweets = self.left[0]
                batch = {"batchId": name, "tweetIds": tweets}
                assert (await self.person.ask(_RECORD, input=batch))["recordImpressions"]["accepted"] == len(tweets)
                await self.person.engage("like", tweets[0])
                self.left.pop(0)
                self.answered += 1


@dataclass
class _Square:
    author: Person
    tweets: list[str]
    clients: list[_Client] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return sum(client.answered for client in self.clients)


async def test_impressions_that_were_acknowledged_are_counted_once_whenever_the_process_is_killed(tmp_path: Path) -> None:
    folder, dice = tmp_path / "data", random.Random()
    batches = _VIEWERS * _TWEETS // _BATCH
    square: _Square | None = None
    for life in range(_LIVES):
        async with running("up", data_dir=folder) as program, connections(program.url, _VIEWERS + 1) as doors:
            if square is None:
                square = await _founded(City(doors[-1]))
            for client, door in zip(square.clients, doors, strict=False):
                client.person = Person(door, client.person.id, client.person.handle, client.person.session)
            square.author = Person(doors[-1], square.author.id, square.author.handle, square.author.session)
            working = [asyncio.create_task(client.live()) for client in square.clients]
            if life < _LIVES - 1:
                await _killed(program, square, batches * (life + 1) // _LIVES + dice.randrange(5))
                await asyncio.gather(*working)
                assert square.answered < batches
                continue
            await asyncio.gather(*working)
            assert not [client for client in square.clients if client.left]
            await _counted(square)
            assert await program.stop() == 0, program.log


async def _founded(city: City) -> _Square:
    author, *viewers = await city.people("author", *(f"viewer_{number}" for number in range(_VIEWERS)))
    tweets = [await author.tweet(f"tweet {number}") for number in range(_TWEETS)]
    clients: list[_Client] = []
    for viewer in viewers:
        await viewer.follow(author)
        parts = [tweets[start : start + _BATCH] for start in range(0, _TWEETS, _BATCH)]
        clients.append(_Client(viewer, [(f"batch {number}", part) for number, part in enumerate(parts)]))
    return _Square(author, tweets, clients)


async def _killed(program: Running, square: _Square, answered: int) -> None:
    async def enough() -> bool:
        return square.answered >= answered

    await until(enough, 60)
    await program.kill()


async def _counted(square: _Square) -> None:
    """Every tweet was seen by each viewer, every first of a batch was liked by each."""
    likes = {tweet: _VIEWERS if number % _BATCH == 0 else 0 for number, tweet in enumerate(square.tweets)}
    expected = [
        {"id": tweet, "analytics": {"total": {"impressions": _VIEWERS, "likes": likes[tweet]}}} for tweet in square.tweets
    ]
    total = {
        "impressions": _VIEWERS * _TWEETS,
        "profileVisits": 0,
        "likes": _VIEWERS * _TWEETS // _BATCH,
        "followersGained": _VIEWERS,
    }
    now = wall_clock()
    when = {"from": to_iso(now - 86_400_000), "to": to_iso(now + 86_400_000)}
    found: dict[str, Any] = {}

    async def same() -> bool:
        found.update(await square.author.ask(_ANALYTICS, ids=square.tweets, id=square.author.id, **when))
        return found["tweets"] == expected and found["user"]["analytics"]["total"] == total

    try:
        await until(same, 30)
    except TimeoutError:
        raise AssertionError(f"counted {found}") from None

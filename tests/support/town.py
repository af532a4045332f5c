"""A steady load on a platform that may fail, and what it has acknowledged."""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from subgraphs.notifications.model import KEPT as NOTIFICATIONS_KEPT
from subgraphs.timelines.model import KEPT
from tests.support.city import City, Person
from tests.support.waiting import until

_WRITERS = 4
_PACE_SECONDS = 0.25
_CREATE = "mutation ($input: CreateTweetInput!) { createTweet(input: $input) { tweet { id } userErrors { code message } } }"
_LIKE = "mutation ($id: ID!) { like(tweetId: $id) { tweet { id } userErrors { code } } }"
_FOLLOW = "mutation ($id: ID!) { follow(userId: $id) { user { id } userErrors { code } } }"
_LIKERS = "query ($ids: [ID!]!) { tweets(ids: $ids) { id likedBy(first: 10) { nodes { id } } } }"
_FOLLOWERS = "query ($ids: [ID!]!) { users(ids: $ids) { id followers(first: 100) { nodes { id } } } }"
_TOLD = """query ($first: Int, $after: String) {
  notifications(first: $first, after: $after, kinds: [MENTION]) {
    nodes { tweet { id } } pageInfo { endCursor hasNextPage }
  }
}"""
_SEARCH = """query ($query: String!, $first: Int, $after: String) {
  search(query: $query, order: LATEST, first: $first, after: $after) {
    nodes { ... on Tweet { id } } pageInfo { endCursor hasNextPage }
  }
}"""


@dataclass
class Town:
    """Writers under load, and somebody who follows them all and whom they mention.

    Whatever was answered without an error is acknowledged.
    """

    writers: Sequence[Person]
    reader: Person
    tweets: dict[str, str] = field(default_factory=dict)
    likes: set[tuple[str, str]] = field(default_factory=set)
    follows: set[tuple[str, str]] = field(default_factory=set)
    refused: int = 0
    pending: dict[str, tuple[Person, str]] = field(default_factory=dict)
    """Posts that were sent and not acknowledged, by idempotency key."""

    @asynccontextmanager
    async def loaded(self) -> AsyncGenerator[None]:
        """A steady load within the body, which begins once it gets through, and at its end gets through again."""
        tasks = [asyncio.create_task(self._write(writer, random.Random())) for writer in self.writers]
        try:
            await self.more(8)
            yield
            await self.more(8)
        finally:
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome

    async def more(self, posts: int, seconds: float = 120) -> None:
        """Wait until so many more were acknowledged."""
        target = len(self.tweets) + posts

        async def reached() -> bool:
            return len(self.tweets) >= target

        await until(reached, seconds)

    async def check(self, seconds: float = 90) -> None:
        """Send again, with its key, what was not answered; then all is there once: in lists, timelines, notifications, search."""
        for key in list(self.pending):

            async def acknowledged(key: str = key) -> bool:
                await self._post(key)
                return key not in self.pending

            await until(acknowledged, 60)
        await self._stored()
        newest = sorted(self.tweets, key=int, reverse=True)
        await self.reader.sees(*newest[:KEPT], seconds=seconds)

        async def told() -> bool:
            notices = [node["tweet"] for node in await self.reader.entries(_TOLD, 100)]
            # Each tweet is a key of its own: events of different tweets may overtake each other by moments.
            found = [notice["id"] for notice in notices]
            assert len(set(found)) == len(found), "somebody was told twice of one mention"
            # Of the oldest that are kept some have given way to who follows the reader.
            return set(newest[: NOTIFICATIONS_KEPT - 50]) <= set(found) <= set(newest)

        async def searchable() -> bool:
            for writer in self.writers:
                found = [node["id"] for node in await self.reader.entries(_SEARCH, 100, query=f"from:{writer.handle}")]
                if found != [id_ for id_ in newest if self.tweets[id_].endswith(f" of {writer.handle}")]:
                    return False
            return True

        await until(told, seconds)
        await until(searchable, seconds)

    async def _stored(self) -> None:
        posted: dict[str, str] = {}
        for writer in self.writers:
            entries = [entry["tweet"] for entry in await self.reader.timeline_of(writer.handle)]
            assert len({entry["text"] for entry in entries}) == len(entries), "a post that was sent again stands twice"
            posted |= {entry["id"]: entry["text"] for entry in entries}
        assert posted == self.tweets
        likers: set[tuple[str, str]] = set()
        ids = list(self.tweets)
        for start in range(0, len(ids), 25):
            for tweet in (await self.reader.ask(_LIKERS, ids=ids[start : start + 25]))["tweets"]:
                likers |= {(node["id"], tweet["id"]) for node in tweet["likedBy"]["nodes"]}
        assert self.likes <= likers
        shown = (await self.reader.ask(_FOLLOWERS, ids=[person.id for person in (*self.writers, self.reader)]))["users"]
        assert self.follows <= {(node["id"], user["id"]) for user in shown for node in user["followers"]["nodes"]}

    async def _write(self, writer: Person, dice: random.Random) -> None:
        """Post, like and follow until cancelled, whatever fails."""
        while True:
            action = dice.random()
            if self.tweets and action < 0.3:
                tweet = dice.choice(list(self.tweets))
                if await self._ask(writer, _LIKE, "like", id=tweet) is not None:
                    self.likes.add((writer.id, tweet))
            elif action < 0.4:
                other = dice.choice([person for person in (*self.writers, self.reader) if person is not writer])
                if await self._ask(writer, _FOLLOW, "follow", id=other.id) is not None:
                    self.follows.add((writer.id, other.id))
            else:
                key = f"{dice.random()}"
                self.pending[key] = writer, f"@{self.reader.handle} {key} of {writer.handle}"
                await self._post(key)
            await asyncio.sleep(_PACE_SECONDS)

    async def _post(self, key: str) -> None:
        writer, text = self.pending[key]
        payload = await self._ask(writer, _CREATE, "createTweet", input={"text": text, "idempotencyKey": key})
        if payload is not None:
            assert payload["userErrors"] == [], payload
            self.tweets[payload["tweet"]["id"]] = text
            self.pending.pop(key, None)

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


async def founded(city: City) -> Town:
    """People of a new town, whose reader has a timeline already."""
    mark = f"{random.randrange(10**6)}"
    writers = [await city.person(f"w{number}_{mark}") for number in range(_WRITERS)]
    reader = await city.person(f"r_{mark}")
    await reader.follow(*writers)
    await reader.home()
    return Town(writers, reader)

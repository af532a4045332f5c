"""People who use a platform through its GraphQL, in this process or over HTTP."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from starlette.types import ASGIApp

from murmur.roles.up import Platform, open_platform
from murmur.settings import Settings, load_settings
from tests.support.asgi import Reply, ask
from tests.support.waiting import until

PASSWORD = "correct horse"
CHEAP: Mapping[str, object] = {
    "argon2_time_cost": 1,
    "argon2_memory_kib": 8,
    "argon2_parallelism": 1,
    "signup_per_address": "100000/hour",
}
"""Settings that let a test sign up many people soon."""

Door = Callable[[bytes, Mapping[str, str]], Awaitable[Reply]]
"""Posts a body to `/graphql`."""

_SIGN_UP = """
mutation ($input: SignUpInput!) {
  signUp(input: $input) { user { id handle name } accessToken refreshToken expiresAt userErrors { code message field } }
}
"""
_ENTRIES = "nodes { tweet { id text author { handle } } retweetedBy { handle } } pageInfo { endCursor hasNextPage }"


def cheap_settings(folder: Path, **more: object) -> Settings:
    return load_settings({}, **{**CHEAP, "data_dir": folder, **more})


@dataclass
class Person:
    """Somebody with a session, or nobody in particular."""

    door: Door
    id: str = ""
    handle: str = ""
    session: dict[str, Any] = field(default_factory=dict)

    async def post(self, body: bytes) -> Reply:
        token = self.session.get("accessToken")
        return await self.door(body, {"authorization": f"Bearer {token}"} if token else {})

    async def run(self, document: str, **variables: object) -> dict[str, Any]:
        """The whole response."""
        return (await self.post(orjson.dumps({"query": document, "variables": variables}))).json

    async def ask(self, document: str, **variables: object) -> Any:
        """The data of a response without errors."""
        response = await self.run(document, **variables)
        assert "errors" not in response, response["errors"]
        return response["data"]

    async def codes(self, document: str, **variables: object) -> list[str]:
        """The codes of a response's errors."""
        return [error["extensions"]["code"] for error in (await self.run(document, **variables)).get("errors", [])]

    async def relate(self, verb: str, other: "Person | str", show: str = "id") -> dict[str, Any]:
        """Follow, block, mute and their opposites."""
        id_ = other if isinstance(other, str) else other.id
        document = f"mutation ($id: ID!) {{ {verb}(userId: $id) {{ user {{ {show} }} userErrors {{ code message field }} }} }}"
        return (await self.ask(document, id=id_))[verb]

    async def engage(self, verb: str, tweet_id: str, show: str = "id") -> dict[str, Any]:
        """Like, retweet, bookmark, delete a tweet, and their opposites."""
        argument = "id" if verb == "deleteTweet" else "tweetId"
        shown = f"{{ tweet {{ {show} }} userErrors {{ code message field }} }}"
        return (await self.ask(f"mutation ($id: ID!) {{ {verb}({argument}: $id) {shown} }}", id=tweet_id))[verb]

    async def create(self, text: str, show: str = "id", **more: object) -> dict[str, Any]:
        """The payload of a tweet that may be refused."""
        shown = f"{{ tweet {{ {show} }} userErrors {{ code message field }} }}"
        document = f"mutation ($input: CreateTweetInput!) {{ createTweet(input: $input) {shown} }}"
        return (await self.ask(document, input={"text": text, **more}))["createTweet"]

    async def tweet(self, text: str = "hello", **more: object) -> str:
        """The id of a new tweet."""
        payload = await self.create(text, **more)
        assert payload["userErrors"] == [], payload
        return payload["tweet"]["id"]

    async def follow(self, *others: "Person") -> None:
        for other in others:
            assert (await self.relate("follow", other))["userErrors"] == []

    async def home(self, size: int = 100) -> list[dict[str, Any]]:
        """All entries of the home timeline."""
        return await self.entries(
            f"query ($first: Int, $after: String) {{ homeTimeline(first: $first, after: $after) {{ {_ENTRIES} }} }}", size
        )

    async def timeline_of(self, handle: str, size: int = 100) -> list[dict[str, Any]]:
        """All entries of somebody's own timeline."""
        field_ = f"timeline(first: $first, after: $after) {{ {_ENTRIES} }}"
        document = f"query ($handle: String, $first: Int, $after: String) {{ user(handle: $handle) {{ {field_} }} }}"
        return await self.entries(document, size, handle=handle)

    async def entries(self, document: str, size: int, **variables: object) -> list[Any]:
        """All nodes of the one connection that a document selects, page after page, by `$first` and `$after`."""
        nodes: list[Any] = []
        after: str | None = None
        while True:
            page = await self.ask(document, first=size, after=after, **variables)
            while "pageInfo" not in page:
                [page] = page.values()
            nodes += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return nodes
            after = page["pageInfo"]["endCursor"]

    async def sees(self, *tweet_ids: str, seconds: float = 15) -> None:
        """Wait until the home timeline holds exactly these tweets, newest first."""
        found: list[str] = []

        async def same() -> bool:
            found[:] = [entry["tweet"]["id"] for entry in await self.home()]
            return found == list(tweet_ids)

        try:
            await until(same, seconds)
        except TimeoutError:
            raise AssertionError(f"{self.handle} sees {found} instead of {list(tweet_ids)}") from None


@dataclass
class City:
    """Whoever comes is signed up by way of `door`."""

    door: Door
    _numbers: Any = field(default_factory=count)

    @property
    def nobody(self) -> Person:
        return Person(self.door)

    async def person(self, handle: str | None = None, door: Door | None = None) -> Person:
        """Somebody new."""
        handle = handle or f"person_{next(self._numbers)}"
        given = {"handle": handle, "password": PASSWORD, "name": handle.title()}
        somebody = Person(door or self.door)
        session = (await somebody.ask(_SIGN_UP, input=given))["signUp"]
        assert session["userErrors"] == [], session
        return signed_in(somebody.door, session)

    async def people(self, *handles: str) -> Sequence[Person]:
        return [await self.person(handle) for handle in handles]


def signed_in(door: Door, session: dict[str, Any]) -> Person:
    """Whom a session payload speaks of."""
    return Person(door, session["user"]["id"], session["user"]["handle"], session)


def door_of(app: ASGIApp) -> Door:
    """An app in this process, without a socket."""

    async def post(body: bytes, headers: Mapping[str, str]) -> Reply:
        return await ask(app, "POST", "/graphql", body=body, headers={"content-type": "application/json", **headers})

    return post


def door_to(url: str, session: aiohttp.ClientSession) -> Door:
    """A platform at an address such as `http://127.0.0.1:8000`."""

    async def post(body: bytes, headers: Mapping[str, str]) -> Reply:
        sent = {"content-type": "application/json", **headers}
        async with session.post(f"{url}/graphql", data=body, headers=sent) as response:
            return Reply(response.status, dict(response.headers), await response.read())

    return post


@asynccontextmanager
async def connections(url: str, number: int) -> AsyncGenerator[list[Door]]:
    """As many doors, each with a connection of its own."""
    async with AsyncExitStack() as stack:
        yield [
            door_to(url, await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1))))
            for _ in range(number)
        ]


@asynccontextmanager
async def founded(folder: Path, **settings: object) -> AsyncGenerator[tuple[City, Platform]]:
    """A platform of this process on a data folder."""
    async with open_platform(cheap_settings(folder, **settings)) as platform:
        yield City(door_of(platform.gateway.app)), platform

"""Clients that people use, against the platform as it is started: in one process, and as a gateway before roles apart."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from gql import Client as GqlClient
from gql import gql
from gql.transport.exceptions import TransportConnectionFailed
from gql.transport.websockets import WebsocketsTransport

from murmur.cluster import redis
from murmur.cluster.server import free_ports
from murmur.identity import Caller, TokenSigner, Viewer, load_key
from tests.conftest import needs
from tests.support.city import City, Person, door_to
from tests.support.program import Running, running
from tests.support.waiting import until

from .clients import KINDS, Clients, Kind, running_clients
from .peers import missing

pytestmark = pytest.mark.asyncio(loop_scope="module")
RECEIVED = """subscription ($after: ID) { notificationReceived(after: $after) {
  id kind actors { name followerCount } tweet { text likeCount }
} }"""
# Notifications of all time come first, so that nothing hangs on when a subscription begins.
EVER = "1"


@dataclass
class Live:
    url: str
    city: City
    folder: Path
    restart: Callable[[], Awaitable[None]]

    def token(self, person: Person, seconds: int) -> str:
        """An access token that ends sooner than those of sign-in."""
        signer = TokenSigner(load_key(self.folder / "keys" / "access.pem"), "access", seconds)
        return signer.sign(Caller(Viewer(int(person.id), "session")))[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["up", "gateway"])
async def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Live]:
    """`gateway` has no timelines and no search beside it: who asks for neither does not notice."""
    folder = tmp_path_factory.mktemp("live") / "data"
    port, *ports = free_ports(4)
    arguments, settings = [request.param], {"MURMUR_DRAIN_NOTICE": "0"}
    async with AsyncExitStack() as stack:
        if request.param == "gateway":
            needs(redis.missing())
            engine = stack.enter_context(redis.Redis(tmp_path_factory.mktemp("live-redis")))
            names = dict(zip(("users", "tweets", "notifications"), ports, strict=True))
            urls = {name: f"http://127.0.0.1:{number}/graphql" for name, number in names.items()}
            settings |= {"MURMUR_SUBGRAPHS": json.dumps(urls), "MURMUR_PUBSUB_URL": engine.url}
            apart = [
                *(running("subgraph", name, data_dir=folder, port=number, **settings) for name, number in names.items()),
                *(running("worker", name, data_dir=folder, **settings) for name in ("outbox-relay", "notifier")),
            ]
            for each in apart:
                await stack.enter_async_context(each)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        opened: list[Running] = []

        async def start() -> None:
            opened.append(await stack.enter_async_context(running(*arguments, data_dir=folder, port=port, **settings)))

            async def ready() -> bool:
                async with session.get(f"{opened[-1].url}/health/ready") as response:
                    return response.status == 200

            await until(ready, 30)

        async def restart() -> None:
            assert await opened[-1].stop() == 0, opened[-1].log
            await start()

        await start()
        yield Live(opened[0].url, City(door_to(opened[0].url, session)), folder, restart)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clients() -> AsyncGenerator[Clients]:
    needs(missing())
    async with running_clients() as opened:
        yield opened


def shown(kind: str, person: Person, text: str | None, likes: int = 0, followers: int = 0) -> dict[str, Any]:
    tweet = None if text is None else {"text": text, "likeCount": likes}
    return {"kind": kind, "actors": [{"name": person.handle.title(), "followerCount": followers}], "tweet": tweet}


def of(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "id"}


@pytest.mark.parametrize("kind", KINDS)
async def test_an_event_is_selected_across_subgraphs(live: Live, clients: Clients, kind: Kind) -> None:
    ada, bea = [await live.city.person() for _ in range(2)]
    await ada.follow(bea)
    tweet = await ada.tweet("first")
    client = await clients.open(kind, live.url, ada.session["accessToken"])
    received = await client.subscribe(RECEIVED, after=EVER)
    await bea.engage("like", tweet)
    assert of(await received.data()) == shown("LIKE", bea, "first", likes=1, followers=1)
    answer = await bea.tweet("an answer", inReplyTo=tweet)
    assert of(await received.data()) == shown("REPLY", bea, "an answer", followers=1)
    await received.stop()
    await received.end()
    # What was taken once comes again for who asks for it again, and what is refused is told to its operation alone.
    again = await client.subscribe(RECEIVED, after=EVER)
    assert [(await again.data())["kind"] for _ in range(2)] == ["LIKE", "REPLY"]
    refused = await client.subscribe("subscription { nothing }")
    told = await (refused.end() if kind == "ws" else refused.next())
    assert "nothing" in str(told)
    await bea.engage("deleteTweet", answer)


@pytest.mark.parametrize("kind", KINDS)
async def test_many_operations_of_all_kinds_run_at_once(live: Live, clients: Clients, kind: Kind) -> None:
    ada, bea = [await live.city.person() for _ in range(2)]
    client = await clients.open(kind, live.url, ada.session["accessToken"])
    received = [await client.subscribe(RECEIVED, after=EVER) for _ in range(10)]
    asked = [await client.subscribe("{ me { handle followerCount } }") for _ in range(30)]
    made = await client.subscribe('mutation { createTweet(input: {text: "by a socket"}) { tweet { id text } } }')
    tweet = (await made.data())["tweet"]
    assert tweet["text"] == "by a socket"
    for each in (*asked, made):
        if each is not made:
            assert await each.data() == {"handle": ada.handle, "followerCount": 0}
        assert "complete" in await each.end()
    await bea.engage("like", tweet["id"])
    for each in received:
        assert of(await each.data()) == shown("LIKE", bea, "by a socket", likes=1)
        await each.stop()


async def test_a_server_that_stops_is_connected_to_again_and_nothing_is_missed_or_doubled(live: Live, clients: Clients) -> None:
    ada, bea = [await live.city.person() for _ in range(2)]
    opened = {kind: await clients.open(kind, live.url, ada.session["accessToken"]) for kind in KINDS}
    received = [await each.subscribe(RECEIVED, "notificationReceived", after=EVER) for each in opened.values()]
    before = await ada.tweet("before")
    await bea.engage("like", before)
    for each in received:
        assert (await each.data())["tweet"]["text"] == "before"
    await live.restart()
    closed = await opened["ws"].heard("closed")
    assert (closed["code"], closed["reason"]) == (1012, "this server is stopping")
    for each in opened.values():
        await each.heard("retrying")
    for number in range(3):
        await bea.tweet(f"meanwhile {number}", inReplyTo=before)
    for each in opened.values():
        await each.go()
    for each in received:
        assert [(await each.data())["tweet"]["text"] for _ in range(3)] == [f"meanwhile {number}" for number in range(3)]
    await bea.tweet("after", inReplyTo=before)
    for each in received:
        assert (await each.data())["tweet"]["text"] == "after"


async def test_what_is_open_ends_with_its_token_and_goes_on_with_a_new_one(live: Live, clients: Clients) -> None:
    ada, bea = [await live.city.person() for _ in range(2)]
    tweet = await ada.tweet("first")
    token = live.token(ada, seconds=5)
    opened = {kind: await clients.open(kind, live.url, token) for kind in KINDS}
    received = [await each.subscribe(RECEIVED, "notificationReceived", after=EVER) for each in opened.values()]
    await bea.engage("like", tweet)
    for each in received:
        assert (await each.data())["kind"] == "LIKE"
    closed = await opened["ws"].heard("closed")
    assert (closed["code"], closed["reason"]) == (4403, "the access token has expired; connect with a new one")
    await bea.tweet("meanwhile", inReplyTo=tweet)
    for each in opened.values():
        await each.heard("retrying")
        await each.use(ada.session["accessToken"])
        await each.go()
    for each in received:
        assert (await each.data())["tweet"]["text"] == "meanwhile"


async def test_a_python_client_asks_and_follows_on_one_socket_until_its_token_ends(live: Live) -> None:
    ada, bea = [await live.city.person() for _ in range(2)]
    token = live.token(ada, seconds=6)
    transport = WebsocketsTransport(
        live.url.replace("http", "ws") + "/graphql", init_payload={"Authorization": f"Bearer {token}"}
    )
    async with GqlClient(transport=transport, fetch_schema_from_transport=True) as session:
        made = await session.execute(gql('mutation { createTweet(input: {text: "by gql"}) { tweet { id } } }'))
        request = gql(RECEIVED)
        request.variable_values = {"after": EVER}
        events = session.subscribe(request)
        first = asyncio.ensure_future(anext(events))
        answers = await asyncio.gather(*(session.execute(gql("{ me { handle } }")) for _ in range(20)))
        assert answers == [{"me": {"handle": ada.handle}}] * 20
        await bea.engage("like", made["createTweet"]["tweet"]["id"])
        assert of((await first)["notificationReceived"]) == shown("LIKE", bea, "by gql", likes=1)
        with pytest.raises(TransportConnectionFailed) as ended:
            await anext(events)
        assert "4403" in f"{ended.value.__cause__} {ended.value}"

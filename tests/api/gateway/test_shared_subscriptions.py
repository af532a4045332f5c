"""Equal subscriptions run once, whoever follows them and by whichever door, and never for two people at once."""

import asyncio
from collections.abc import AsyncGenerator

import aiohttp
import pytest

from gateway.edge.options import EdgeOptions
from gateway.edge.refusal import Refusal
from gateway.edge.sharing import SharedStreams
from tests.support.asgi import served
from tests.support.edge import Edge
from tests.support.socket import Socket, socket
from tests.support.waiting import until

REVIEWED = "subscription ($shelf: Int) { reviewed(shelf: $shelf) { id title } }"


async def running(edge: Edge, *, runs: int, websocket: int, sse: int = 0) -> None:
    async def same() -> bool:
        told = [edge.metric(f'murmur_subscriptions{{door="{door}"}}') for door in ("websocket", "sse")]
        return told == [websocket, sse] and edge.metric("murmur_subscription_runs") == runs == len(edge.library.listeners)

    await until(same)


async def title(client: Socket) -> str:
    return (await client.next())["payload"]["data"]["reviewed"]["title"]


async def test_equal_subscriptions_run_once_until_the_last_who_follows_has_gone(edge: Edge, address: str) -> None:
    async with socket(address) as one, socket(address) as two, aiohttp.ClientSession(address) as session:
        for client in (one, two):
            await client.init()
            await client.subscribe("1", REVIEWED, shelf=1)
        await two.subscribe("2", REVIEWED, shelf=1)
        request = {"query": REVIEWED, "variables": {"shelf": 1}}
        async with session.post("/graphql", json=request, headers={"accept": "text/event-stream"}) as events:
            await running(edge, runs=1, websocket=3, sse=1)
            before = len(edge.library.callers)
            edge.library.review("1")
            assert [await title(client) for client in (one, two, two)] == ["Kim"] * 3
            while b"Kim" not in await events.content.readline():
                pass
            # One event of the stream, and one fetch from the other subgraph to complete it for all four.
            assert len(edge.library.callers) - before == 2
        await running(edge, runs=1, websocket=3)
        await one.send(type="complete", id="1")
        await two.send(type="complete", id="2")
        await running(edge, runs=1, websocket=1)
        edge.library.review("2")
        assert await title(two) == "Emma"
        await two.send(type="complete", id="1")
        await running(edge, runs=0, websocket=0)
        await one.subscribe("1", REVIEWED, shelf=1)
        await running(edge, runs=1, websocket=1)
        edge.library.review(None)
        assert (await one.next())["type"] == "complete"
        await running(edge, runs=0, websocket=0)


async def test_what_differs_in_values_text_or_person_is_not_shared(edge: Edge, address: str) -> None:
    async with socket(address) as nobody, socket(address) as ada, socket(address) as bea:
        await nobody.init()
        await ada.init({"Authorization": f"Bearer {edge.token(1)}"})
        await bea.init({"Authorization": f"Bearer {edge.token(2)}"})
        for number, (client, query, shelf) in enumerate(
            [
                (nobody, REVIEWED, 1),
                (nobody, REVIEWED, 2),
                (nobody, REVIEWED.replace(" id ", " "), 1),
                (ada, REVIEWED, 1),
                (bea, REVIEWED, 1),
            ]
        ):
            await client.subscribe(str(number), query, shelf=shelf)
        await running(edge, runs=5, websocket=5)
        await ada.subscribe("again", REVIEWED, shelf=1)
        await running(edge, runs=5, websocket=6)


async def test_a_field_whose_events_depend_on_when_one_began_is_run_for_each(address: str) -> None:
    edge = Edge(EdgeOptions(unshared_subscriptions=frozenset({"reviewed"})))
    async with served(edge.app) as own, socket(own) as client:
        await client.init()
        for id_ in ("1", "2"):
            await client.subscribe(id_, f"subscription {{ alias: {REVIEWED.partition('{')[2].replace('(shelf: $shelf)', '')}")
        await running(edge, runs=2, websocket=2)


async def test_who_does_not_take_what_comes_is_cut_off_alone() -> None:
    async def numbers() -> AsyncGenerator[bytes]:
        for number in range(1_000):
            yield b"%d" % number

    streams = SharedStreams(256)
    slow, quick = (streams.follow("key", numbers) for _ in range(2))
    first = asyncio.gather(anext(slow), anext(quick))
    assert await first == [b"0", b"0"]
    assert [int(event) async for event in quick] == list(range(1, 1_000))
    with pytest.raises(Refusal, match="faster than they were taken"):
        await anext(slow)


async def test_a_defect_ends_all_who_follow_and_the_next_one_begins_anew() -> None:
    async def failing() -> AsyncGenerator[bytes]:
        yield b"first"
        raise RuntimeError("defect")

    streams = SharedStreams(256)
    one, two = (streams.follow("key", failing) for _ in range(2))
    assert await asyncio.gather(anext(one), anext(two)) == [b"first", b"first"]
    for each in (one, two):
        with pytest.raises(RuntimeError):
            await anext(each)
    assert await anext(streams.follow("key", failing)) == b"first"


async def test_who_comes_as_a_stream_ends_is_not_left_waiting() -> None:
    async def short() -> AsyncGenerator[bytes]:
        yield b"only"

    async def followed() -> None:
        assert {event async for event in streams.follow("key", short)} <= {b"only"}

    streams = SharedStreams(256)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        for number in range(200):
            tasks.create_task(followed())
            for _ in range(number % 7):
                await asyncio.sleep(0)

"""Relays and fanout as processes of their own, on Kafka and Redis, some of them killed in the middle of their work."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from murmur.broker.kafka import KafkaBroker
from murmur.clock import wall_clock
from murmur.cluster.redis import Redis
from murmur.cursors import Window
from murmur.ids import Snowflakes
from murmur.roles.rooms import Rooms, open_rooms
from murmur.telemetry.metrics import Metrics
from subgraphs.users.model import ImportedUser
from subgraphs.users.service.graph import FollowGraph
from subgraphs.users.service.imports import Imports
from tests.support.city import cheap_settings
from tests.support.program import Running, running
from tests.support.topics import topics
from tests.support.waiting import until

PEOPLE = 12
TWEETS = 400
AT_ONCE = 10


@pytest.fixture
async def engines(kafka, redis_server: Redis) -> AsyncGenerator[Mapping[str, str]]:
    name = secrets.token_hex(4)
    async with topics(f"{kafka.url}/{name}") as url:
        yield {"MURMUR_BROKER_URL": url, "MURMUR_TIMELINES_URL": f"{redis_server.url}?prefix={name}"}


async def founded(rooms: Rooms) -> tuple[Sequence[int], Mapping[int, set[int]]]:
    """People, whom each follows, and a home timeline of each that is held from now on."""
    store, ids = rooms.users.store, Snowflakes(1_023)
    rows = [ImportedUser(handle=f"person_{number}", name="x") for number in range(PEOPLE)]
    await Imports(store, ids, wall_clock).import_users(rows)
    people = sorted((await store.ids_of_handles([row.handle for row in rows])).values())
    graph = FollowGraph(store, ids, wall_clock)
    follows = {one: {people[(at + step) % PEOPLE] for step in (1, 2, 5)} for at, one in enumerate(people)}
    for one, followed in follows.items():
        for other in followed:
            await graph.follow(one, other)
        await rooms.timelines.service.home(one, Window(1))
    return people, follows


async def settled(rooms: Rooms, broker: KafkaBroker) -> bool:
    """Whether every event has been relayed, and fanout has done them all."""
    outboxes = rooms.users.store.outbox, rooms.tweets.store.outbox
    return not any([await outbox.pending(1) for outbox in outboxes]) and await broker.lag("fanout") == 0


async def test_killing_and_adding_workers_loses_no_delivery_and_doubles_none(engines: Mapping[str, str], tmp_path: Path):
    folder = tmp_path / "data"
    settings = cheap_settings(folder, broker_url=engines["MURMUR_BROKER_URL"], timelines_url=engines["MURMUR_TIMELINES_URL"])
    broker = KafkaBroker(engines["MURMUR_BROKER_URL"])
    async with open_rooms(settings, Metrics()) as rooms, AsyncExitStack() as stack:
        stack.push_async_callback(broker.close)
        people, follows = await founded(rooms)

        async def start(name: str, number: int) -> Running:
            # Several workers of one name on one folder of SQLite files; each writes a log of its own.
            return await stack.enter_async_context(
                running("worker", name, "--data-dir", str(folder), data_dir=tmp_path / f"log-{number}", **engines)
            )

        relays = [await start("outbox-relay", number) for number in range(2)]
        fanouts = [await start("fanout", number) for number in range(2)]
        posted: dict[int, set[int]] = {one: set() for one in people}

        async def post(number: int) -> None:
            author = people[number % PEOPLE]
            posted[author].add((await rooms.tweets.service.create(author, f"number {number}")).tweet.id)

        for first in range(0, TWEETS, AT_ONCE):
            await asyncio.gather(*(post(number) for number in range(first, first + AT_ONCE)))
            if first == TWEETS // 4:
                await until(lambda: under_way(broker), 60)
                await fanouts[0].kill()
            elif first == TWEETS // 2:
                await relays[0].kill()
                fanouts.append(await start("fanout", 2))
            elif first == 3 * TWEETS // 4:
                await relays[1].kill()
                relays.append(await start("outbox-relay", 3))
        await until(lambda: settled(rooms, broker), 120)
        for one in people:
            expected = set().union(*(posted[other] for other in (one, *follows[one])))
            timeline = await rooms.timelines.store.read(one)
            assert timeline is not None, "it was rebuilt, and shows nothing of what fanout did"
            held = [timeline.entries[index].id for index in range(len(timeline.entries))]
            assert sorted(held) == sorted(expected)
        for worker in (*relays[2:], *fanouts[1:]):
            assert await worker.stop() == 0, worker.log
        assert await broker.dead_letters(1) == []


async def under_way(broker: KafkaBroker) -> bool:
    return bool(await broker.tail(1))

"""One process with many live clients, most of them idle, some of them hostile: the rest do not notice.

`ENDURANCE=full` has 2,000 idle and 200 busy ones, as `python -m benchmarks --only live` measures; a tenth of it otherwise.
"""

import asyncio
import os
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from websockets.exceptions import ConnectionClosed

from tests.support.city import City, Person, door_to
from tests.support.program import Running, running
from tests.support.socket import Socket, socket

_SHARE = 1 if os.environ.get("ENDURANCE") == "full" else 10
IDLE, BUSY = 2_000 // _SHARE, 200 // _SHARE
_AT_ONCE = 50
_ASKED_EACH = 20
_GROWTH = 100 << 20
_UPDATED = "subscription ($id: ID!) { tweetUpdated(id: $id) { likeCount } }"
_SCHEMA = "{ __schema { types { name description fields { name description args { name description } } } } }"


async def test_many_clients_and_hostile_ones_leave_each_other_alone(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(running("up", data_dir=tmp_path / "data"))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        ada, bea = await City(door_to(platform.url, session)).people("ada", "bea")
        tweet = await ada.tweet("first")
        idle = await _sockets(stack, platform, ada, IDLE)
        busy = await _sockets(stack, platform, bea, BUSY)
        await asyncio.gather(*(client.subscribe("live", "subscription { unreadCountChanged }") for client in idle))
        await asyncio.gather(*(client.subscribe("live", _UPDATED, id=tweet) for client in busy))
        # A pong comes after the subscriptions that were sent before have been taken up.
        await asyncio.gather(*(_pinged(client) for client in (*idle, *busy)))
        before = _memory(platform)
        await asyncio.gather(
            *(_ask(client, tweet) for client in busy),
            _never_reads(platform, bea),
            _sends_a_megabyte(platform, bea),
            _subscribes_ten_thousand_times(platform, bea),
        )
        assert _memory(platform) - before < _GROWTH
        await bea.engage("like", tweet)
        for client in busy:
            assert (await client.next())["payload"] == {"data": {"tweetUpdated": {"likeCount": 1}}}
        for client in idle:
            assert (await client.next())["payload"] == {"data": {"unreadCountChanged": 1}}
        await asyncio.gather(*(_pinged(client) for client in (*idle, *busy)))
        async with session.get(f"{platform.url}/metrics") as response:
            sockets = re.search(r"^murmur_sockets (\S+)$", await response.text(), re.MULTILINE)
        assert sockets
        assert float(sockets[1]) == IDLE + BUSY
        assert "Traceback" not in platform.log


async def _sockets(stack: AsyncExitStack, platform: Running, person: Person, number: int) -> Sequence[Socket]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def connected() -> Socket:
        async with gate:
            client = await stack.enter_async_context(socket(platform.url))
            await client.init(_token(person))
            return client

    return await asyncio.gather(*(connected() for _ in range(number)))


def _token(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.session['accessToken']}"}


async def _pinged(client: Socket) -> None:
    await client.send(type="ping")
    assert await client.next() == {"type": "pong"}


async def _ask(client: Socket, tweet: str) -> None:
    for number in range(_ASKED_EACH):
        await client.subscribe(f"{number}", "query ($id: ID!) { tweet(id: $id) { text author { handle } } }", id=tweet)
        answer = {"data": {"tweet": {"text": "first", "author": {"handle": "ada"}}}}
        assert await client.next() == {"type": "next", "id": f"{number}", "payload": answer}
        assert await client.next() == {"type": "complete", "id": f"{number}"}


async def _never_reads(platform: Running, person: Person) -> None:
    """It asks for much, again and again, until the server has enough of it."""
    async with socket(platform.url) as client:
        await client.init(_token(person))
        client.connection.transport.pause_reading()
        for number in range(200):
            await client.subscribe(f"{number}", _SCHEMA)
        client.connection.transport.resume_reading()
        code, _ = await client.closed()
        assert code == 1013


async def _sends_a_megabyte(platform: Running, person: Person) -> None:
    async with socket(platform.url) as client:
        await client.init(_token(person))
        await client.subscribe("1", "{ me { handle } }" + " " * (1 << 20))
        assert (await client.closed())[0] == 1009


async def _subscribes_ten_thousand_times(platform: Running, person: Person) -> None:
    """A hundred run, the others are refused one by one, for as long as the client takes what it is told."""
    async with socket(platform.url) as client:
        await client.init(_token(person))

        async def told() -> int:
            refused = 0
            while refused < 9_900:
                message = await client.next()
                assert message["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
                refused += 1
            return refused

        reading = asyncio.create_task(told())
        try:
            for number in range(10_000):
                await client.subscribe(f"{number}", "subscription { unreadCountChanged }")
            assert await reading == 9_900
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            assert closed.rcvd.code == 1013
        finally:
            reading.cancel()
            await asyncio.wait([reading])


def _memory(platform: Running) -> int:
    """Bytes that the process holds."""
    status = Path(f"/proc/{platform.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024

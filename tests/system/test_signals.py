"""Ctrl-C and SIGTERM: what is under way is finished, the exit is 0, and what was acknowledged is kept."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from tests.support.city import City, Person, connections, founded
from tests.support.program import running
from tests.support.waiting import until


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_under_load_drains_and_exits_with_0(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "data"
    kept: set[str] = set()
    refused: list[int] = []

    async def post(person: Person) -> None:
        with suppress(aiohttp.ClientConnectionError):
            while True:
                reply = await person.post(b'{"query": "mutation { createTweet(input: {text: \\"x\\"}) { tweet { id } } }"}')
                if reply.status != 200:
                    refused.append(reply.status)
                    return
                kept.add(reply.json["data"]["createTweet"]["tweet"]["id"])

    async def begun() -> bool:
        return len(kept) >= 20

    async with running("up", data_dir=folder) as program, connections(program.url, 8) as doors:
        people = [await City(door).person(f"person_{place}") for place, door in enumerate(doors)]
        load = [asyncio.create_task(post(person)) for person in people]
        await until(begun, 20)
        assert await program.stop(number) == 0, program.log
        await asyncio.gather(*load)
        assert "Traceback" not in program.log
        assert program.log.endswith("stopped\n")
    assert set(refused) <= {503}
    async with founded(folder) as (city, _):
        found = [entry["tweet"]["id"] for person in people for entry in await city.nobody.timeline_of(person.handle)]
    assert kept == set(found), "a request that was under way was neither answered nor undone"


async def test_an_idle_connection_does_not_hold_the_process_up(tmp_path: Path) -> None:
    async with running("up", data_dir=tmp_path / "data") as program, aiohttp.ClientSession() as session:
        async with session.get(f"{program.url}/health/ready") as response:
            assert response.status == 200
        assert await program.stop(signal.SIGTERM) == 0
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(f"{program.url}/health/ready")

"""The gateway, the subgraphs and the workers as processes of their own: what each needs, and how each comes and goes alone."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from murmur.cluster import redis
from murmur.cluster.server import free_ports
from tests.conftest import needs
from tests.support.city import City, door_to
from tests.support.program import Running, murmur, running
from tests.support.waiting import until


@dataclass
class _Apart:
    """A gateway over users and tweets, which share a data folder; nobody has started the timelines."""

    folder: Path
    ports: dict[str, int]
    gateway: Running
    session: aiohttp.ClientSession
    stack: AsyncExitStack

    async def start(self, name: str) -> Running:
        """A subgraph where the gateway looks for it."""
        started = running("subgraph", name, data_dir=self.folder, port=self.ports[name])
        return await self.stack.enter_async_context(started)

    async def health(self, url: str, probe: str = "ready") -> tuple[int, dict[str, Any]]:
        async with self.session.get(f"{url}/health/{probe}") as response:
            return response.status, await response.json()

    async def ready(self) -> bool:
        return (await self.health(self.gateway.url))[0] == 200

    @property
    def city(self) -> City:
        return City(door_to(self.gateway.url, self.session))


@pytest.fixture
async def apart(tmp_path: Path) -> AsyncIterator[_Apart]:
    """Its gateway is the first to start, and has a data folder of its own for its key alone."""
    ports = dict(zip(("users", "tweets", "timelines"), free_ports(3), strict=True))
    urls = orjson.dumps({name: f"http://127.0.0.1:{port}/graphql" for name, port in ports.items()}).decode()
    folder = tmp_path / "data"
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(running("gateway", data_dir=folder, MURMUR_SUBGRAPHS=urls))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield _Apart(folder, ports, gateway, session, stack)


async def test_a_gateway_opens_no_store_of_a_subgraph_and_is_ready_once_it_knows_the_keys_of_sessions(apart: _Apart) -> None:
    status, answer = await apart.health(apart.gateway.url)
    assert (status, answer["reasons"]) == (503, ["access keys: not known yet"])
    assert (await apart.health(apart.gateway.url, "live"))[0] == 200
    # It tells the log how many requests it had, for the platform's metrics.
    assert {path.name for path in apart.folder.glob("*.db")} <= {"partners.db", "broker.db"}
    await apart.start("users")
    await apart.start("tweets")
    await until(apart.ready)
    ada = await apart.city.person("ada")
    tweet = await ada.tweet("from process to process")
    assert [entry["id"] for entry in (await ada.ask("{ me { tweets { nodes { id } } } }"))["me"]["tweets"]["nodes"]] == [tweet]
    # Nobody has started the timelines: it is told, and no reason to be out of service.
    assert await ada.codes("{ homeTimeline { nodes { tweet { id } } } }") == ["UNAVAILABLE"]
    status, answer = await apart.health(apart.gateway.url)
    assert (status, answer["parts"]["subgraph timelines"]) == (200, "it does not answer")


async def test_each_role_restarts_alone_and_sessions_outlive_all_of_them(apart: _Apart) -> None:
    users, _ = await apart.start("users"), await apart.start("tweets")
    await until(apart.ready)
    ada = await apart.city.person("ada")
    await users.kill()
    # Who asks is still known, and what is not of users still comes.
    tweet = await ada.run('mutation { createTweet(input: {text: "meanwhile"}) { tweet { text } } }')
    assert tweet["data"]["createTweet"]["tweet"]["text"] == "meanwhile"
    assert await ada.codes("{ me { handle } }") == ["UNAVAILABLE"]
    await apart.start("users")

    async def back() -> bool:
        return "errors" not in await ada.run("{ me { handle } }")

    await until(back)
    assert await apart.gateway.stop() == 0
    urls = orjson.dumps({name: f"http://127.0.0.1:{port}/graphql" for name, port in apart.ports.items()}).decode()
    async with running("gateway", "--explorer", data_dir=apart.folder, MURMUR_SUBGRAPHS=urls) as gateway:
        ada.door = door_to(gateway.url, apart.session)
        await until(back)


async def test_a_stopped_role_says_so_goes_on_answering_for_the_notice_and_then_ends(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with (
        running("subgraph", "users", data_dir=folder, MURMUR_DRAIN_NOTICE="1.5") as users,
        aiohttp.ClientSession() as client,
    ):
        users.process.send_signal(signal.SIGTERM)

        async def draining() -> bool:
            async with client.get(f"{users.url}/health/ready") as response:
                return response.status == 503 and (await response.json())["reasons"] == ["draining"]

        await until(draining)
        async with client.get(f"{users.url}/.well-known/jwks.json") as response:
            assert response.status == 200
        async with client.post(f"{users.url}/graphql") as response:
            assert (response.status, response.headers["connection"]) == (401, "close")
        async with asyncio.timeout(10):
            assert await users.process.wait() == 0
        assert users.log.endswith("stopped\n")


async def test_a_worker_has_health_and_metrics_and_ends_on_a_signal(tmp_path: Path) -> None:
    async with running("worker", "outbox-relay", data_dir=tmp_path / "data") as worker, aiohttp.ClientSession() as client:
        async with client.get(f"{worker.url}/health/ready") as response:
            parts = (await response.json())["parts"]
            assert (response.status, parts) == (200, {"start": "ok", "users": "ok", "tweets": "ok", "broker": "ok"})
        async with client.get(f"{worker.url}/metrics") as response:
            assert re.search(r"^process_cpu_seconds_total ", await response.text(), re.MULTILINE)
        async with client.get(f"{worker.url}/graphql") as response:
            assert response.status == 404
        assert await worker.stop() == 0, worker.log


async def test_what_can_not_run_apart_is_told_in_one_line(tmp_path: Path) -> None:
    production = {"MURMUR_ENV": "production"}
    cases = [
        (("worker", "fanin"), {}, "there is no worker 'fanin'; the workers are: outbox-relay, fanout"),
        (("worker", "fanout"), {}, "fanout can't be a process of its own"),
        (("gateway", "--port", "0"), production, "production needs MURMUR_IDENTITY_KEY_FILE"),
        (("subgraph", "users", "--port", "0"), production, "production needs MURMUR_IDENTITY_PUBLIC_FILE"),
        (("gateway", "--subgraph", "tweats=http://127.0.0.1:1"), {}, "there is no subgraph 'tweats'"),
        (("gateway", "--forward-header", "cookie"), {}, "--forward-header is for --supergraph"),
        (("gateway", "--unshared-subscription", "one"), {}, "--unshared-subscription is for --supergraph"),
    ]
    for arguments, settings, told in cases:
        finished = await murmur(*arguments, data_dir=tmp_path, **settings)
        assert (finished.code, finished.err.count("\n")) == (1, 1), finished
        assert told in finished.err


async def test_a_role_starts_while_its_engine_is_down_says_so_and_goes_on_when_it_is_there(tmp_path: Path) -> None:
    needs(redis.missing())
    engine = redis.Redis(tmp_path / "redis", durable=True)
    folder, settings = tmp_path / "data", {"MURMUR_LEASES_URL": engine.url}
    async with running("subgraph", "tweets", data_dir=folder, **settings) as tweets, aiohttp.ClientSession() as client:

        async def health(probe: str) -> tuple[int, dict[str, Any]]:
            async with client.get(f"{tweets.url}/health/{probe}") as response:
                return response.status, await response.json()

        async def waiting() -> bool:
            status, answer = await health("ready")
            return status == 503 and "waiting" in answer["parts"]["start"]

        async def ready() -> bool:
            return (await health("ready"))[0] == 200

        await until(waiting)
        assert (await health("live"))[0] == 200
        async with client.post(f"{tweets.url}/graphql", json={}) as response:
            assert response.status == 503
        with engine:
            await until(ready, 40)
            async with client.post(f"{tweets.url}/graphql", json={}) as response:
                assert response.status == 401
            assert await tweets.stop() == 0
        assert "Traceback" not in tweets.log


async def test_the_list_of_commands_loads_none_of_them() -> None:
    program = (
        "import sys, murmur.cli; print(sorted({'strawberry', 'fastapi', 'aiohttp', 'pydantic', 'graphql'} & set(sys.modules)))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert (process.returncode, out) == (0, b"[]\n")

"""Two gateways behind HAProxy: what clients notice when one of them goes, and what they never see."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import orjson
import pytest

from murmur.cluster import haproxy
from murmur.cluster.credentials import certificates, signing_keys
from tests.conftest import needs
from tests.support.program import Running, running
from tests.support.waiting import until

_QUERY = b'{"query": "{ user(handle: \\"nobody\\") { name } }"}'
_JSON = {"content-type": "application/json"}


@dataclass
class _Front:
    url: str
    metrics_url: str
    gateways: list[Running]
    session: aiohttp.ClientSession
    answers: list[int] = field(default_factory=list)

    async def ask(self) -> int:
        async with self.session.post(f"{self.url}/graphql", data=_QUERY, headers=_JSON) as response:
            answer = await response.json()
            assert "data" in answer or response.status != 200, answer
            return response.status

    async def fine(self) -> bool:
        return await self.ask() == 200

    @asynccontextmanager
    async def load(self, clients: int = 4) -> AsyncIterator[list[int]]:
        """Requests one after another by several clients; yields the statuses that came."""
        stop = asyncio.Event()
        statuses: list[int] = []

        async def client() -> None:
            while not stop.is_set():
                statuses.append(await self.ask())

        tasks = [asyncio.create_task(client()) for _ in range(clients)]
        try:
            yield statuses
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    async def status(self, path: str) -> int:
        async with self.session.get(f"{self.url}{path}", allow_redirects=False) as response:
            return response.status


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[_Front]:
    needs(haproxy.missing())
    certs = tmp_path / "certs"
    made = certificates(certs, {"gateway": (), "users": (), "haproxy": ()})
    keys = signing_keys(certs)
    folder = tmp_path / "data"
    async with AsyncExitStack() as stack:
        users = await stack.enter_async_context(
            running(
                "subgraph",
                "users",
                data_dir=folder,
                MURMUR_IDENTITY_PUBLIC_FILE=str(keys.identity_public),
                **made["users"].settings(),
            )
        )
        gateways = [
            await stack.enter_async_context(
                running(
                    "gateway",
                    data_dir=tmp_path / f"gateway-{number}",
                    MURMUR_IDENTITY_KEY_FILE=str(keys.identity),
                    MURMUR_DRAIN_NOTICE="3",
                    MURMUR_SUBGRAPHS=orjson.dumps({"users": f"{users.url}/graphql"}).decode(),
                    **made["gateway"].settings(),
                )
            )
            for number in (1, 2)
        ]
        proxy = haproxy.HAProxy(tmp_path / "haproxy", [one.url.removeprefix("https://") for one in gateways], made["haproxy"])
        assert proxy.check() is None
        stack.enter_context(proxy)
        context = ssl.create_default_context(cafile=certs / "ca.crt")
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)))
        found = _Front(proxy.url, proxy.metrics_url, gateways, session)
        await until(found.fine)
        yield found


async def _up(front: _Front, number: int) -> bool:
    """How HAProxy finds a gateway."""
    async with front.session.get(front.metrics_url) as response:
        text = await response.text()
    return f'haproxy_server_status{{proxy="gateways",server="gateway-{number}",state="UP"}} 1' in text


async def test_a_gateway_that_is_stopped_costs_no_request(front: _Front) -> None:
    await until(lambda: _up(front, 1))
    await until(lambda: _up(front, 2))
    async with front.load() as statuses:
        assert await front.gateways[0].stop() == 0, front.gateways[0].log
    assert len(statuses) > 20
    assert set(statuses) == {200}
    assert not await _up(front, 1)


async def test_after_a_gateway_was_killed_requests_go_to_the_other(front: _Front) -> None:
    await front.gateways[1].kill()

    async def noticed() -> bool:
        return not await _up(front, 2)

    await until(noticed)
    statuses = [await front.ask() for _ in range(50)]
    assert set(statuses) == {200}


async def test_clients_see_no_health_and_no_metrics_and_are_told_to_keep_to_tls(front: _Front) -> None:
    for path in ("/metrics", "/health/ready", "/health/live", "/%6detrics", "//metrics", "/health%2fready"):
        assert await front.status(path) == 404, path
    assert await front.status("/health") == 200
    async with front.session.get(front.url.replace("localhost", "127.0.0.1")) as response:
        assert response.headers["strict-transport-security"] == "max-age=31536000"
    async with front.session.get(front.url) as response:
        assert "strict-transport-security" not in response.headers
    with pytest.raises(aiohttp.ClientError):
        await front.session.get(f"{front.url.replace('https:', 'http:')}/graphql")


async def test_a_websocket_goes_through(front: _Front) -> None:
    async with front.session.ws_connect(f"{front.url}/graphql", protocols=("graphql-transport-ws",)) as socket:
        await socket.send_json({"type": "connection_init"})
        assert (await socket.receive_json())["type"] == "connection_ack"
        await socket.send_json({"type": "ping"})
        assert (await socket.receive_json())["type"] == "pong"

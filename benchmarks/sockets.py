"""Clients over WebSocket, cheap enough that a few thousand of them fit beside the server that is measured."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

import aiohttp
import orjson

from benchmarks.server import BenchmarkFailed

_AT_ONCE = 32
_SECONDS = 30
_PROTOCOL = "graphql-transport-ws"


class Follower:
    """One socket, of which `received` counts the events; `heard` has when each came, by `perf_counter`, with its data."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, *, keep: bool) -> None:
        self._socket = socket
        self._keep = keep
        self.received = 0
        self.heard: list[tuple[float, Any]] = []
        self._reading = asyncio.create_task(self._read())

    async def subscribe(self, document: str, **variables: object) -> None:
        payload = {"query": document, "variables": variables}
        await self._socket.send_str(orjson.dumps({"type": "subscribe", "id": "1", "payload": payload}).decode())

    async def close(self) -> None:
        await self._socket.close()
        await asyncio.wait([self._reading])

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT and '"next"' in message.data:
                self.received += 1
                if self._keep:
                    self.heard.append((perf_counter(), orjson.loads(message.data)["payload"]["data"]))


@asynccontextmanager
async def followers(
    session: aiohttp.ClientSession, tokens: Sequence[str | None], *, keep: bool = False
) -> AsyncGenerator[list[Follower]]:
    """A socket for each token, of an anonymous client where it is None; `keep` keeps what they hear."""
    gate, opened = asyncio.Semaphore(_AT_ONCE), list[Follower]()

    async def connect(token: str | None) -> None:
        async with gate, asyncio.timeout(_SECONDS):
            socket = await session.ws_connect("/graphql", protocols=(_PROTOCOL,))
            payload = {} if token is None else {"Authorization": f"Bearer {token}"}
            await socket.send_str(orjson.dumps({"type": "connection_init", "payload": payload}).decode())
            if orjson.loads((await socket.receive()).data)["type"] != "connection_ack":
                raise BenchmarkFailed("the server does not let a socket in")
            opened.append(Follower(socket, keep=keep))

    try:
        await asyncio.gather(*map(connect, tokens))
        yield opened
    finally:
        await asyncio.gather(*(each.close() for each in opened))

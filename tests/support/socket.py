"""A client that speaks the graphql-transport-ws protocol message by message."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from murmur.sockets.messages import PROTOCOL

SECONDS = 10


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            return orjson.loads(await self.connection.recv())

    async def init(self, payload: dict[str, Any] | None = None) -> None:
        await self.send(type="connection_init", **({} if payload is None else {"payload": payload}))
        assert await self.next() == {"type": "connection_ack"}

    async def subscribe(self, id_: str, query: str, **variables: object) -> None:
        await self.send(type="subscribe", id=id_, payload={"query": query, "variables": variables})

    async def closed(self) -> tuple[int, str]:
        """The code and reason that the server closes with; what comes before is passed over."""
        async with asyncio.timeout(SECONDS):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed as closed:
                assert closed.rcvd is not None
                return closed.rcvd.code, closed.rcvd.reason


@asynccontextmanager
async def socket(address: str, protocol: str | None = PROTOCOL, **headers: str) -> AsyncGenerator[Socket]:
    protocols = None if protocol is None else [Subprotocol(protocol)]
    url = address.replace("http", "ws", 1) + "/graphql"
    async with connect(url, subprotocols=protocols, additional_headers=headers, compression=None) as connection:
        yield Socket(connection)

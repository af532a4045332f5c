"""The four subgraphs in one process, fast enough not to be what is measured: an answer is computed once and kept as bytes.

    python -m benchmarks.gateway.subgraphs

prints one line of JSON, the ports by name, and serves until it is terminated. `GET /` tells how many requests there were.
"""

import asyncio
import json
from typing import Any, cast

import httptools
import orjson
import uvloop
from graphql import GraphQLResolveInfo, build_schema, graphql_sync

from benchmarks.gateway.shop import PRODUCTS, SDLS, USERS, Object, find

_MOST = 1_000
"""Answers kept; the measured operation needs a few."""


class Subgraph:
    """Answers by the body of a request, with graphql-core where it is new."""

    def __init__(self, sdl: str) -> None:
        members = [name for name in ("User", "Product") if f"type {name} @key" in sdl]
        root = "extend type Query" if "type Query" in sdl else "type Query"
        machinery = f"""
          scalar _Any union _Entity = {" | ".join(members)}
          {root} {{ _entities(representations: [_Any!]!): [_Entity]! }}
        """
        self._schema = build_schema(sdl + machinery, assume_valid_sdl=True)
        self._kept: dict[bytes, bytes] = {}
        self.requests = 0

    def answer(self, body: bytes) -> bytes:
        self.requests += 1
        if body not in self._kept:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[body] = _response(self._execute(orjson.loads(body)))
        return self._kept[body]

    def _execute(self, request: dict[str, Any]) -> bytes:
        roots = {"users": USERS, "topProducts": PRODUCTS, "_entities": _entities}
        result = graphql_sync(self._schema, request["query"], roots, variable_values=request.get("variables"))
        return orjson.dumps(result.formatted)


def _entities(_info: GraphQLResolveInfo, representations: list[Object]) -> list[Object]:
    return [find(each["__typename"], each) for each in representations]


def _response(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


class _Connection(asyncio.Protocol):
    def __init__(self, subgraph: Subgraph) -> None:
        self._subgraph = subgraph
        self._body = b""
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        body, self._body = self._body, b""
        self._transport.write(self._subgraph.answer(body) if body else _response(b"%d" % self._subgraph.requests))


async def _main() -> None:
    loop = asyncio.get_running_loop()
    ports: dict[str, int] = {}
    for name, sdl in SDLS.items():
        subgraph = Subgraph(sdl)
        server = await loop.create_server(lambda subgraph=subgraph: _Connection(subgraph), "127.0.0.1", 0)
        ports[name] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_main())

"""Ask an ASGI app without a socket, and serve one on a loopback port."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import uvicorn
from starlette.types import ASGIApp

from murmur.roles.server import listen, server_config


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def errors(self) -> list[dict[str, Any]]:
        return self.json["errors"]

    @property
    def code(self) -> str:
        return self.errors[0]["extensions"]["code"]


async def ask(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    body: bytes | Sequence[bytes] = b"",
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    client: str = "192.0.2.1",
) -> Reply:
    """One request; a `body` of several chunks comes in as many messages."""
    target, _, query = path.partition("?")
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": target,
        "raw_path": target.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs],
        "client": (client, 50_000),
        "server": ("127.0.0.1", 8000),
    }
    chunks = [body] if isinstance(body, bytes) else [*body]
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    waiting[-1]["more_body"] = False
    sent: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    received = b"".join(message.get("body", b"") for message in sent[1:])
    return Reply(sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}, received)


@asynccontextmanager
async def served(app: Any) -> AsyncGenerator[str, None]:
    """The address of `app` on a free loopback port, such as `http://127.0.0.1:40001`."""
    listener = listen("127.0.0.1", 0)
    config = server_config(app)
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 (the server has no event for it)
            await asyncio.sleep(0.01)
    port = listener.getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task

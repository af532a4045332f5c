"""The npm clients of both live protocols, behind one node process."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Literal

from .peers import FOLDER, node

SECONDS = 20
Kind = Literal["ws", "sse", "sse-single"]
KINDS: tuple[Kind, ...] = ("ws", "sse", "sse-single")


class Operation:
    """One operation of a client; what it is told comes in order."""

    def __init__(self, clients: "Clients", id_: str) -> None:
        self._clients = clients
        self._id = id_

    async def next(self) -> dict[str, Any]:
        """The next result."""
        line = await self._clients.told(lambda line: line.get("id") == self._id)
        assert "next" in line, line
        return line["next"]

    async def data(self) -> Any:
        """The one root field of the next result, which has no errors."""
        result = await self.next()
        assert "errors" not in result, result
        (value,) = result["data"].values()
        return value

    async def end(self) -> dict[str, Any]:
        """How it ended: `complete`, or `error` with its `code`."""
        line = await self._clients.told(lambda line: line.get("id") == self._id)
        assert "next" not in line, line
        return line

    async def stop(self) -> None:
        await self._clients.do("stop", id=self._id)


class Client:
    def __init__(self, clients: "Clients", name: str) -> None:
        self._clients = clients
        self._name = name

    async def subscribe(self, query: str, resume: str | None = None, **variables: object) -> Operation:
        id_ = self._clients.name()
        await self._clients.do("subscribe", client=self._name, id=id_, query=query, variables=variables, resume=resume)
        return Operation(self._clients, id_)

    async def heard(self, event: Literal["connected", "closed", "retrying"]) -> Mapping[str, Any]:
        return await self._clients.told(lambda line: line.get("client") == self._name and line["event"] == event)

    async def use(self, token: str) -> None:
        await self._clients.do("token", client=self._name, token=token)

    async def go(self) -> None:
        """Let it connect again."""
        await self._clients.do("go", client=self._name)


class Clients:
    """Speaks to `clients.mjs`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._names = map(str, count(1))
        self._lines: list[dict[str, Any]] = []
        self._came = asyncio.Condition()

    def name(self) -> str:
        return next(self._names)

    async def open(self, kind: Kind, url: str, token: str | None = None) -> Client:
        """A client of `/graphql` at a platform's address; it connects when it first has something to ask."""
        name = self.name()
        await self.do("open", client=name, kind=kind, url=f"{url}/graphql", token=token)
        return Client(self, name)

    async def do(self, action: str, **more: object) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"do": action, **more}).encode() + b"\n")
        await self._process.stdin.drain()

    async def told(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first line of the kind that nobody has taken yet."""

        def found() -> dict[str, Any] | None:
            return next((line for line in self._lines if wanted(line)), None)

        try:
            async with asyncio.timeout(SECONDS), self._came:
                await self._came.wait_for(found)
        except TimeoutError:
            raise AssertionError(f"not told; of others: {self._lines}") from None
        line = found()
        assert line
        self._lines.remove(line)
        return line

    async def listen(self) -> None:
        assert self._process.stdout
        async for text in self._process.stdout:
            async with self._came:
                self._lines.append(json.loads(text))
                self._came.notify_all()


@asynccontextmanager
async def running_clients() -> AsyncGenerator[Clients]:
    process = await asyncio.create_subprocess_exec(
        node() or "node", str(FOLDER / "clients.mjs"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    clients = Clients(process)
    listening = asyncio.create_task(clients.listen())
    try:
        yield clients
    finally:
        process.kill()
        await process.wait()
        await listening

"""CPU of single operations through the gateway in this process: everything but the socket and the event workers."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from time import process_time
from typing import Any

import orjson
from starlette.types import ASGIApp, Message

from benchmarks.server import BenchmarkFailed
from benchmarks.workload import Kind, Operation, Workload
from murmur.roles.gateway import open_gateway
from murmur.roles.rooms import open_rooms
from murmur.settings import load_settings
from murmur.telemetry.health import Health
from murmur.telemetry.metrics import Metrics

_ROUNDS = 400
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU seconds of one operation, all threads counted."""

    home: float
    user: float
    post: float
    post_together: float
    """With 16 at once, which share their commits."""


async def measure(data_dir: Path, workload: Workload, tokens: Mapping[str, str]) -> Costs:
    """On the data folder of a platform that has stopped."""
    settings = load_settings({}, data_dir=data_dir)
    metrics = Metrics()
    async with open_rooms(settings, metrics) as rooms, open_gateway(rooms, settings, metrics, Health()) as gateway:
        caller = _Caller(gateway.app, tokens)
        homes, users, posts, others = ([workload.of(kind) for _ in range(_ROUNDS)] for kind in (*Kind, Kind.COMPOSE))
        # The first reading rebuilds timelines and plans the operations; a platform that runs has done both.
        for operations in (homes, users[:10], [workload.of(Kind.COMPOSE) for _ in range(10)]):
            await caller.run(operations, 1)
        return Costs(
            home=await caller.run(homes, 1),
            user=await caller.run(users, 1),
            post=await caller.run(posts, 1),
            post_together=await caller.run(others, _AT_ONCE),
        )


class _Caller:
    def __init__(self, app: ASGIApp, tokens: Mapping[str, str]) -> None:
        self._app = app
        self._headers = {
            viewer: [(b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json")]
            for viewer, token in tokens.items()
        }

    async def run(self, operations: Sequence[Operation], at_once: int) -> float:
        """CPU seconds of each."""
        waiting = iter(operations)

        async def work() -> list[bytes]:
            return [await self._ask(operation) for operation in waiting]

        started = process_time()
        answers = await asyncio.gather(*(work() for _ in range(at_once)))
        used = process_time() - started
        for answer in chain.from_iterable(answers):
            if "errors" in (shown := orjson.loads(answer)):
                raise BenchmarkFailed(f"in process: {shown['errors'][0]['message']}")
        return used / len(operations)

    async def _ask(self, operation: Operation) -> bytes:
        answer = b""

        async def receive() -> Message:
            return {"type": "http.request", "body": operation.body}

        async def send(message: Message) -> None:
            nonlocal answer
            answer += message.get("body", b"")

        scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "query_string": b"",
            "headers": self._headers[operation.viewer],
            "client": ("127.0.0.1", 1),
        }
        await self._app(scope, receive, send)
        return answer

"""What the process of a role is: health from the first moment on, a role as soon as its engines answer, and a graceful end."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from murmur.errors import ErrorCode, Unavailable
from murmur.roles.server import serve
from murmur.roles.tls import kept_current, server_context
from murmur.settings import Settings
from murmur.telemetry.health import Health, health_routes
from murmur.telemetry.metrics import Metrics
from workers.retrying import Backoff

_PART = "start"
_METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")
_PATIENCE = 2.0
"""Seconds in which what can't start at all has said so."""


async def _nothing() -> None:
    """The server itself waits for the responses that are under way."""


@dataclass(frozen=True, slots=True)
class Role:
    """`app` answers, health and metrics included. `drain` ends what runs; requests that are under way still need the rest."""

    app: ASGIApp
    drain: Callable[[], Awaitable[object]] = _nothing


OpenRole = Callable[[], AbstractAsyncContextManager[Role]]
"""Opens what a role needs. Raises StartupError for what no waiting mends, and Unavailable where it is to be tried again."""


async def run_role(
    settings: Settings,
    listener: socket.socket,
    health: Health,
    metrics: Metrics,
    open_role: OpenRole,
    announce: Callable[[], None],
) -> None:
    """Serve until a signal: then tell that the process is not ready, drain, and close. Raises StartupError.

    `announce` is called when requests are about to be answered, if only by saying that the role waits for its engines.
    """
    door = _Door(health, metrics)
    tried, served, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()
    opened = asyncio.create_task(_hold_open(open_role, door, health, tried, served))

    def over(_: object) -> None:
        tried.set()
        stop.set()

    async def drain() -> None:
        health.draining = True
        if door.role is not None:
            await asyncio.sleep(settings.server.drain_notice)
            await door.role.drain()

    opened.add_done_callback(over)
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(tried.wait(), _PATIENCE)
        if not opened.done():
            async with kept_current(settings.tls, server_context(settings.tls)) as tls:
                await serve(door, listener, drain, announce, tls=tls, stop=stop)
    finally:
        served.set()
        if door.role is None:
            opened.cancel()
        await asyncio.wait([opened])
    if not opened.cancelled():
        opened.result()


async def _hold_open(open_role: OpenRole, door: "_Door", health: Health, tried: asyncio.Event, served: asyncio.Event) -> None:
    """Open the role as soon as its engines let it be, and close it once everything is `served`."""
    backoff = Backoff()
    health.tell(_PART, "the process is starting")
    while not served.is_set():
        try:
            async with open_role() as role:
                door.role = role
                health.tell(_PART, None)
                tried.set()
                await served.wait()
        except Unavailable as error:
            health.tell(_PART, f"waiting: {error}")
            tried.set()
            await backoff.wait()


class _Door:
    """The app of a process: until its role is open, health and a refusal of everything else."""

    def __init__(self, health: Health, metrics: Metrics) -> None:
        self.role: Role | None = None
        self._starting = Starlette(routes=[*health_routes(health, metrics), Route("/{path:path}", _refuse, methods=_METHODS)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.role.app if self.role else self._starting)(scope, receive, send)


async def _refuse(_request: Request) -> Response:
    error = {"message": "this server is starting", "extensions": {"code": ErrorCode.UNAVAILABLE.value}}
    return Response(orjson.dumps({"errors": [error]}), 503, {"retry-after": "1"}, "application/json")

"""Everything in one process: stores, subgraphs, broker, workers, gateway."""

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from murmur.broker.ports import Broker
from murmur.errors import StartupError
from murmur.roles.edge import Gateway
from murmur.roles.gateway import open_gateway
from murmur.roles.rooms import Rooms, build_rooms
from murmur.roles.stores import Stores
from murmur.roles.subgraph import check_apart
from murmur.settings import Settings
from murmur.telemetry.metrics import Metrics
from workers.fanout import run_fanout
from workers.outbox_relay import run_relay

_RESTART_SECONDS = (0.5, 30.0)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Platform:
    """A running platform; `gateway.app` answers, and the workers are at work."""

    rooms: Rooms
    broker: Broker
    gateway: Gateway
    metrics: Metrics


@asynccontextmanager
async def open_platform(settings: Settings) -> AsyncGenerator[Platform]:
    """Start everything but the listening socket; on exit finish what is running and close in reverse order.

    Raises StartupError, for one when another platform runs on the same data folder.
    """
    for name in settings.federation.subgraphs:
        check_apart(name, settings)
    metrics = Metrics()
    failing: set[str] = set()
    async with AsyncExitStack() as stack:
        stores = Stores(settings, stack)
        rooms = await build_rooms(stores, settings, metrics)
        _lock(settings.server.data_dir, stack)
        broker = stores.broker
        gateway = await stack.enter_async_context(open_gateway(rooms, settings, metrics, lambda: sorted(failing)))
        outboxes = {"users": rooms.users.store.outbox, "tweets": rooms.tweets.store.outbox}
        workers: dict[str, Callable[[], Coroutine[None, None, None]]] = {
            "outbox relay": lambda: run_relay(outboxes, broker, metrics),
            "fanout": lambda: run_fanout(
                broker,
                rooms.timelines.store,
                rooms.users.store,
                rooms.tweets.store,
                metrics,
                threshold=settings.timelines.celebrity_followers,
            ),
        }
        for name, run in workers.items():
            task = asyncio.create_task(_keep_running(name, run, failing), name=name)
            stack.push_async_callback(_cancel, task)
        yield Platform(rooms, broker, gateway, metrics)


def _lock(data_dir: Path, stack: AsyncExitStack) -> None:
    handle = os.open(data_dir / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    stack.callback(os.close, handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StartupError(
            f"another murmur runs on the data folder {data_dir}; stop it, or choose another by --data-dir or MURMUR_DATA_DIR"
        ) from error


async def _keep_running(name: str, run: Callable[[], Awaitable[None]], failing: set[str]) -> None:
    """Start a worker again when it fails. What it had not committed is delivered again, so nothing is lost by it."""
    wait, longest = _RESTART_SECONDS
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await run()
        except Exception as error:
            _log.error("worker failed; it is started again", worker=name, exc_info=error)
        if asyncio.get_running_loop().time() - started > longest:
            wait = _RESTART_SECONDS[0]
        failing.add(f"the worker {name} is being restarted")
        await asyncio.sleep(wait)
        failing.discard(f"the worker {name} is being restarted")
        wait = min(wait * 2, longest)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])

"""Everything in one process: stores, subgraphs, broker, workers, gateway."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.edge.client.manifest import own_documents
from gateway.partners.service import Partners
from murmur.broker.ports import Broker
from murmur.clock import wall_clock
from murmur.errors import StartupError
from murmur.locks import take_lock
from murmur.roles.background import beside
from murmur.roles.edge import Gateway
from murmur.roles.gateway import open_gateway
from murmur.roles.reporting import report
from murmur.roles.rooms import Rooms, build_rooms
from murmur.roles.server import DRAIN_SECONDS
from murmur.roles.stores import Stores
from murmur.roles.subgraph import check_apart
from murmur.roles.watching import watch_engines
from murmur.roles.workers import WORKERS, at_work
from murmur.settings import Settings
from murmur.telemetry.health import Health
from murmur.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Platform:
    """A running platform; `gateway.app` answers, and the workers are at work."""

    rooms: Rooms
    broker: Broker
    gateway: Gateway
    metrics: Metrics
    health: Health
    notice: float

    async def drain(self) -> None:
        """Say that the process is not ready, and soon after that let nobody in any more and those inside finish."""
        self.health.draining = True
        await asyncio.sleep(self.notice)
        await self.gateway.gate.drain(DRAIN_SECONDS)


@asynccontextmanager
async def open_platform(settings: Settings) -> AsyncGenerator[Platform]:
    """Start everything but the listening socket; on exit finish what is running and close in reverse order.

    Raises StartupError, for one when another platform runs on the same data folder.
    """
    for name in settings.federation.subgraphs:
        check_apart(name, settings)
    metrics = Metrics()
    health = Health()
    async with AsyncExitStack() as stack:
        stores = Stores(settings, stack)
        rooms = await build_rooms(stores, settings, metrics)
        lock_folder(settings.server.data_dir, stack)
        partners = Partners(stores.partners, wall_clock, own_documents())
        gateway = await stack.enter_async_context(open_gateway(rooms, settings, metrics, health, partners))
        await stack.enter_async_context(at_work(WORKERS, stores, settings, metrics, health))
        await stack.enter_async_context(beside(watch_engines(stores.opened, health), report(metrics, stores.broker)))
        yield Platform(rooms, stores.broker, gateway, metrics, health, settings.server.drain_notice)


def lock_folder(data_dir: Path, stack: AsyncExitStack) -> None:
    """Be the only platform on a data folder until `stack` is closed. Raises StartupError when another one is."""
    lock = take_lock(data_dir / "up.lock")
    if lock is None:
        raise StartupError(
            f"another murmur runs on the data folder {data_dir}; stop it, or choose another by --data-dir or MURMUR_DATA_DIR"
        )
    stack.callback(os.close, lock)

"""One worker in a process of its own."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette

from murmur.roles.background import beside
from murmur.roles.process import Role
from murmur.roles.reporting import report
from murmur.roles.stores import Stores
from murmur.roles.watching import watch_engines
from murmur.roles.workers import at_work
from murmur.settings import Settings
from murmur.telemetry.health import Health, health_routes
from murmur.telemetry.metrics import Metrics


@asynccontextmanager
async def open_worker(name: str, settings: Settings, metrics: Metrics, health: Health) -> AsyncGenerator[Role]:
    """Raises StartupError, and Unavailable. Its app serves health and metrics alone."""
    async with AsyncExitStack() as stack:
        stores = Stores(settings, stack)
        stop = await stack.enter_async_context(at_work([name], stores, settings, metrics, health))
        await stack.enter_async_context(beside(watch_engines(stores.opened, health), report(metrics, stores.broker)))
        yield Role(Starlette(routes=health_routes(health, metrics)), drain=stop)

"""Asks the engines and the subgraphs that a process depends on, from time to time, whether they answer."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urljoin

import aiohttp
import structlog

from murmur.engines import Engine, engine_of
from murmur.errors import Unavailable
from murmur.telemetry.health import Health

_SECONDS = 3.0
_WITHOUT = {"timelines", "pubsub", "limits", "leases", "cache"}
"""Stores that a process does without for a while: what they hold is a copy, or is needed for little of what it does."""
_log = structlog.get_logger()


async def watch_engines(stores: Mapping[str, object], health: Health) -> None:
    """Tell `health` of each engine, by its name, until cancelled. What is no remote engine is always well."""
    async with asyncio.TaskGroup() as tasks:
        for name, store in stores.items():
            engine = engine_of(store)
            health.tell(name, None if engine is None else "not asked yet", essential=name not in _WITHOUT)
            if engine is not None:
                tasks.create_task(_watch(name, engine, health), name=f"watch {name}")


async def watch_subgraph(name: str, url: str, session: aiohttp.ClientSession, health: Health) -> None:
    """Tell `health` whether the subgraph at `url` is ready, until cancelled. The gateway does without it meanwhile."""
    probe = urljoin(url, "/health/ready")
    while True:
        try:
            async with asyncio.timeout(_SECONDS), session.get(probe, allow_redirects=False) as response:
                reason = None if response.status == 200 else f"it answers with HTTP status {response.status}"
        except (aiohttp.ClientError, OSError, TimeoutError):
            reason = "it does not answer"
        health.tell(f"subgraph {name}", reason, essential=False)
        await asyncio.sleep(_SECONDS)


async def _watch(name: str, engine: Engine, health: Health) -> None:
    while True:
        health.tell(name, await _failure(name, engine), essential=name not in _WITHOUT)
        await asyncio.sleep(_SECONDS)


async def _failure(name: str, engine: Engine) -> str | None:
    try:
        async with asyncio.timeout(_SECONDS):
            await engine.check()
    except Unavailable as error:
        return str(error)
    except TimeoutError:
        return "it does not answer"
    except Exception as error:
        # A defect of a check is no reason to take the process out of service for good, nor to stop watching.
        _log.error("an engine can't be checked", engine=name, exc_info=error)
        return "its check fails"
    return None

"""Asks the engines and the subgraphs that a process depends on, from time to time, whether they answer."""

import asyncio
from collections.abc import Mapping
from urllib.parse import urljoin

import aiohttp
import structlog

from murmur.engines import Engine, Report, engine_of
from murmur.errors import Unavailable
from murmur.telemetry.health import Health

_SECONDS = 3.0
# An engine that has just started answers its first questions slowly; who gave up sooner would ask it the same anew for ever.
_ANSWER_SECONDS = 10.0
_TOLD_MISSING = 3
_WITHOUT = {"timelines", "pubsub", "sessions", "limits", "leases", "cache"}
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
        report = await _asked(name, engine)
        if isinstance(report, str):
            health.tell(name, report, essential=name not in _WITHOUT)
        else:
            # It answers: what a new release wants besides is made beside live traffic, not with all processes out of service.
            health.tell(name, _lacking(report), essential=False)
        await asyncio.sleep(_SECONDS)


async def _asked(name: str, engine: Engine) -> Report | str:
    """What an engine says, or why it says nothing."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await engine.check()
    except Unavailable as error:
        return str(error)
    except TimeoutError:
        return "it does not answer"
    except Exception as error:
        # A defect of a check is no reason to stop watching.
        _log.error("an engine can't be checked", engine=name, exc_info=error)
        return "its check fails"


def _lacking(report: Report) -> str | None:
    if not report.missing:
        return None
    more = len(report.missing) - _TOLD_MISSING
    told = "; ".join(report.missing[:_TOLD_MISSING]) + (f"; and {more} more" if more > 0 else "")
    return f"it lacks {told}: `murmur engines check --apply` makes what can be made"

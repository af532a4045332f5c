"""How workers end: with what is under way done."""

import asyncio
from collections.abc import Coroutine

import structlog

_log = structlog.get_logger()


async def finish(work: Coroutine[None, None, None]) -> None:
    """Let `work` come to its end even when cancelled meanwhile; a second cancellation ends it at once."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("the last batch is left for the next life", reason=str(error))
        raise

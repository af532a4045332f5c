"""How workers wait before they try again: longer each time, and not all at the same moment."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from murmur.errors import Unavailable

T = TypeVar("T")
_log = structlog.get_logger()


class Backoff:
    """Waits that double from `first` to `longest` seconds, each cut at random by up to a half."""

    def __init__(self, first: float = 0.1, longest: float = 5) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    async def wait(self) -> None:
        seconds = self._next
        self._next = min(seconds * 2, self._longest)
        await asyncio.sleep(seconds * random.uniform(0.5, 1))  # noqa: S311 (no secret)

    def reset(self) -> None:
        self._next = self._first


async def until_available(call: Callable[[], Awaitable[T]], what: str, backoff: Backoff) -> T:
    """What `call` returns, however often it must be tried. Any error but Unavailable ends it."""
    while True:
        try:
            answer = await call()
        except Unavailable as error:
            _log.warning("waiting for a store", what=what, reason=str(error))
            await backoff.wait()
        else:
            backoff.reset()
            return answer

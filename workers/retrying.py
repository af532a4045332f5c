"""How workers wait before they try again: longer each time, and not all at the same moment."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

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


async def repeat(work: Callable[[], Awaitable[bool | None]], what: str, seconds: float, share: int = 0) -> NoReturn:
    """Do a work again and again: at once while it answers that there is more, else after `seconds`, or after `share` times what
    it took where that is longer. A store that does not answer is asked again after the same pause."""
    loop = asyncio.get_running_loop()
    while True:
        started = loop.time()
        try:
            more = await work()
        except Unavailable as error:
            _log.warning("waiting for a store", what=what, reason=str(error))
            more = False
        await asyncio.sleep(0 if more else max(seconds, share * (loop.time() - started)))

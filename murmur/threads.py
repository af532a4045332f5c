"""A few threads that blocking work is handed to. An executor's futures cost several times as much as these."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

import structlog

T = TypeVar("T")
_Work = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]
_log = structlog.get_logger()


class Threads:
    """`close` waits for what was handed over; after it nothing is taken any more (RuntimeError)."""

    def __init__(self, count: int, name: str) -> None:
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        self._closed = False
        self._threads = [threading.Thread(target=self._serve, name=name, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. It is carried out, even when who asked for it has gone."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(loop, future, work)
        return await future

    def hand_over(self, work: Callable[[], object]) -> None:
        """Nobody waits for it; what it raises is logged."""

        def logged() -> None:
            try:
                work()
            except Exception as error:
                _log.error("work that nobody waits for failed", exc_info=error)

        loop = asyncio.get_running_loop()
        self._put(loop, loop.create_future(), logged)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _put(self, loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Any]", work: Callable[[], Any]) -> None:
        if self._closed:
            raise RuntimeError("these threads have ended")
        self._queue.put((loop, future, work))

    def _serve(self) -> None:
        while (asked := self._queue.get()) is not None:
            loop, future, work = asked
            try:
                value, error = work(), None
            except BaseException as raised:
                value, error = None, raised
            # A loop that has been closed meanwhile has nobody left to tell.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_settle, future, value, error)


def _settle(future: asyncio.Future[Any], value: object, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)

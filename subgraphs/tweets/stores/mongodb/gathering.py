"""Group commits: what is to be written while earlier writes are under way goes out in one command with what else waits."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from murmur.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")


class Gathering(Generic[T, R]):
    """Calls that each await their own outcome of a batch; an outcome that is an exception is raised to its caller alone.

    At most `flights` batches of at most `most` items are under way. Raises Unavailable when `bound` calls wait.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]],
        *,
        most: int = 200,
        flights: int = 4,
        bound: int = 10_000,
    ) -> None:
        self._write = write
        self._most = most
        self._flights = flights
        self._bound = bound
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._flying = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, item: T) -> R:
        if len(self._waiting) >= self._bound:
            raise Unavailable("too many writes wait; try again later")
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._flying < self._flights:
            self._flying += 1
            task = asyncio.create_task(self._fly(), name="group commit")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def close(self) -> None:
        """Wait for what was asked for."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _fly(self) -> None:
        try:
            await self._write_all()
        finally:
            # Not when the task is done, which is later: what came in between would wait for nobody.
            self._flying -= 1

    async def _write_all(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            try:
                outcomes = await self._write([item for item, _ in batch])
            except Exception as error:  # told to everyone who waits for this batch
                outcomes = [error] * len(batch)
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                if future.done():  # its caller was cancelled
                    continue
                if isinstance(outcome, Exception):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)

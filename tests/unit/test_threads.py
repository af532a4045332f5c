"""Work that is handed to threads."""

import asyncio
import threading

import pytest

from murmur.threads import Threads


async def test_who_asks_gets_what_the_work_returns_or_raises() -> None:
    threads = Threads(2, "test")
    assert await asyncio.gather(*(threads.run(lambda number=number: number * 2) for number in range(50))) == [
        number * 2 for number in range(50)
    ]
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    assert await threads.run(lambda: threading.current_thread().name) == "test"
    await threads.close()


async def test_work_is_carried_out_when_who_asked_has_gone_and_before_the_end() -> None:
    threads = Threads(1, "test")
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        go_on.wait(10)
        done.set()

    asking = asyncio.create_task(threads.run(slow))
    await asyncio.to_thread(begun.wait, 10)
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    threads.hand_over(lambda: 1 // 0)
    go_on.set()
    await threads.close()
    assert done.is_set()


async def test_after_the_end_nothing_is_taken() -> None:
    threads = Threads(1, "test")
    for _again in range(2):
        await threads.close()
    with pytest.raises(RuntimeError, match="ended"):
        await threads.run(lambda: None)

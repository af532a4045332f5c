"""Work that workers repeat beside their events."""

import asyncio

from murmur.errors import Unavailable
from tests.support.waiting import until
from workers.retrying import repeat


async def test_work_is_repeated_at_once_while_there_is_more_and_after_a_pause_else() -> None:
    answers = [True, True, False]
    done = 0

    async def work() -> bool:
        nonlocal done
        done += 1
        return answers.pop(0)

    async def all_done() -> bool:
        return done == 3

    task = asyncio.create_task(repeat(work, "work", 3_600))
    await until(all_done)
    # A fourth time would raise: the list is empty.
    await asyncio.wait([task], timeout=0.05)
    assert not task.done()
    task.cancel()


async def test_a_store_that_is_away_is_asked_again() -> None:
    asked = 0

    async def work() -> None:
        nonlocal asked
        asked += 1
        raise Unavailable("away")

    async def again() -> bool:
        return asked >= 3

    task = asyncio.create_task(repeat(work, "work", 0.001, share=2))
    await until(again)
    assert not task.done()
    task.cancel()

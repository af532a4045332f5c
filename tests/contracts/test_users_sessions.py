"""What every keeper of sessions does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from murmur.clock import wall_clock
from murmur.errors import StartupError
from subgraphs.users.model import Session
from subgraphs.users.ports import Sessions
from subgraphs.users.wiring import open_sessions
from tests.support.engines import url_of

NOW = wall_clock()
LASTS = 600_000
ADA, BOB = 1, (1 << 63) - 1


@pytest.fixture(params=["sqlite:", "redis", "redis cluster"])
async def sessions(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sessions]:
    opened = open_sessions(url_of(request), tmp_path)
    yield opened
    await opened.close()


def session(id_: str, user_id: int = ADA, token: bytes = b"1", started_at: int = NOW, generation: int = 0) -> Session:
    return Session(id_, user_id, token, started_at, started_at + LASTS, b"\0secret of " + id_.encode(), generation)


async def rotate(sessions: Sessions, id_: str, old: bytes, new: bytes, now: int = NOW, user_id: int = ADA) -> bool:
    return await sessions.rotate(user_id, id_, old, new, now, now + LASTS)


async def test_a_session_rotates_and_ends_when_an_old_token_comes_back(sessions: Sessions) -> None:
    await sessions.start(session("s"), 50)
    await sessions.start(session("other"), 50)
    assert await rotate(sessions, "s", b"1", b"22")
    assert await rotate(sessions, "s", b"22", b"3")
    assert not await rotate(sessions, "s", b"1", b"4")
    assert not await rotate(sessions, "s", b"3", b"5")
    assert await rotate(sessions, "other", b"1", b"2")


async def test_a_token_is_exchanged_once_however_many_present_it(sessions: Sessions) -> None:
    await sessions.start(session("s"), 50)
    exchanged = await asyncio.gather(*(rotate(sessions, "s", b"1", b"new %d" % n) for n in range(10)))
    assert sorted(exchanged) == [False] * 9 + [True]
    assert await sessions.session(ADA, "s") is None


async def test_a_session_is_read_back_whole_until_it_ends(sessions: Sessions) -> None:
    await sessions.start(session("s", generation=7), 50)
    assert await sessions.session(ADA, "s") == session("s", generation=7)
    await rotate(sessions, "s", b"1", b"", NOW + 5)
    assert await sessions.session(ADA, "s") == Session("s", ADA, b"", NOW, NOW + 5 + LASTS, b"\0secret of s", 7)
    await sessions.end(ADA, "s")
    assert await sessions.session(ADA, "s") is None


async def test_a_session_ends_when_its_time_is_over(sessions: Sessions) -> None:
    await sessions.start(session("s"), 50)
    assert await rotate(sessions, "s", b"1", b"2", NOW + LASTS - 1)
    assert not await rotate(sessions, "s", b"2", b"3", NOW + 2 * LASTS - 1)
    assert not await rotate(sessions, "s", b"2", b"3")


async def test_an_ended_session_does_not_rotate(sessions: Sessions) -> None:
    await sessions.start(session("s"), 50)
    for _ in range(2):
        await sessions.end(ADA, "s")
    assert not await rotate(sessions, "s", b"1", b"2")


async def test_nobody_has_the_session_of_another(sessions: Sessions) -> None:
    await sessions.start(session("s"), 50)
    assert await sessions.session(BOB, "s") is None
    assert not await rotate(sessions, "s", b"1", b"2", user_id=BOB)
    await sessions.end(BOB, "s")
    assert await sessions.session(ADA, "s") == session("s")


async def test_the_oldest_sessions_give_way_to_new_ones(sessions: Sessions) -> None:
    await sessions.start(session("bobs", BOB), 3)
    for number in range(5):
        await sessions.start(session(f"s{number}", started_at=NOW + number), 3)
    kept = [await rotate(sessions, f"s{number}", b"1", b"2", NOW + 9) for number in range(5)]
    assert kept == [False, False, True, True, True]
    assert await rotate(sessions, "bobs", b"1", b"2", user_id=BOB)


async def test_a_session_after_a_new_password_ends_those_before_it_and_none_after_it(sessions: Sessions) -> None:
    await sessions.start(session("old"), 50)
    await sessions.start(session("new", generation=1), 50)
    assert await sessions.session(ADA, "old") is None
    await sessions.start(session("late"), 50)
    assert await sessions.session(ADA, "new") == session("new", generation=1)


async def test_copies_are_exact_and_change_nothing_that_is_there(sessions: Sessions) -> None:
    rows = [session("a"), session("b", generation=3), session("c", BOB)]
    await sessions.put(rows)
    assert await rotate(sessions, "a", b"1", b"2")
    rotated = await sessions.session(ADA, "a")
    await sessions.put(rows)
    assert await sessions.of([BOB, 5, ADA]) == [rotated, *rows[1:]]


def test_a_url_without_an_adapter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="sqlite, redis, rediss"):
        open_sessions("abacus:", tmp_path)

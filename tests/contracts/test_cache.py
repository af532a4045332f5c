"""What every cache keeps of the promises in `murmur/cache/ports.py`."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from murmur.cache.memory import MemoryCache
from murmur.cache.ports import MOST_BYTES, TICKET_SECONDS, Cache, Filling
from murmur.cache.wiring import open_cache
from murmur.errors import StartupError
from tests.support.engines import url_of
from tests.support.waiting import until


@pytest.fixture(params=["memory:", "redis", "redis cluster"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    cache = open_cache(url_of(request))
    assert cache is not None
    yield cache
    await cache.close()


async def put(cache: Cache, key: bytes, value: bytes, seconds: float = 60) -> None:
    [ticket] = await cache.reserve([key])
    assert ticket is not None
    await cache.fill([Filling(key, ticket, value, seconds)])


async def test_what_is_put_by_who_has_the_ticket_is_there(cache: Cache):
    tickets = await cache.reserve([b"a", b"b"])
    assert await cache.get([b"a", b"b"]) == [None, None]
    await cache.fill([Filling(key, ticket or b"", key * 3, 60) for key, ticket in zip((b"a", b"b"), tickets, strict=True)])
    assert await cache.get([b"b", b"c", b"a"]) == [b"bbb", None, b"aaa"]
    assert await cache.get([]) == []


async def test_only_one_has_the_ticket_of_a_key(cache: Cache):
    tickets = await asyncio.gather(*(cache.reserve([b"a"]) for _ in range(10)))
    assert sum(ticket is not None for [ticket] in tickets) == 1
    assert await cache.reserve([b"b"]) != [None]


async def test_who_comes_after_a_change_with_what_was_read_before_it_puts_nothing(cache: Cache):
    [slow] = await cache.reserve([b"a"])
    await cache.forget([b"a"])
    await cache.fill([Filling(b"a", slow or b"", b"old", 60)])
    assert await cache.get([b"a"]) == [None]
    await put(cache, b"a", b"new")
    await cache.fill([Filling(b"a", slow or b"", b"old", 60)])
    assert await cache.get([b"a"]) == [b"new"]


async def test_a_ticket_is_good_for_one_value(cache: Cache):
    [ticket] = await cache.reserve([b"a"])
    for value in (b"one", b"two"):
        await cache.fill([Filling(b"a", ticket or b"", value, 60)])
    assert await cache.get([b"a"]) == [b"one"]


async def test_a_value_stays_while_another_is_loaded_and_is_replaced_by_it(cache: Cache):
    await put(cache, b"a", b"one")
    [ticket] = await cache.reserve([b"a"])
    assert await cache.reserve([b"a"]) == [None]
    assert await cache.get([b"a"]) == [b"one"]
    await cache.fill([Filling(b"a", ticket or b"", b"two", 60)])
    assert await cache.get([b"a"]) == [b"two"]


async def test_what_is_forgotten_is_gone(cache: Cache):
    await put(cache, b"a", b"one")
    await put(cache, b"b", b"two")
    await cache.forget([b"a", b"unknown"])
    assert await cache.get([b"a", b"b"]) == [None, b"two"]
    await cache.forget([])


async def test_values_go_in_their_time(cache: Cache):
    await put(cache, b"a", b"one", seconds=0.2)
    await put(cache, b"b", b"two")

    async def gone() -> bool:
        return await cache.get([b"a"]) == [None]

    await until(gone)
    assert await cache.get([b"b"]) == [b"two"]


async def test_the_ticket_of_who_died_ends(cache: Cache):
    assert await cache.reserve([b"a"]) != [None]

    async def free() -> bool:
        return await cache.reserve([b"a"]) != [None]

    await until(free, seconds=TICKET_SECONDS + 5)


async def test_a_value_that_is_too_large_is_not_kept(cache: Cache):
    await put(cache, b"a", bytes(MOST_BYTES))
    await put(cache, b"b", bytes(MOST_BYTES + 1))
    assert [value is None for value in await cache.get([b"a", b"b"])] == [False, True]


async def test_keys_and_values_are_any_bytes(cache: Cache):
    await put(cache, b"{}\x00\xff", b"\x00\r\n\xff")
    assert await cache.get([b"{}\x00\xff"]) == [b"\x00\r\n\xff"]


async def test_memory_holds_a_bounded_number_of_entries_those_used_last():
    cache = MemoryCache(capacity=3)
    for key in (b"a", b"b", b"c"):
        await put(cache, key, key)
    await cache.get([b"a"])
    await put(cache, b"d", b"d")
    assert await cache.get([b"a", b"b", b"c", b"d"]) == [b"a", None, b"c", b"d"]


def test_a_scheme_that_nobody_knows_is_told_at_the_start():
    assert open_cache("none:") is None
    with pytest.raises(StartupError, match="none, memory, redis"):
        open_cache("pocket:")

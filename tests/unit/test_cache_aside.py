"""Reading aside a cache: loaded once, never old, and right without it."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping

import msgspec
import pytest

from murmur.cache.aside import Aside
from murmur.cache.memory import MemoryCache
from murmur.cache.ports import Cache
from murmur.cache.wiring import open_cache
from murmur.errors import Unavailable
from tests.support.waiting import until


class Number:
    """A codec."""

    def encode(self, value: int) -> bytes:
        return msgspec.msgpack.encode(value)

    def decode(self, data: bytes) -> int:
        return msgspec.msgpack.decode(data, type=int)


class Store:
    """Numbers by name; `gate` holds those who have read and not yet answered."""

    def __init__(self) -> None:
        self.numbers = {"a": 1, "b": 2}
        self.calls: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failing = False

    async def load(self, names: Collection[str]) -> Mapping[str, int]:
        self.calls.append(sorted(names))
        found = {name: self.numbers[name] for name in names if name in self.numbers}
        await self.gate.wait()
        if self.failing:
            raise Unavailable("the store does not answer")
        return found


class World:
    def __init__(self, cache: Cache | None = None) -> None:
        self.seconds = 1_000.0
        self.cache = cache or MemoryCache(clock=lambda: self.seconds)
        self.store = Store()
        self.outcomes: Counter[str] = Counter()
        self.aside = self.another_process()

    def another_process(self) -> Aside[str, int]:
        return Aside(self.cache, "handle.1", Number(), self.store.load, self.observe, clock=lambda: int(self.seconds * 1_000))

    def observe(self, _kind: str, outcome: str, by: int) -> None:
        self.outcomes[outcome] += by


@pytest.fixture
def world() -> World:
    return World()


async def test_what_was_loaded_is_not_loaded_again(world: World):
    assert await world.aside.get(["a", "b", "a"]) == {"a": 1, "b": 2}
    assert await world.aside.get(["b", "a"]) == {"a": 1, "b": 2}
    assert await world.another_process().get(["a"]) == {"a": 1}
    assert world.store.calls == [["a", "b"]]
    assert world.outcomes == {"miss": 2, "hit": 3}


async def test_that_there_is_nothing_is_kept_too_for_a_shorter_time(world: World):
    for _ in range(2):
        assert await world.aside.get(["x", "a"]) == {"a": 1}
    assert world.store.calls == [["a", "x"]]
    world.store.numbers["x"] = 9
    world.seconds += 6
    assert await world.aside.get(["x", "a"]) == {"x": 9, "a": 1}


async def test_all_who_ask_at_once_share_one_load(world: World):
    answers = await asyncio.gather(*(world.aside.get(["a"]) for _ in range(50)), world.aside.get(["b", "a"]))
    assert answers == [{"a": 1}] * 50 + [{"a": 1, "b": 2}]
    assert world.store.calls == [["a"], ["b"]]


async def test_who_leaves_does_not_end_the_load_that_others_wait_for(world: World):
    world.store.gate.clear()
    leaving, staying = asyncio.create_task(world.aside.get(["a"])), asyncio.create_task(world.aside.get(["a"]))
    await until(lambda: _true(world.store.calls))
    leaving.cancel()
    world.store.gate.set()
    assert await staying == {"a": 1}


async def test_a_change_is_seen_at_once_by_who_made_it_although_an_older_load_is_under_way(world: World):
    world.store.gate.clear()
    slow = asyncio.create_task(world.aside.get(["a"]))
    await until(lambda: _true(world.store.calls))
    world.store.numbers["a"] = 7
    await world.aside.forget(["a"])
    world.store.gate.set()
    assert await world.aside.get(["a"]) == {"a": 7}
    assert await slow == {"a": 1}
    assert await world.another_process().get(["a"]) == {"a": 7}


async def test_who_was_slow_in_another_process_puts_no_old_value(world: World):
    world.store.gate.clear()
    other = world.another_process()
    slow = asyncio.create_task(other.get(["a"]))
    await until(lambda: _true(world.store.calls))
    world.store.numbers["a"] = 7
    await world.aside.forget(["a"])
    world.store.gate.set()
    await slow
    assert await other.get(["a"]) == {"a": 7}


async def test_a_value_is_loaded_anew_before_it_ends_while_readers_go_on_with_it(world: World):
    await world.aside.get(["a"])
    world.store.numbers["a"] = 7
    world.seconds += 55
    world.store.gate.clear()
    processes = [world.another_process() for _ in range(5)]
    answers = await asyncio.gather(*(process.get(["a"]) for process in processes for _ in range(20)))
    assert answers == [{"a": 1}] * 100
    world.store.gate.set()
    assert world.store.calls == [["a"], ["a"]]

    async def refreshed() -> bool:
        return await world.aside.get(["a"]) == {"a": 7}

    await until(refreshed)
    world.seconds += 20
    assert await world.aside.get(["a"]) == {"a": 7}
    assert world.outcomes["miss"] == 1


async def test_a_store_that_fails_is_told_to_all_who_wait_and_asked_again(world: World):
    world.store.failing = True
    answers = await asyncio.gather(*(world.aside.get(["a"]) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 3
    world.store.failing = False
    assert await world.aside.get(["a"]) == {"a": 1}


async def test_without_its_cache_everything_is_loaded_once_for_all_who_ask_at_the_same_time():
    # Nobody listens on that port.
    unreachable = open_cache("redis://127.0.0.1:1")
    assert unreachable is not None
    world = World(unreachable)
    answers = await asyncio.gather(*(world.aside.get(["a"]) for _ in range(20)))
    assert answers == [{"a": 1}] * 20
    assert world.store.calls == [["a"]]
    assert world.outcomes == {"failed": 20}
    with pytest.raises(Unavailable):
        await world.aside.forget(["a"])
    await unreachable.close()


async def test_what_another_release_wrote_is_loaded_anew(world: World):
    await world.aside.get(["a"])

    class Word(Number):
        def decode(self, data: bytes) -> int:
            msgspec.msgpack.decode(data, type=str)
            return 0

    world.aside = Aside(
        world.cache, "handle.1", Word(), world.store.load, world.observe, clock=lambda: int(world.seconds * 1_000)
    )
    assert await world.aside.get(["a"]) == {"a": 1}


async def _true(value: object) -> object:
    return value

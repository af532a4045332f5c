"""Reading aside a cache: what it has is taken from it, what it has not is loaded once and put there.

The cache is never needed. Where it does not answer everything is loaded, and what is loaded is shared by all who ask for it in
this process at the same time.
"""

import asyncio
import random
import struct
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar

import msgspec

from murmur.cache.kinds import Kind, key_of, keys_of
from murmur.cache.ports import Cache, Filling
from murmur.clock import Clock, wall_clock
from murmur.errors import Unavailable

# A value is loaded anew before it ends, by one reader and at a time that is another for each, while the others go on with it.
_FRESH = (0.5, 0.8)
_REFRESHES = 100
_FRESH_UNTIL = struct.Struct("<q")
_ABSENT = b""

K = TypeVar("K", int, str)
V = TypeVar("V")
_Tasks: TypeAlias = dict[K, asyncio.Task[Mapping[K, V]]]
Outcome = Literal["hit", "miss", "failed"]
"""Of a key that was looked up: it was there, it was not, or the cache did not answer."""

Observe: TypeAlias = Callable[[Kind, Outcome, int], None]
"""Hears how many keys of a kind had an outcome."""


class Codec(Protocol[V]):
    """How values are written. `decode` raises msgspec.MsgspecError for what it can't read."""

    def encode(self, value: V, /) -> bytes: ...

    def decode(self, data: bytes, /) -> V: ...


class Aside(Generic[K, V]):
    """Values of one kind by their ids.

    `load` gets what there is for many ids in one call. That there
    is nothing for an id is kept too, for `absent_seconds`.
    """

    def __init__(
        self,
        cache: Cache,
        kind: Kind,
        codec: Codec[V],
        load: Callable[[Collection[K]], Awaitable[Mapping[K, V]]],
        observe: Observe,
        *,
        clock: Clock = wall_clock,
        seconds: float = 60,
        absent_seconds: float = 5,
    ) -> None:
        self._cache = cache
        self._kind: Kind = kind
        self._codec = codec
        self._load = load
        self._observe = observe
        self._clock = clock
        self._seconds = seconds
        self._absent_seconds = absent_seconds
        self._loading: _Tasks[K, V] = {}
        self._refreshing: _Tasks[K, V] = {}

    async def get(self, ids: Collection[K]) -> dict[K, V]:
        """What there is for these ids."""
        wanted = list(dict.fromkeys(ids))
        try:
            kept = await self._cache.get(keys_of(self._kind, wanted))
        except Unavailable:
            self._observe(self._kind, "failed", len(wanted))
            return await self._loaded(wanted)
        found: dict[K, V] = {}
        missing: list[K] = []
        stale: list[K] = []
        now = self._clock()
        for id_, value in zip(wanted, kept, strict=True):
            if value is None or not self._read(id_, value, found):
                missing.append(id_)
            elif _FRESH_UNTIL.unpack_from(value)[0] < now:
                stale.append(id_)
        if len(missing) < len(wanted):
            self._observe(self._kind, "hit", len(wanted) - len(missing))
        if stale:
            self._refresh(stale)
        if missing:
            self._observe(self._kind, "miss", len(missing))
            found |= await self._loaded(missing)
        return found

    async def forget(self, ids: Collection[K]) -> None:
        """They have changed: what is kept of them goes, and so does what is being loaded. Raises Unavailable."""
        for id_ in ids:
            self._loading.pop(id_, None)
        if ids:
            await self._cache.forget(keys_of(self._kind, ids))

    def _read(self, id_: K, value: bytes, found: dict[K, V]) -> bool:
        data = value[_FRESH_UNTIL.size :]
        if data != _ABSENT:
            try:
                found[id_] = self._codec.decode(data)
            except msgspec.MsgspecError:
                return False
        return True

    async def _loaded(self, ids: Sequence[K]) -> dict[K, V]:
        """What there is for ids, each loaded once for all who ask at the same time."""
        mine = [id_ for id_ in ids if id_ not in self._loading]
        if mine:
            self._start(mine, self._loading, needed=True)
        tasks = {id_: self._loading[id_] for id_ in ids}
        # Who leaves does not end what others wait for.
        answers = {task: await asyncio.shield(task) for task in dict.fromkeys(tasks.values())}
        return {id_: answers[task][id_] for id_, task in tasks.items() if id_ in answers[task]}

    def _refresh(self, ids: Sequence[K]) -> None:
        mine = [id_ for id_ in ids if id_ not in self._loading and id_ not in self._refreshing]
        if mine and len(self._refreshing) < _REFRESHES:
            self._start(mine, self._refreshing, needed=False)

    def _start(self, ids: Sequence[K], under_way: _Tasks[K, V], *, needed: bool) -> None:
        task = asyncio.create_task(self._load_and_keep(ids, needed=needed))
        for id_ in ids:
            under_way[id_] = task

        def over(_task: asyncio.Task[Mapping[K, V]]) -> None:
            for id_ in ids:
                if under_way.get(id_) is task:
                    del under_way[id_]
            # Whoever waited has been told. Behind a value that is kept nobody waits: it ends in its time.
            if not task.cancelled():
                task.exception()

        task.add_done_callback(over)

    async def _load_and_keep(self, ids: Sequence[K], *, needed: bool) -> Mapping[K, V]:
        """Load, and put what this process has the tickets for; of what is not needed, nothing else is loaded."""
        try:
            tickets = await self._cache.reserve(keys_of(self._kind, ids))
        except Unavailable:
            return await self._load(ids) if needed else {}
        held = {id_: ticket for id_, ticket in zip(ids, tickets, strict=True) if ticket is not None}
        wanted = ids if needed else list(held)
        loaded = await self._load(wanted) if wanted else {}
        if held:
            try:
                await self._cache.fill([self._filling(id_, ticket, loaded) for id_, ticket in held.items()])
            except Unavailable:
                return loaded
        return loaded

    def _filling(self, id_: K, ticket: bytes, loaded: Mapping[K, V]) -> Filling:
        there = id_ in loaded
        seconds = self._seconds if there else self._absent_seconds
        fresh_until = self._clock() + int(seconds * 1_000 * random.uniform(*_FRESH))  # noqa: S311 (no secret)
        data = self._codec.encode(loaded[id_]) if there else _ABSENT
        return Filling(key_of(self._kind, id_), ticket, _FRESH_UNTIL.pack(fresh_until) + data, seconds)

"""A cache in this process's memory, for a platform that is one process."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence

from murmur.cache.ports import MOST_BYTES, TICKET_SECONDS, Filling


class _Entry:
    __slots__ = ("ends", "ticket", "ticket_ends", "value")

    def __init__(self) -> None:
        self.value: bytes | None = None
        self.ends = 0.0
        self.ticket = b""
        self.ticket_ends = 0.0


class MemoryCache:
    """A `Cache` of the `capacity` entries that were used last. `clock` tells seconds."""

    def __init__(self, *, capacity: int = 20_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = capacity
        self._clock = clock
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    async def get(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        now = self._clock()
        return [self._value(key, now) for key in keys]

    async def reserve(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        now = self._clock()
        return [self._reserve(key, now) for key in keys]

    async def fill(self, fillings: Sequence[Filling]) -> None:
        now = self._clock()
        for filling in fillings:
            entry = self._entries.get(filling.key)
            if entry is None or entry.ticket != filling.ticket or entry.ticket_ends <= now:
                continue
            entry.ticket = b""
            if len(filling.value) <= MOST_BYTES:
                entry.value, entry.ends = filling.value, now + filling.seconds

    async def forget(self, keys: Collection[bytes]) -> None:
        for key in keys:
            self._entries.pop(key, None)

    async def close(self) -> None:
        self._entries.clear()

    def _value(self, key: bytes, now: float) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None or entry.ends <= now:
            return None
        self._entries.move_to_end(key)
        return entry.value

    def _reserve(self, key: bytes, now: float) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry()
            if len(self._entries) > self._capacity:
                self._entries.popitem(last=False)
        if entry.ticket and entry.ticket_ends > now:
            return None
        entry.ticket, entry.ticket_ends = secrets.token_bytes(8), now + TICKET_SECONDS
        return entry.ticket

"""A cache in Redis, which all processes share."""

import secrets
from collections.abc import Collection, Sequence
from typing import cast

from murmur.cache.ports import MOST_BYTES, TICKET_SECONDS, Filling
from murmur.redis import Redis, RedisEngine, command

# Before each value: its ticket (8 bytes) and when that ends, in ms (a double); zeros where nobody has one.
_HEAD = 16
_NO_TICKET = bytes(_HEAD)

# KEYS: a key. ARGV: a ticket, for how many ms. 1 when it is the key's now.
_RESERVE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local head = redis.call('GETRANGE', KEYS[1], '0', '15')
local mine = ARGV[1] .. struct.pack('<d', now + ARGV[2])
if head == '' then
  redis.call('SET', KEYS[1], mine, 'PX', ARGV[2])
elseif struct.unpack('<d', head, 9) > now then
  return 0
else
  redis.call('SETRANGE', KEYS[1], '0', mine)
end
return 1
"""

# KEYS: a key. ARGV: a ticket, for how many ms, what is written in its place.
_FILL = """
local head = redis.call('GETRANGE', KEYS[1], '0', '7')
if head == ARGV[1] then redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2]) end
"""


class RedisCache:
    """A `Cache`. Nothing is kept without an end, so that a server that is short of memory can let go what ends first."""

    def __init__(self, redis: Redis) -> None:
        self.engine = RedisEngine(redis, "copies")
        self._redis = redis
        self._stem = b"%s:cache:" % redis.prefix
        self._reserve = redis.script(_RESERVE)
        self._fill = redis.script(_FILL)

    async def get(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        names = [self._stem + key for key in keys]
        values = await self._redis.batch([command(name, b"GET", name) for name in names])
        return [value[_HEAD:] or None if isinstance(value, bytes) else None for value in values]

    async def reserve(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        tickets = [secrets.token_bytes(8) for _ in keys]
        milliseconds = int(TICKET_SECONDS * 1_000)
        commands = [
            self._reserve.command((self._stem + key,), ticket, milliseconds) for key, ticket in zip(keys, tickets, strict=True)
        ]
        mine = cast("list[int]", await self._redis.batch(commands))
        return [ticket if reserved else None for ticket, reserved in zip(tickets, mine, strict=True)]

    async def fill(self, fillings: Sequence[Filling]) -> None:
        await self._redis.batch(
            [
                self._fill.command(
                    (self._stem + filling.key,), filling.ticket, int(filling.seconds * 1_000), _NO_TICKET + filling.value
                )
                for filling in fillings
                if len(filling.value) <= MOST_BYTES
            ]
        )

    async def forget(self, keys: Collection[bytes]) -> None:
        names = [self._stem + key for key in keys]
        await self._redis.batch([command(name, b"DEL", name) for name in names])

    async def close(self) -> None:
        await self._redis.close()

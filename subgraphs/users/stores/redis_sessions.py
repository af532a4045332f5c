"""Sessions in Redis: those of a person are one hash, so that each verb is one script on one key."""

import struct
from collections.abc import Collection, Sequence

from murmur.clock import Clock
from murmur.redis import Command, Redis, RedisEngine, Reply, Script, command
from subgraphs.users.model import Session

# Generation, when it started and when it ends, the length of the token's hash; then that hash and the secret.
_HEAD = struct.Struct(">QQQH")
_LUA_HEAD = "'>I8I8I8I2'"
_REPLICA_MS = 200

# KEYS: somebody's sessions. ARGV: id, session, now, generation, how many others may stay, how long the new one lasts in ms.
_START = f"""
local living = {{}}
local rows = redis.call('HGETALL', KEYS[1])
for i = 1, #rows, 2 do
  local generation, started, expires = struct.unpack({_LUA_HEAD}, rows[i + 1])
  if expires <= tonumber(ARGV[3]) or generation < tonumber(ARGV[4]) then redis.call('HDEL', KEYS[1], rows[i])
  else living[#living + 1] = {{started, rows[i]}} end
end
table.sort(living, function(one, other) return one[1] > other[1] end)
for i = tonumber(ARGV[5]) + 1, #living do redis.call('HDEL', KEYS[1], living[i][2]) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[6]) then redis.call('PEXPIRE', KEYS[1], ARGV[6]) end
"""
# KEYS: somebody's sessions. ARGV: id, old hash, new hash, now, when it then ends.
_ROTATE = f"""
local found = redis.call('HGET', KEYS[1], ARGV[1])
if not found then return 0 end
local generation, started, expires, length, after = struct.unpack({_LUA_HEAD}, found)
if expires <= tonumber(ARGV[4]) or found:sub(after, after + length - 1) ~= ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1])
  return 0
end
local head = struct.pack({_LUA_HEAD}, generation, started, tonumber(ARGV[5]), #ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], head .. ARGV[3] .. found:sub(after + length))
local lasts = tonumber(ARGV[5]) - tonumber(ARGV[4])
if redis.call('PTTL', KEYS[1]) < lasts then redis.call('PEXPIRE', KEYS[1], lasts) end
return 1
"""
# KEYS: somebody's sessions. ARGV: id, session, how long it lasts in ms.
_PUT = """
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 and redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
"""


class RedisSessions:
    """`Sessions` on Redis. In a cluster a replica has each change too before it is acknowledged, or was waited for 200 ms: what
    was ended must not come back with the next master. All of a Redis that is lost ends all sessions, and people sign in again.
    """

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self.engine = RedisEngine(redis, "records")
        self._start, self._rotate, self._put = (redis.script(text) for text in (_START, _ROTATE, _PUT))

    async def start(self, session: Session, keep: int) -> None:
        lasts = session.expires_at - session.started_at
        rest = session.started_at, session.generation, keep - 1, lasts
        await self._change(session.user_id, self._start, session.id, _pack(session), *rest)

    async def session(self, user_id: int, session_id: str) -> Session | None:
        key = self._key(user_id)
        value = await self._redis.call(key, "HGET", key, session_id)
        return _unpack(user_id, session_id, value) if isinstance(value, bytes) else None

    async def rotate(self, user_id: int, session_id: str, old_hash: bytes, new_hash: bytes, now: int, expires_at: int) -> bool:
        return await self._change(user_id, self._rotate, session_id, old_hash, new_hash, now, expires_at) == 1

    async def end(self, user_id: int, session_id: str) -> None:
        key = self._key(user_id)
        await self._redis.batch((command(key, "HDEL", key, session_id), *self._held(key)))

    async def of(self, user_ids: Collection[int]) -> Sequence[Session]:
        people = sorted(user_ids)
        replies = await self._redis.batch([command(key, "HGETALL", key) for key in map(self._key, people)])
        return [row for user_id, reply in zip(people, replies, strict=True) for row in _rows(user_id, reply)]

    async def put(self, rows: Sequence[Session]) -> None:
        now = self._clock()
        await self._redis.batch(
            [
                self._put.command((self._key(row.user_id),), row.id, _pack(row), row.expires_at - now)
                for row in rows
                if row.expires_at > now
            ]
        )

    async def close(self) -> None:
        await self._redis.close()

    async def _change(self, user_id: int, script: Script, *arguments: str | bytes | int) -> Reply:
        key = self._key(user_id)
        replies = await self._redis.batch((script.command((key,), *arguments), *self._held(key)))
        return replies[0]

    def _held(self, key: bytes) -> Sequence[Command]:
        return (command(key, "WAIT", 1, _REPLICA_MS),) if self._redis.clustered else ()

    def _key(self, user_id: int) -> bytes:
        return b"%s:sessions:%d" % (self._redis.prefix, user_id)


def _rows(user_id: int, reply: Reply) -> Sequence[Session]:
    words = reply if isinstance(reply, list) else []
    pairs = zip(words[0::2], words[1::2], strict=True)
    rows = [_unpack(user_id, id_.decode(), value) for id_, value in pairs if isinstance(id_, bytes) and isinstance(value, bytes)]
    return sorted(rows, key=lambda row: row.id)


def _pack(session: Session) -> bytes:
    head = _HEAD.pack(session.generation, session.started_at, session.expires_at, len(session.token_hash))
    return head + session.token_hash + session.secret


def _unpack(user_id: int, session_id: str, value: bytes) -> Session:
    generation, started_at, expires_at, length = _HEAD.unpack_from(value)
    end = _HEAD.size + length
    return Session(session_id, user_id, value[_HEAD.size : end], started_at, expires_at, value[end:], generation)

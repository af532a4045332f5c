"""Tries counted in Redis, for a platform of many processes."""

import math
from hashlib import blake2b

from murmur.errors import RateLimited, Unavailable
from murmur.redis import Redis, RedisEngine, Script
from subgraphs.users.model import SignInLimits
from subgraphs.users.ports import Rule
from subgraphs.users.stores.limits import MemoryThrottle, limits_of

# A window begins with its first try; what is over the limit is not counted. KEYS: a count. ARGV: the limit, the window in ms.
_SPEND = """
if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[1]) then return redis.call('PTTL', KEYS[1]) end
if redis.call('INCR', KEYS[1]) == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
_GIVE_BACK = "if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end"


class RedisThrottle:
    """`Throttle` for all processes together. While Redis does not answer each process counts for itself, so that people can sign
    in and nobody can try without end. Raises StartupError for a limit that can't be read."""

    def __init__(self, redis: Redis, limits: SignInLimits) -> None:
        self._redis = redis
        self.engine = RedisEngine(redis, "records")
        self._spend = redis.script(_SPEND)
        self._give_back = redis.script(_GIVE_BACK)
        self._limits = limits_of(limits)
        self._alone = MemoryThrottle(limits)

    async def spend(self, rule: Rule, key: str) -> None:
        limit = self._limits[rule]
        if limit is None:
            return
        try:
            wait = await self._run(self._spend, rule, key, limit.amount, limit.get_expiry() * 1_000)
        except Unavailable:
            await self._alone.spend(rule, key)
            return
        if wait:
            seconds = max(1, math.ceil(wait / 1_000))
            raise RateLimited(f"too many tries; wait {seconds} seconds", retry_after=seconds)

    async def give_back(self, rule: Rule, key: str) -> None:
        try:
            await self._run(self._give_back, rule, key)
        except Unavailable:
            await self._alone.give_back(rule, key)

    async def forget(self, rule: Rule, key: str) -> None:
        await self._alone.forget(rule, key)
        name = self._name(rule, key)
        try:
            await self._redis.call(name, "DEL", name)
        except Unavailable:
            return

    async def close(self) -> None:
        await self._redis.close()

    async def _run(self, script: Script, rule: Rule, key: str, *arguments: int) -> int:
        reply = (await self._redis.batch((script.command((self._name(rule, key),), *arguments),)))[0]
        return reply if isinstance(reply, int) else 0

    def _name(self, rule: Rule, key: str) -> bytes:
        # What was tried may be long, and is nobody's business.
        digest = blake2b(f"{rule}\0{key}".encode(), digest_size=16).hexdigest()
        return b"%s:tries:%s" % (self._redis.prefix, digest.encode())

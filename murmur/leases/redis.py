"""Node ids leased in Redis, for processes that share nothing else.

A lease ends some seconds after its owner last renewed it. That decides who may have the node; what keeps ids apart does not rest
on it, nor on anybody's clock: an owner uses no millisecond beyond those that it has reserved, reserving needs the lease, and the
next owner begins above what was reserved.

What Redis has forgotten can't be told from what was never there. So when its data may be other than they were (a start, a
failover, a flush) no node is leased to anybody new until those who have one must have renewed it, or stopped.
"""

import asyncio
import secrets
import time
from typing import Self, cast

import structlog

from murmur.clock import Clock
from murmur.errors import NodeIdsExhausted, Unavailable
from murmur.ids import IdSource, Snowflakes, id_time
from murmur.leases.ports import FOLLOWED_MS
from murmur.redis import Redis, RedisEngine

# Of the lease: how often it is renewed, and when its owner stops without. Clocks need only run at about the same speed.
_RENEWED, _TRUSTED = 0.08, 0.9
# Beyond the lease, so that an owner who can't renew it has time to use until it stops. Snowflakes ask for 3 s at a time.
_AHEAD_MS = 4_000
_WAIT_SECONDS = 0.2
_log = structlog.get_logger()

# KEYS: a hash with a field for each node: token, until when in ms, reserved up to which ms. ARGV: verb, length of a lease.
_SCRIPT = """
local key, verb, length = KEYS[1], ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local life = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
if redis.call('HGET', key, 'life') ~= life then
  redis.call('HSET', key, 'life', life, 'quiet', string.format('%.0f', now + length))
end
local quiet = tonumber(redis.call('HGET', key, 'quiet'))

local function owner_of(node)
  local record = redis.call('HGET', key, node)
  if not record then return nil, 0, 0 end
  local token, until_ms, reserved = string.match(record, '^(%x*):(%d+):(%d+)$')
  return token, tonumber(until_ms), tonumber(reserved)
end

local function keep(node, token, reserved)
  redis.call('HSET', key, node, string.format('%s:%.0f:%.0f', token, now + length, reserved))
  return {node, string.format('%.0f', reserved)}
end

local verbs = {}

-- ARGV: token, how many nodes, the time of who asks, how far to reserve ahead, how far to follow other clocks.
-- The node, and where its ids begin; else -1 and how long to wait in ms, or -2.
function verbs.acquire()
  local token, nodes, clock = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
  local ahead, followed = tonumber(ARGV[6]), tonumber(ARGV[7])
  if now < quiet then return {-1, string.format('%.0f', quiet - now)} end
  local chosen, begins
  local newest = 0
  for node = 0, nodes - 1 do
    local _, until_ms, reserved = owner_of(node)
    -- Anything that need not wait for its own past is as good as any other.
    if until_ms <= now and (not begins or (begins >= clock and reserved < begins)) then
      chosen, begins = node, reserved
    end
    if reserved - ahead - clock <= followed then newest = math.max(newest, reserved - ahead) end
  end
  if not chosen then return {-2, '0'} end
  -- Where others have got to: after a step back of the clock this process goes on there.
  begins = math.max(begins, newest)
  keep(chosen, token, math.max(clock, begins) + ahead)
  return {chosen, string.format('%.0f', begins)}
end

-- ARGV: token, node, reserved up to which ms. The node, and what is reserved; else -1.
function verbs.renew()
  local token, until_ms, reserved = owner_of(ARGV[4])
  if token == ARGV[3] or (now < quiet and until_ms <= now) then
    return keep(ARGV[4], ARGV[3], math.max(reserved, tonumber(ARGV[5])))
  end
  return {-1, '0'}
end

-- ARGV: token, node, the last ms that was used.
function verbs.release()
  if owner_of(ARGV[4]) == ARGV[3] then redis.call('HSET', key, ARGV[4], ':0:' .. ARGV[5]) end
  return {-1, '0'}
end

return verbs[verb]()
"""


class RedisLease:
    """A `NodeLease` that renews itself. When it could not, it takes another node as soon as it can."""

    def __init__(self, redis: Redis, *, nodes: int, clock: Clock, lease_ms: int) -> None:
        self.node = -1
        self._redis = redis
        self.engine = RedisEngine(redis, "records")
        self._script = redis.script(_SCRIPT)
        self._key = b"%s:nodes" % redis.prefix
        self._token = secrets.token_hex(16)
        self._nodes = nodes
        self._clock = clock
        self._lease_ms = lease_ms
        self._ahead_ms = lease_ms + _AHEAD_MS
        self._trusted_until = 0.0
        self._reserved_ms = 0
        self._begins_ms = 0
        self._last_ms = 0
        self._snowflakes: Snowflakes | None = None
        self._keeping: asyncio.Task[None] | None = None

    @classmethod
    async def acquire(cls, redis: Redis, *, nodes: int, clock: Clock, lease_ms: int) -> Self:
        """Raises NodeIdsExhausted when every node id is taken, and Unavailable."""
        lease = cls(redis, nodes=nodes, clock=clock, lease_ms=lease_ms)
        await lease._acquire()
        lease._keeping = asyncio.create_task(lease._keep())
        return lease

    def ids(self) -> IdSource:
        return self._next

    async def close(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        self._trusted_until = 0.0
        try:
            await self._run("release", self.node, max(self._begins_ms, self._last_ms))
        except Unavailable as error:
            _log.warning("a node id is given back by the end of its lease alone", node=self.node, reason=str(error))
        await self._redis.close()

    def _next(self) -> int:
        if time.monotonic() > self._trusted_until or self._snowflakes is None:
            raise Unavailable("no ids can be made: the lease of this process's node could not be renewed")
        snowflake = self._snowflakes()
        self._last_ms = id_time(snowflake)
        return snowflake

    def _reserve(self, ms: int) -> None:
        if ms > self._reserved_ms:
            raise Unavailable("no ids can be made for now: the clock is ahead of the time that was reserved")

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._lease_ms * _RENEWED / 1_000)
            try:
                if not await self._renew():
                    _log.error("this process has lost its node id and takes another", node=self.node)
                    self._trusted_until = 0.0
                    await self._acquire()
            except (Unavailable, NodeIdsExhausted) as error:
                _log.warning("a node id can't be renewed", node=self.node, reason=str(error))
            except Exception as error:
                # Whoever stopped here would make no ids ever again, though nothing else is wrong with the process.
                _log.error("a node id can't be renewed", node=self.node, exc_info=error)

    async def _renew(self) -> bool:
        asked = time.monotonic()
        reserve = max(self._clock(), self._last_ms) + self._ahead_ms
        node, reserved = await self._run("renew", self.node, reserve)
        if node < 0:
            return False
        self._hold(asked, reserved)
        return True

    async def _acquire(self) -> None:
        while True:
            asked, clock = time.monotonic(), max(self._clock(), self._last_ms)
            node, number = await self._run("acquire", self._nodes, clock, self._ahead_ms, FOLLOWED_MS)
            if node >= 0:
                break
            if node == -2:
                raise NodeIdsExhausted(f"all {self._nodes} node ids are leased by running processes")
            _log.info("waiting until the node ids of running processes are known", seconds=number / 1_000)
            await asyncio.sleep(number / 1_000)
        self.node = node
        self._begins_ms = max(number, self._last_ms)
        self._snowflakes = Snowflakes(node, clock=self._clock, not_before=self._begins_ms, reserve=self._reserve)
        self._hold(asked, max(clock, self._begins_ms) + self._ahead_ms)

    def _hold(self, asked: float, reserved_ms: int) -> None:
        self._reserved_ms = reserved_ms
        # From when it was asked for: the lease began later, when Redis heard of it.
        self._trusted_until = asked + self._lease_ms * _TRUSTED / 1_000

    async def _run(self, verb: str, *arguments: int) -> tuple[int, int]:
        command = self._script.command((self._key,), verb, self._lease_ms, self._token, *arguments)
        node, number = cast("tuple[int | bytes, bytes]", (await self._redis.batch((command,)))[0])
        return int(node), int(number)

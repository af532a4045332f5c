"""Timelines in Redis or Redis Cluster, for a platform of many processes.

A timeline is one key and every verb one call of one script for it, so that nothing comes between. Timelines lie in a fixed
number of hash slots, so that one call does the work for many.

A timeline that nobody reads goes after a time. Where memory is short, who has not read for longest goes first: that is the
server's `maxmemory-policy volatile-ttl`.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import cast

from murmur.post import Post
from murmur.redis import Apart, Redis, RedisEngine, Reply, command
from subgraphs.timelines.model import KEPT, Delivery, Pull, Timeline, Withdrawal
from subgraphs.timelines.stores.redis.calls import Calls, Keys, bucket_of, tags
from subgraphs.timelines.stores.redis.layout import pack_block, pack_entry, pack_ids, unpack_timeline

_BUILD_MS = 60_000


class RedisTimelines:
    """A `TimelineStore`. It may lose any key or server, or find a server with data of long ago: no entry is missed for it."""

    push_size = 20_000
    """Timelines that get several entries of a call cost little more than those that get one."""

    def __init__(self, redis: Redis, *, idle_seconds: int) -> None:
        self._redis = redis
        self.engine = RedisEngine(redis, "copies")
        self._script = redis.script(Path(__file__).with_name("timelines.lua").read_text())
        self._idle_ms = idle_seconds * 1_000
        self._keys = Keys(redis)
        self._pulled = [b"%s:{%s}:pulled" % (redis.prefix, tag) for tag in tags()]

    async def read(self, user_id: int) -> Timeline | None:
        elements = await self._one(user_id, b"read", self._idle_ms)
        return unpack_timeline(cast("list[bytes]", elements)) if elements else None

    async def begin(self, user_id: int) -> int:
        build = random.getrandbits(63)
        await self._one(user_id, b"begin", pack_ids((build,)), _BUILD_MS)
        return build

    async def put(self, user_id: int, build: int, posts: Collection[Post], pulled: AbstractSet[int]) -> Timeline | None:
        block, entries = pack_block(posts)
        held = await self._one(user_id, b"put", pack_ids((build,)), self._idle_ms, pack_ids(pulled), block)
        if not held:
            return None
        return Timeline(entries, frozenset(pulled)) if held == 1 else unpack_timeline(cast("list[bytes]", held))

    async def held(self, user_ids: Collection[int]) -> AbstractSet[int]:
        calls = self._calls(b"held")
        calls.add(user_ids, b"")
        held = [key for reply in await self._send(calls) for key in cast("list[bytes]", reply)]
        return {int(key.rpartition(b":")[2]) for key in held}

    async def push(self, deliveries: Sequence[Delivery]) -> int:
        pushed, pulled = self._calls(b"push"), self._calls(b"pull")
        for delivery in deliveries:
            pushed.add(delivery.readers, pack_entry(delivery.post))
            if delivery.pull:
                pulled.add(delivery.readers, pack_ids((delivery.post.user_id,)))
        return sum(cast("list[int]", await self._send(pulled, pushed)))

    async def withdraw(self, withdrawals: Sequence[Withdrawal]) -> None:
        calls = self._calls(b"withdraw")
        for withdrawal in withdrawals:
            calls.add(withdrawal.readers, pack_ids((withdrawal.position,)))
        await self._send(calls)

    async def follow(self, user_id: int, posts: Collection[Post], pulled: AbstractSet[int]) -> None:
        rising = sorted(posts, key=lambda post: post.id)[-KEPT:]
        await self._one(user_id, b"follow", pack_ids(pulled), *map(pack_entry, rising))

    async def unfollow(self, user_id: int, user_ids: AbstractSet[int]) -> None:
        await self._one(user_id, b"unfollow", pack_ids(user_ids))

    async def pulls(self, user_ids: Collection[int]) -> Mapping[int, Pull]:
        buckets: defaultdict[bytes, list[int]] = defaultdict(list)
        for user_id in user_ids:
            buckets[self._pulled[bucket_of(user_id)]].append(user_id)
        marks = await self._redis.batch([command(key, "HMGET", key, *ids) for key, ids in buckets.items()])
        return {
            user_id: Pull(mark.decode())
            for ids, found in zip(buckets.values(), cast("list[list[bytes | None]]", marks), strict=True)
            for user_id, mark in zip(ids, found, strict=True)
            if mark is not None
        }

    async def set_pull(self, user_ids: Collection[int], pull: Pull) -> None:
        keys = ((self._pulled[bucket_of(user_id)], user_id) for user_id in user_ids)
        await self._redis.batch([command(key, "HSET", key, user_id, pull.value) for key, user_id in keys])

    async def close(self) -> None:
        await self._redis.close()

    async def _one(self, user_id: int, *arguments: bytes | int) -> Reply:
        return (await self._redis.batch((self._script.command((self._keys.of(user_id),), *arguments),)))[0]

    def _calls(self, verb: bytes) -> Calls:
        return Calls(self._keys, self._script, verb)

    async def _send(self, *calls: Calls) -> list[Reply]:
        """The replies; those of timelines that had to be asked for apart stand in the place of their call's."""
        replies: list[Reply] = []
        for reply in await self._redis.batch([one for each in calls for one in each.commands()]):
            if isinstance(reply, Apart):
                replies += reply
            else:
                replies.append(reply)
        return replies

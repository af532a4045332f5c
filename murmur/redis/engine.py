"""What `murmur engines check` and readiness ask of Redis, and what of its configuration does not suit what is kept there."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Literal, cast

from murmur.engines import Report
from murmur.errors import Unavailable
from murmur.redis.client import Redis, check
from murmur.redis.cluster import SLOTS
from murmur.redis.connection import Node, pack

Keeps = Literal["copies", "records", "nothing"]
"""Values that all have an end, of which memory that is short may lose some; or some that must stay; or none at all."""

_LOSE_WHAT_HAS_AN_END = ("volatile-ttl", "volatile-lru", "volatile-lfu", "volatile-random")
_POLICIES: Mapping[Keeps, tuple[str, ...]] = {
    "copies": _LOSE_WHAT_HAS_AN_END,
    "records": (*_LOSE_WHAT_HAS_AN_END, "noeviction"),
}


class RedisEngine:
    """`murmur.engines.Engine` for a Redis or a Redis Cluster, whose masters are all asked.

    What it makes is the policy of eviction on every member, until that is restarted with another configuration.
    """

    def __init__(self, redis: Redis, keeps: Keeps) -> None:
        self._redis = redis
        self._keeps: Keeps = keeps

    async def check(self) -> Report:
        masters = await self._redis.masters()
        found = await asyncio.gather(*(_ask(node, clustered=self._redis.clustered) for node in masters))
        replicas = sum(int(facts["connected_slaves"]) for facts in found)
        if self._redis.clustered:
            masters_told = f"{len(found)} master{'s' * (len(found) != 1)}"
            role = f"{masters_told}, {replicas} replica{'s' * (replicas != 1)}"
        else:
            role = found[0]["role"]
        behind = [one for facts in found for one in _behind(facts)]
        unserved = {
            f"{SLOTS - int(facts['cluster_slots_ok'])} of {SLOTS} slots have no master that answers"
            for facts in found
            if int(facts.get("cluster_slots_ok", SLOTS)) < SLOTS
        }
        version = min(facts["redis_version"] for facts in found)
        return Report("redis", version, role, _lag(behind), (*sorted(unserved), *await self._unsuited()))

    async def apply(self) -> Sequence[str]:
        unsuited = await self._unsuited()
        if not unsuited:
            return ()
        for node in await self._redis.members():
            # Where nobody may change the configuration it stays as it is.
            await node.send(pack("CONFIG", "SET", "maxmemory-policy", _POLICIES[self._keeps][0]), 1)
        left = await self._unsuited()
        return [each for each in unsuited if each not in left]

    async def _unsuited(self) -> Sequence[str]:
        """A policy matters where memory is bounded; it is unknown where nobody may ask."""
        suited = _POLICIES.get(self._keeps)
        found: list[str] = []
        for node in await self._redis.members() if suited else ():
            try:
                [reply] = await node.send(pack("CONFIG", "GET", "maxmemory*"), 1)
            except Unavailable:
                # A replica that is away is no reason to be without the masters.
                continue
            words = [word.decode() for word in cast("list[bytes]", reply)] if isinstance(reply, list) else []
            facts = dict(zip(words[0::2], words[1::2], strict=True))
            policy = facts.get("maxmemory-policy")
            if suited and policy is not None and policy not in suited and facts.get("maxmemory") != "0":
                host, port = node.address
                found.append(f"maxmemory-policy {suited[0]} at {host}:{port}, where it is {policy}")
        return found


async def _ask(node: Node, *, clustered: bool) -> Mapping[str, str]:
    asked = [pack("INFO", "server"), pack("INFO", "replication"), *([pack("CLUSTER", "INFO")] if clustered else ())]
    replies = [cast("bytes", check(reply)).decode() for reply in await node.send(b"".join(asked), len(asked))]
    pairs = (line.partition(":") for reply in replies for line in reply.splitlines())
    return {name: value for name, _, value in pairs}


def _behind(facts: Mapping[str, str]) -> Sequence[tuple[int, int]]:
    """The bytes that each replica of a master had not taken when it was last heard of, and the seconds since then.

    Out of lines such as `slave0:ip=…,port=…,state=online,offset=…,lag=1`.
    """
    lines = (facts[f"slave{number}"] for number in range(int(facts["connected_slaves"])) if f"slave{number}" in facts)
    replicas = [dict(pair.split("=") for pair in line.split(",")) for line in lines]
    end = int(facts["master_repl_offset"])
    return [(max(0, end - int(replica["offset"])), int(replica["lag"])) for replica in replicas]


def _lag(behind: Sequence[tuple[int, int]]) -> str | None:
    if not behind:
        return None
    sizes, ages = zip(*behind, strict=True)
    return f"{max(sizes)} bytes, heard of {max(ages)} s ago"

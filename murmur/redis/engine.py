"""What `murmur engines check` and readiness ask of Redis."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast

from murmur.engines import Report
from murmur.redis.client import Redis, check
from murmur.redis.connection import Node, pack

_SLOTS = 16_384


class RedisEngine:
    """`murmur.engines.Engine` for a Redis or a Redis Cluster, whose masters are all asked. There is nothing to make."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def check(self) -> Report:
        masters = await self._redis.masters()
        found = await asyncio.gather(*(_ask(node, clustered=self._redis.clustered) for node in masters))
        replicas = sum(int(facts["connected_slaves"]) for facts in found)
        if self._redis.clustered:
            masters_told = f"{len(found)} master{'s' * (len(found) != 1)}"
            role = f"{masters_told}, {replicas} replica{'s' * (replicas != 1)}"
        else:
            role = found[0]["role"]
        lags = [lag for facts in found for lag in _lags(facts)]
        missing = {
            f"{_SLOTS - int(facts['cluster_slots_ok'])} of {_SLOTS} slots have no master that answers"
            for facts in found
            if int(facts.get("cluster_slots_ok", _SLOTS)) < _SLOTS
        }
        version = min(facts["redis_version"] for facts in found)
        return Report("redis", version, role, max(lags) if lags else None, tuple(sorted(missing)))

    async def apply(self) -> Sequence[str]:
        return ()


async def _ask(node: Node, *, clustered: bool) -> Mapping[str, str]:
    asked = [pack("INFO", "server"), pack("INFO", "replication"), *([pack("CLUSTER", "INFO")] if clustered else ())]
    replies = [cast("bytes", check(reply)).decode() for reply in await node.send(b"".join(asked), len(asked))]
    pairs = (line.partition(":") for reply in replies for line in reply.splitlines())
    return {name: value for name, _, value in pairs}


def _lags(facts: Mapping[str, str]) -> Sequence[float]:
    """Seconds since each replica was last heard of, out of lines such as `slave0:ip=…,port=…,state=online,offset=…,lag=1`."""
    replicas = (facts[f"slave{number}"] for number in range(int(facts["connected_slaves"])) if f"slave{number}" in facts)
    return [float(dict(pair.split("=") for pair in replica.split(","))["lag"]) for replica in replicas]

"""What Redis says of itself to `murmur engines check`."""

import pytest

from murmur.cluster.redis import Redis, RedisCluster
from murmur.cluster.server import free_ports
from murmur.errors import Unavailable
from murmur.redis import RedisEngine, open_redis


async def test_a_server_tells_its_version_and_role(redis_server: Redis) -> None:
    client = open_redis(redis_server.url)
    report = await RedisEngine(client).check()
    version = next(line for line in redis_server.ask("INFO", "server").splitlines() if line.startswith("redis_version:"))
    assert (report.name, f"redis_version:{report.version}", report.role) == ("redis", version.strip(), "master")
    assert (report.lag, report.missing) == (None, ())
    assert await RedisEngine(client).apply() == ()
    await client.close()


async def test_a_cluster_tells_of_its_masters_replicas_and_their_lag(redis_cluster: RedisCluster) -> None:
    client = open_redis(redis_cluster.url)
    report = await RedisEngine(client).check()
    assert (report.role, report.missing) == ("3 masters, 3 replicas", ())
    assert report.lag is not None
    assert 0 <= report.lag < 30
    await client.close()


async def test_one_that_is_not_there_is_unavailable() -> None:
    client = open_redis(f"redis://127.0.0.1:{free_ports(1)[0]}")
    with pytest.raises(Unavailable):
        await RedisEngine(client).check()
    await client.close()

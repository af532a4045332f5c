"""What Redis says of itself to `murmur engines check`."""

import re
from pathlib import Path

import pytest

from murmur.cluster.redis import Redis, RedisCluster
from murmur.cluster.server import free_ports
from murmur.errors import Unavailable
from murmur.redis import RedisEngine, open_redis


async def test_a_server_tells_its_version_and_role(redis_server: Redis) -> None:
    client = open_redis(redis_server.url)
    report = await RedisEngine(client, "records").check()
    version = next(line for line in redis_server.ask("INFO", "server").splitlines() if line.startswith("redis_version:"))
    assert (report.name, f"redis_version:{report.version}", report.role) == ("redis", version.strip(), "master")
    assert (report.lag, report.missing) == (None, ())
    assert await RedisEngine(client, "nothing").apply() == ()
    await client.close()


async def test_a_cluster_tells_of_its_masters_replicas_and_their_lag(redis_cluster: RedisCluster) -> None:
    client = open_redis(redis_cluster.url)
    report = await RedisEngine(client, "records").check()
    assert (report.role, report.missing) == ("3 masters, 3 replicas", ())
    assert re.fullmatch(r"\d+ bytes, heard of \d+ s ago", str(report.lag))
    await client.close()


async def test_one_that_is_not_there_is_unavailable() -> None:
    client = open_redis(f"redis://127.0.0.1:{free_ports(1)[0]}")
    with pytest.raises(Unavailable):
        await RedisEngine(client, "records").check()
    await client.close()


async def test_a_policy_that_would_lose_or_refuse_what_is_kept_is_missing_until_it_is_applied(
    redis_server: Redis, tmp_path: Path
) -> None:
    with Redis(tmp_path) as program:
        client = open_redis(program.url)
        copies, records = RedisEngine(client, "copies"), RedisEngine(client, "records")
        program.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
        assert (await records.check()).missing == ()
        [missing] = (await copies.check()).missing
        assert missing.startswith("maxmemory-policy volatile-ttl at 127.0.0.1:")
        program.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        assert len((await records.check()).missing) == 1
        assert len(await copies.apply()) == 1
        assert await copies.apply() == ()
        assert program.ask("CONFIG", "GET", "maxmemory-policy").split() == ["maxmemory-policy", "volatile-ttl"]
        assert (await copies.check()).missing == (await records.check()).missing == ()
        await client.close()


async def test_all_members_of_a_cluster_are_mended(redis_cluster: RedisCluster) -> None:
    client = open_redis(redis_cluster.url)
    engine = RedisEngine(client, "copies")
    for member in redis_cluster.members:
        redis_cluster.ask(member, "CONFIG", "SET", "maxmemory-policy", "allkeys-random")
    assert len(await engine.apply()) == 6
    assert (await engine.check()).missing == ()
    await client.close()


async def test_where_the_configuration_may_not_be_asked_nothing_is_missing(redis_server: Redis, tmp_path: Path) -> None:
    with Redis(tmp_path) as program:
        program.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        program.ask("ACL", "SETUSER", "guest", "on", ">secret", "~*", "+@all", "-config")
        client = open_redis(f"redis://guest:secret@127.0.0.1:{program.server.port}")
        engine = RedisEngine(client, "copies")
        assert (await engine.check()).missing == ()
        assert await engine.apply() == ()
        await client.close()

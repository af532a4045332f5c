"""Redis and Redis Cluster as the engines' own programs run them."""

from pathlib import Path

from murmur.cluster.redis import Redis, RedisCluster
from tests.support.waiting import until


def test_a_durable_redis_has_what_it_held_after_a_kill(redis_server: Redis, tmp_path: Path):
    with Redis(tmp_path, durable=True) as server:
        assert server.ask("SET", "kept", "1") == "OK"
        server.server.kill()
        server.start()
        assert server.ask("GET", "kept") == "1"


def test_a_cache_has_nothing_after_a_kill(redis_server: Redis, tmp_path: Path):
    with Redis(tmp_path) as server:
        server.ask("SET", "kept", "1")
        server.server.kill()
        server.start()
        assert server.ask("GET", "kept") == ""


def test_the_address_stays_over_lives_and_the_password_is_private(redis_server: Redis, tmp_path: Path):
    assert Redis(tmp_path).url == Redis(tmp_path).url
    assert (tmp_path / "redis.conf").stat().st_mode & 0o077 == 0


async def test_a_replica_takes_over_from_a_killed_master(redis_cluster: RedisCluster):
    killed = redis_cluster.masters()[0]
    killed.kill()

    async def taken_over() -> bool:
        masters = redis_cluster.masters()
        return len(masters) == 3 and killed not in masters

    await until(taken_over, seconds=30)
    redis_cluster.start()
    assert killed.running

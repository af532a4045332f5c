"""Real engines, each started once a test session, when a test first asks for it, and ended with the session.

Tests share them: each isolates itself by a random database name, key prefix or topic prefix. Whoever ends a member of an
engine calls `start` again before the test is over.
"""

import os
from collections.abc import Generator

import pytest

from murmur.cluster import kafka as kafka_engine
from murmur.cluster import redis


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Generator[kafka_engine.Kafka]:
    needs(kafka_engine.missing())
    with kafka_engine.Kafka(tmp_path_factory.mktemp("kafka")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[redis.Redis]:
    needs(redis.missing())
    with redis.Redis(tmp_path_factory.mktemp("redis"), durable=True) as server:
        yield server


@pytest.fixture(scope="session")
def redis_cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[redis.RedisCluster]:
    needs(redis.missing())
    with redis.RedisCluster(tmp_path_factory.mktemp("redis-cluster")) as cluster:
        yield cluster


def needs(missing: str | None) -> None:
    """Skip when an engine is missing; in CI that is a failure."""
    if missing is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)

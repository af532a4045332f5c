"""Real engines, each started once a test session, when a test first asks for it, and ended with the session.

Tests share them: each isolates itself by a random database name, key prefix or topic prefix, or asks for an engine that holds
nothing. Whoever ends a member of an engine calls `start` again before the test is over.
"""

import os
from collections.abc import Generator

import pytest

from murmur.cluster import kafka as kafka_engine
from murmur.cluster import mongodb as mongodb_engine
from murmur.cluster import neo4j as neo4j_engine
from murmur.cluster import redis


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Generator[kafka_engine.Kafka]:
    needs(kafka_engine.missing())
    with kafka_engine.Kafka(tmp_path_factory.mktemp("kafka")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def three_brokers(tmp_path_factory: pytest.TempPathFactory) -> Generator[kafka_engine.Kafka]:
    """A Kafka of which one may be down."""
    needs(kafka_engine.missing())
    with kafka_engine.Kafka(tmp_path_factory.mktemp("kafka-of-three"), brokers=3) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def mongodb(tmp_path_factory: pytest.TempPathFactory) -> Generator[mongodb_engine.MongoDB]:
    needs(mongodb_engine.missing())
    with mongodb_engine.MongoDB(tmp_path_factory.mktemp("mongodb"), test_commands=True) as replica_set:
        yield replica_set


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[neo4j_engine.Neo4j]:
    needs(neo4j_engine.missing())
    with neo4j_engine.Neo4j(tmp_path_factory.mktemp("neo4j")) as server:
        yield server


@pytest.fixture
def neo4j(neo4j_server: neo4j_engine.Neo4j) -> neo4j_engine.Neo4j:
    """The server with nothing in it: its one database is this test's alone until the next one asks for it."""
    neo4j_server.clear()
    return neo4j_server


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

"""The engines of a cluster, and the settings that name them."""

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from murmur.cluster import haproxy, kafka, mongodb, neo4j, redis
from murmur.cluster.server import Server, Startable
from murmur.errors import StartupError
from murmur.roles.cluster.size import Size


class Engines:
    """Their data is in a folder each of `directory`; what is started again there goes on with it. Raises StartupError."""

    def __init__(self, directory: Path, size: Size) -> None:
        absent = [line for engine in (mongodb, neo4j, redis, kafka, haproxy) if (line := engine.missing())]
        if absent:
            raise StartupError("\n".join(absent))
        self.mongodb = mongodb.MongoDB(directory / "mongodb", members=size.members)
        self.neo4j = neo4j.Neo4j(directory / "neo4j")
        self.redis = redis.RedisCluster(directory / "redis", durable=True)
        self.kafka = kafka.Kafka(directory / "kafka", brokers=size.brokers)

    @property
    def servers(self) -> Sequence[Server]:
        return [*self.mongodb.members, self.neo4j.server, *self.redis.members, *self.kafka.brokers]

    def start(self, stack: ExitStack) -> None:
        """All at once; `stack` ends them."""
        engines: list[Startable] = [self.mongodb, self.neo4j, self.redis, self.kafka]
        stack.callback(lambda: _at_once([engine.stop for engine in engines]))
        _at_once([engine.start for engine in engines])

    def settings(self, secrets: Path) -> dict[str, str]:
        """By `…_FILE`, for the URLs hold passwords, and the environment of a process is shown to whoever looks."""
        urls = {
            "users_url": self.neo4j.url,
            "tweets_url": self.mongodb.url,
            "notifications_url": self.mongodb.url,
            "partners_url": self.mongodb.url,
            "timelines_url": self.redis.url,
            "pubsub_url": self.redis.url,
            "sessions_url": self.redis.url,
            "limits_url": self.redis.url,
            "leases_url": self.redis.url,
            "cache_url": self.redis.url,
            "trends_url": self.mongodb.url,
            "analytics_url": self.mongodb.url,
            "broker_url": self.kafka.url,
        }
        return {f"MURMUR_{name.upper()}_FILE": str(path) for name, path in _written(secrets, urls).items()}


def write_environment(file: Path, settings: Mapping[str, str]) -> None:
    """For a shell to read (`. FILE`): what it starts then is told these settings. Its owner alone can read it."""
    _write(file, "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items()))


def _written(folder: Path, texts: Mapping[str, str]) -> dict[str, Path]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    paths = {name: folder / name for name in texts}
    for name, path in paths.items():
        _write(path, texts[name])
    return paths


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _at_once(calls: Sequence[Callable[[], None]]) -> None:
    """Every call is made to its end; then the first failure is raised."""
    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(call) for call in calls]
    for future in futures:
        future.result()

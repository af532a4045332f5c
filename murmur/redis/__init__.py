"""Redis and Redis Cluster: the client that every adapter on Redis is made with."""

from murmur.redis.client import Apart, Command, Redis, Script, command
from murmur.redis.cluster import RedisCluster
from murmur.redis.connection import Reply
from murmur.redis.engine import RedisEngine
from murmur.redis.server import RedisServer
from murmur.redis.urls import SCHEMES, RedisUrl, is_redis, read_url

__all__ = [
    "SCHEMES",
    "Apart",
    "Command",
    "Redis",
    "RedisEngine",
    "Reply",
    "Script",
    "command",
    "is_redis",
    "open_place",
    "open_redis",
    "read_url",
]


def open_redis(url: str) -> Redis:
    """A client of what a URL names; it connects when it is first used. Raises StartupError for a URL that can't be read."""
    return open_place(read_url(url))


def open_place(place: RedisUrl) -> Redis:
    """As `open_redis`, of a URL that was read."""
    return RedisCluster(place) if place.cluster else RedisServer(place)

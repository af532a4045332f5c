"""Picks the publish/subscribe system by the scheme of its URL."""

from murmur.errors import UnknownScheme
from murmur.pubsub.memory import MemoryPubSub
from murmur.pubsub.ports import PubSub
from murmur.redis import SCHEMES as REDIS_SCHEMES
from murmur.redis import is_redis, read_url


def open_pubsub(url: str) -> PubSub:
    """The publish/subscribe system at `url`. Raises StartupError for an unknown scheme or a URL that can't be read."""
    if url == "memory:":
        return MemoryPubSub()
    if is_redis(url):
        from murmur.pubsub.redis import RedisPubSub

        return RedisPubSub(read_url(url))
    raise UnknownScheme("publish/subscribe", url, "memory", *REDIS_SCHEMES)

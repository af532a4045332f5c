"""Picks the publish/subscribe system by the scheme of its URL."""

from murmur.errors import StartupError
from murmur.pubsub.memory import MemoryPubSub
from murmur.pubsub.ports import PubSub


def open_pubsub(url: str) -> PubSub:
    """The publish/subscribe system at `url`. Raises StartupError for an unknown scheme or a URL that can't be read."""
    if url == "memory:":
        return MemoryPubSub()
    if url.startswith(("redis", "rediss")):
        from murmur.pubsub.redis import RedisPubSub
        from murmur.redis.urls import read_url

        return RedisPubSub(read_url(url))
    raise StartupError(f"no publish/subscribe for {url!r}; the schemes that exist are: memory, redis, redis+cluster")

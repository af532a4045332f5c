"""Picks the cache by the scheme of its URL."""

from murmur.cache.memory import MemoryCache
from murmur.cache.ports import Cache
from murmur.cache.redis import RedisCache
from murmur.errors import UnknownScheme
from murmur.redis import SCHEMES as REDIS_SCHEMES
from murmur.redis import is_redis, open_redis


def open_cache(url: str) -> Cache | None:
    """The cache at `url`, None for `none:`. Raises StartupError for a scheme that there is no adapter for."""
    if url == "none:":
        return None
    if url == "memory:":
        return MemoryCache()
    if is_redis(url):
        return RedisCache(open_redis(url))
    raise UnknownScheme("cache", url, "none", "memory", *REDIS_SCHEMES)

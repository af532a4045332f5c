"""Picks who leases node ids by the scheme of a URL."""

from pathlib import Path

from murmur.clock import Clock, wall_clock
from murmur.errors import StartupError, UnknownScheme
from murmur.ids import NODE_BITS
from murmur.leases.file import FileLease
from murmur.leases.ports import NodeLease
from murmur.redis import SCHEMES as REDIS_SCHEMES
from murmur.redis import is_redis, open_redis


async def open_lease(
    url: str, data_dir: Path, *, nodes: int = 1 << NODE_BITS, clock: Clock = wall_clock, lease_ms: int = 20_000
) -> NodeLease:
    """A node id of this process's own. `lease_ms` is how long Redis keeps it for a process that it hears nothing of.

    Raises StartupError for a scheme that there is no adapter for, a folder that can't be written, and when every node id is
    taken; Unavailable when nobody can say now.
    """
    if url == "file:":
        try:
            return FileLease(data_dir / "nodes", nodes=nodes, clock=clock)
        except OSError as error:
            raise StartupError(
                f"can't write the data folder {data_dir}: {error.strerror}; choose another by MURMUR_DATA_DIR"
            ) from error
    if is_redis(url):
        from murmur.leases.redis import RedisLease

        redis = open_redis(url)
        try:
            return await RedisLease.acquire(redis, nodes=nodes, clock=clock, lease_ms=lease_ms)
        except BaseException:
            await redis.close()
            raise
    raise UnknownScheme("leases of node ids", url, "file", *REDIS_SCHEMES)

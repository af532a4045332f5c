"""The whole distributed profile on real engines, watched over as `murmur cluster up` does, and how it is reached from outside."""

import asyncio
import ssl
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp

from murmur.cluster import haproxy, kafka, mongodb, neo4j, redis
from murmur.roles.cluster import Cluster, Size
from tests.conftest import needs
from tests.support.program import CHEAP
from tests.support.waiting import until

# Engines that have just started are slow, the more so where tests of others run beside these.
_PATIENT = {"MURMUR_SUBGRAPH_TIMEOUT": "25", "MURMUR_REQUEST_TIMEOUT": "30"}
_ANSWER_SECONDS = 40


@contextmanager
def watched(directory: Path, *, members: int) -> Generator[Cluster]:
    """A cluster with so many members of MongoDB's replica set; all its processes end with the body. Skips where engines lack."""
    for engine in (mongodb, neo4j, redis, kafka, haproxy):
        needs(engine.missing())
    with Cluster(directory, Size(members=members, brokers=1), more={**CHEAP, **_PATIENT}) as cluster:
        stop = threading.Event()
        watching = threading.Thread(target=cluster.run, args=(stop,))
        watching.start()
        try:
            yield cluster
        finally:
            stop.set()
            watching.join()


@asynccontextmanager
async def outside(cluster: Cluster) -> AsyncGenerator[aiohttp.ClientSession]:
    """What trusts the cluster's certificate."""
    context = ssl.create_default_context(cafile=cluster.certificate)
    timeout = aiohttp.ClientTimeout(_ANSWER_SECONDS)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context), timeout=timeout) as session:
        yield session


async def healthy(cluster: Cluster) -> None:
    """Wait until every part of it runs and is ready."""

    async def back() -> bool:
        return all(line.trouble is None for line in await asyncio.to_thread(cluster.status))

    await until(back, 180)

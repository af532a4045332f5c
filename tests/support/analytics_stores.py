"""Where the analytics of a test are kept, by each adapter."""

from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

from murmur.cluster.mongodb import MongoDB
from murmur.roles.auditing import come_to_rest
from murmur.roles.stores import Stores
from subgraphs.analytics.ports import AnalyticsStore
from subgraphs.analytics.stores.mongodb import MongoAnalytics
from subgraphs.analytics.wiring import open_store
from tests.support.city import cheap_settings
from tests.support.mongodb_databases import empty_store


def analytics_store(engine: MongoDB | None, folder: Path) -> AbstractAsyncContextManager[AnalyticsStore]:
    return empty_store(engine, MongoAnalytics, open_store, folder)


async def at_rest(folder: Path) -> None:
    """Wait until all that happened on a platform of this process was heard by its workers."""
    async with AsyncExitStack() as stack:
        # Of all stores this opens those that tell of events: a second index in one process would wait for the first.
        assert await come_to_rest(Stores(cheap_settings(folder), stack), 30) is None

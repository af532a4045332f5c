"""Where the analytics of a test are kept, by each adapter."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from murmur.cluster.mongodb import MongoDB
from subgraphs.analytics.ports import AnalyticsStore
from subgraphs.analytics.stores.mongodb import MongoAnalytics
from subgraphs.analytics.wiring import open_store
from tests.support.mongodb_databases import store_url


@asynccontextmanager
async def analytics_store(engine: MongoDB | None, folder: Path) -> AsyncGenerator[AnalyticsStore]:
    """An empty store."""
    async with store_url(engine, MongoAnalytics) as url:
        store = open_store(url, folder)
        yield store
        await store.close()

"""Where the notifications of a test are kept, by each adapter."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from murmur.cluster.mongodb import MongoDB
from subgraphs.notifications.ports import NotificationStore
from subgraphs.notifications.stores.mongodb import MongoNotifications
from subgraphs.notifications.wiring import open_store
from tests.support.mongodb_databases import store_url


@asynccontextmanager
async def notification_store(engine: MongoDB | None, folder: Path) -> AsyncGenerator[NotificationStore]:
    """An empty store."""
    async with store_url(engine, MongoNotifications) as url:
        store = open_store(url, folder)
        yield store
        await store.close()

"""Where the notifications of a test are kept, by each adapter."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from murmur.cluster.mongodb import MongoDB
from subgraphs.notifications.ports import NotificationStore
from subgraphs.notifications.stores.mongodb import MongoNotifications
from subgraphs.notifications.wiring import open_store
from tests.support.mongodb_databases import ADAPTERS, database_url, engine_of

__all__ = ["ADAPTERS", "engine_of", "notification_store"]


@asynccontextmanager
async def notification_store(engine: MongoDB | None, folder: Path) -> AsyncGenerator[NotificationStore]:
    """An empty store."""
    if engine is None:
        store = open_store("sqlite:", folder)
        yield store
        await store.close()
        return
    async with database_url(engine, MongoNotifications) as url:
        store = open_store(url, folder)
        yield store
        await store.close()

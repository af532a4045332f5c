"""Where the notifications of a test are kept, by each adapter."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from murmur.cluster.mongodb import MongoDB
from subgraphs.notifications.ports import NotificationStore
from subgraphs.notifications.stores.mongodb import MongoNotifications
from subgraphs.notifications.wiring import open_store
from tests.support.mongodb_databases import empty_store


def notification_store(engine: MongoDB | None, folder: Path) -> AbstractAsyncContextManager[NotificationStore]:
    return empty_store(engine, MongoNotifications, open_store, folder)

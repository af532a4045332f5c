"""Where the keys and documents of a test are kept, by each adapter."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.partners.ports import PartnerStore
from gateway.partners.stores.mongodb import MongoPartners
from gateway.partners.wiring import open_store
from murmur.cluster.mongodb import MongoDB
from tests.support.mongodb_databases import store_url


@asynccontextmanager
async def partner_store(engine: MongoDB | None, folder: Path) -> AsyncGenerator[PartnerStore]:
    """An empty store."""
    async with store_url(engine, MongoPartners) as url:
        store = open_store(url, folder)
        yield store
        await store.close()

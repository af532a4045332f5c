"""Where the keys and documents of a test are kept, by each adapter."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from gateway.partners.ports import PartnerStore
from gateway.partners.stores.mongodb import MongoPartners
from gateway.partners.wiring import open_store
from murmur.cluster.mongodb import MongoDB
from tests.support.mongodb_databases import empty_store


def partner_store(engine: MongoDB | None, folder: Path) -> AbstractAsyncContextManager[PartnerStore]:
    return empty_store(engine, MongoPartners, open_store, folder)

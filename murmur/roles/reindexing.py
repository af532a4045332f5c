"""Making the search index anew, beside a running platform or without one."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

from murmur.engines import engine_of
from murmur.roles.stores import Stores
from murmur.settings import Settings
from subgraphs.search.service import Indexer
from subgraphs.search.service.indexing import Progress


async def reindex(settings: Settings) -> AsyncGenerator[Progress]:
    """Tells what was done, a batch at a time. Raises StartupError and Unavailable; it can be run again at any time."""
    async with AsyncExitStack() as stack:
        stores = Stores(settings, stack)
        index = stores.search
        if (engine := engine_of(index)) is not None:
            await engine.apply()
        async for progress in Indexer(index, stores.tweets, stores.users).reindex():
            yield progress

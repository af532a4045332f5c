"""Looking at the trends, and counting them anew, beside a running platform or without one."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

from murmur.engines import engine_of
from murmur.roles.stores import Stores
from murmur.settings import Settings
from subgraphs.search.model import Board, TrendWindow
from subgraphs.search.wiring import build_ranker


async def board(settings: Settings, window: TrendWindow) -> Board | None:
    """What was ranked last, prohibited hashtags included that were not prohibited then. Raises StartupError and Unavailable."""
    async with AsyncExitStack() as stack:
        return await Stores(settings, stack).trends.board(window)


async def rebuild(settings: Settings) -> AsyncGenerator[int]:
    """Yields how many tweets were read, a batch at a time; may be run again at any time. Raises StartupError and Unavailable."""
    async with AsyncExitStack() as stack:
        stores = Stores(settings, stack)
        if engine := engine_of(stores.trends):
            await engine.apply()
        least, prohibited = settings.trends.trends_people, settings.content.prohibited_file
        ranker = build_ranker(stores.trends, stores.users, least_people=least, prohibited=prohibited)
        async for read in ranker.rebuild(stores.tweets):
            yield read
        await ranker.rank_all()

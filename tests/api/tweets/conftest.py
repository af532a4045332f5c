from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.square import Square, open_square
from tests.support.tweet_stores import ADAPTERS, engine_of, store_url


@pytest.fixture(params=ADAPTERS)
async def square(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Square]:
    async with store_url(engine_of(request.param, request)) as url, open_square(tmp_path, url=url) as opened:
        yield opened

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.square import Square, open_square


@pytest.fixture
async def square(tmp_path: Path) -> AsyncIterator[Square]:
    async with open_square(tmp_path) as opened:
        yield opened

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from murmur.roles.up import Platform
from tests.support.city import City, founded


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[City, Platform]]:
    async with founded(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def city(place: tuple[City, Platform]) -> City:
    return place[0]


@pytest.fixture
def platform(place: tuple[City, Platform]) -> Platform:
    return place[1]

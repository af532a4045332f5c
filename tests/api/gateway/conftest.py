"""The gateway that most of these tests ask."""

from collections.abc import AsyncGenerator

import pytest

from tests.support.asgi import served
from tests.support.edge import Edge


@pytest.fixture
def edge() -> Edge:
    return Edge()


@pytest.fixture
async def address(edge: Edge) -> AsyncGenerator[str]:
    async with served(edge.app) as address:
        yield address

"""Search indexes of every kind, each with nothing in it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from subgraphs.search.ports import SearchIndex
from subgraphs.search.wiring import open_index

ADAPTERS = ("tantivy",)


@asynccontextmanager
async def empty_index(adapter: str, folder: Path) -> AsyncGenerator[SearchIndex]:
    index = open_index(f"{adapter}:", folder)
    yield index
    await index.close()

"""Search indexes of every kind, each with nothing in it."""

import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from meilisearch_python_sdk import AsyncClient

from subgraphs.search.ports import SearchIndex
from subgraphs.search.wiring import open_index

ADAPTERS = ("tantivy", "meilisearch")


@asynccontextmanager
async def empty_index(adapter: str, folder: Path) -> AsyncGenerator[SearchIndex]:
    """Meilisearch is on no package registry: it is tried where MURMUR_TEST_MEILISEARCH_URL and …_KEY name a server."""
    if adapter == "tantivy":
        index = open_index("tantivy:", folder)
        yield index
        await index.close()
        return
    address, key = os.environ.get("MURMUR_TEST_MEILISEARCH_URL"), os.environ.get("MURMUR_TEST_MEILISEARCH_KEY", "")
    if not address:
        pytest.skip("no Meilisearch: name one by MURMUR_TEST_MEILISEARCH_URL and MURMUR_TEST_MEILISEARCH_KEY")
    parts = urlsplit(address)
    prefix = f"test_{secrets.token_hex(6)}"
    scheme = "meilisearch+https" if parts.scheme.endswith("https") else "meilisearch"
    index = open_index(f"{scheme}://:{quote(key, safe='')}@{parts.netloc.rpartition('@')[2]}?prefix={prefix}", folder)
    yield index
    await index.close()
    async with AsyncClient(
        f"{'https' if scheme.endswith('https') else 'http'}://{parts.netloc.rpartition('@')[2]}", key
    ) as client:
        for name in ("tweets", "people"):
            await client.index(f"{prefix}_{name}").delete_if_exists()

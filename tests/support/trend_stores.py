"""Trend stores of every kind, each with nothing in it."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from subgraphs.search.ports import TrendStore
from subgraphs.search.stores.trends_mongodb import MongoTrendStore
from subgraphs.search.wiring import open_trends
from tests.support.mongodb_databases import empty_store, engine_of

ADAPTERS = ("sqlite", "mongodb")


def empty_trends(adapter: str, request: pytest.FixtureRequest, folder: Path) -> AbstractAsyncContextManager[TrendStore]:
    return empty_store(engine_of(adapter, request), MongoTrendStore, open_trends, folder)

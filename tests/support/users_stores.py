"""Users stores of every kind, each with nothing in it."""

from pathlib import Path

import pytest

from subgraphs.users.ports import UsersStore
from subgraphs.users.stores.neo4j import Neo4jUsers
from subgraphs.users.wiring import open_store

KINDS = ("sqlite", "neo4j")


async def open_empty(kind: str, request: pytest.FixtureRequest, folder: Path) -> UsersStore:
    """The store of a kind. Its engine is asked for, and prepared, when the first test needs it, and forgets all it holds."""
    if kind == "neo4j":
        request.getfixturevalue("neo4j_server").clear()
    store = open_again(kind, request, folder)
    if isinstance(store, Neo4jUsers):
        await store.engine.apply()
    return store


def open_again(kind: str, request: pytest.FixtureRequest, folder: Path) -> UsersStore:
    """The same store once more."""
    return open_store("sqlite:" if kind == "sqlite" else request.getfixturevalue("neo4j_server").url, folder)

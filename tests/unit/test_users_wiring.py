"""The users room refuses what it can't be built on, in one line."""

from pathlib import Path

import pytest

from murmur.errors import StartupError
from subgraphs.users.wiring import open_store


def test_a_scheme_without_an_adapter_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="sqlite") as caught:
        open_store("neo5j://localhost", tmp_path)
    assert "'neo5j'" in str(caught.value)


async def test_a_path_in_the_url_is_the_file(tmp_path: Path) -> None:
    store = open_store(f"sqlite:{tmp_path}/elsewhere/people.db", tmp_path)
    await store.close()
    assert (tmp_path / "elsewhere" / "people.db").exists()


@pytest.mark.parametrize(
    "url", ["neo4j://", "neo4j://host:port", "neo4j://host/one/two", "neo4j://host?namespace=x", "bolt+s://u:secret@host:99999"]
)
async def test_a_url_of_neo4j_that_can_not_be_read_is_told_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="users store") as caught:
        open_store(url, tmp_path)
    assert "secret" not in str(caught.value)


async def test_a_store_on_neo4j_connects_when_it_is_first_used(tmp_path: Path) -> None:
    await open_store("neo4j://ada:p%40ss@localhost:1/people", tmp_path).close()

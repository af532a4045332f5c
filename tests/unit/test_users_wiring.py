"""The users room refuses what it can't be built on, in one line."""

from pathlib import Path

import pytest

from murmur.errors import StartupError
from subgraphs.users.wiring import open_store


def test_a_scheme_without_an_adapter_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="sqlite") as caught:
        open_store("neo5j://localhost", tmp_path)
    assert "neo5j://localhost" in str(caught.value)


async def test_a_path_in_the_url_is_the_file(tmp_path: Path) -> None:
    store = open_store(f"sqlite:{tmp_path}/elsewhere/people.db", tmp_path)
    await store.close()
    assert (tmp_path / "elsewhere" / "people.db").exists()

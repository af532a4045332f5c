"""What every users store does with credentials."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from murmur.cache.memory import MemoryCache
from murmur.events import UserSignedUp
from subgraphs.users.model import Credentials, Outcome, User
from subgraphs.users.ports import UsersStore
from subgraphs.users.wiring import cached
from tests.support.users_stores import KINDS, open_empty

NOW = 1_760_000_000_000


@pytest.fixture(params=(*KINDS, "beside a cache"))
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[UsersStore]:
    beside_a_cache = request.param == "beside a cache"
    opened = await open_empty("sqlite" if beside_a_cache else request.param, request, tmp_path)
    yield cached(opened, MemoryCache(), lambda _kind, _outcome, _by: None) if beside_a_cache else opened
    await opened.close()


async def account(store: UsersStore, id_: int, handle: str) -> Outcome:
    user = User(id_, handle, "Name", None, None, None, None, NOW)
    event = UserSignedUp(id=id_ + 1, at=NOW, user_id=id_, handle=handle, name="Name")
    return await store.add_account(user, Credentials(id_, f"hash of {handle}", "ada@example.org"), event)


async def test_a_handle_opens_one_account_whatever_its_case(store: UsersStore) -> None:
    assert await account(store, 1, "Ada") is Outcome.DONE
    assert await account(store, 2, "aDA") is Outcome.HANDLE_TAKEN
    assert await store.credentials_of("ADA") == Credentials(1, "hash of Ada", "ada@example.org")
    assert await store.credentials(1) == await store.credentials_of("ada")
    assert await store.credentials(2) is None
    assert await store.credentials_of("nobody") is None
    assert len(await store.outbox.pending(10)) == 1


async def test_who_has_no_password_has_no_hash(store: UsersStore) -> None:
    user = User(1, "ada", "Ada", None, None, None, None, NOW)
    await store.add_users([(user, UserSignedUp(id=2, at=NOW, user_id=1, handle="ada", name="Ada"))])
    assert await store.credentials_of("ada") == Credentials(1, None, None)


async def test_a_rehash_never_undoes_a_changed_password(store: UsersStore) -> None:
    await account(store, 1, "ada")
    await store.rehash(1, "hash of ada", "costlier")
    await store.rehash(1, "hash of ada", "late")
    found = await store.credentials(1)
    assert found is not None
    assert found.password_hash == "costlier"


async def test_a_password_changes_once_and_starts_a_generation(store: UsersStore) -> None:
    await account(store, 1, "ada")
    await account(store, 2, "bob")
    assert await store.change_password(1, "not it", "new hash") is None
    assert await store.change_password(1, "hash of ada", "new hash") == 1
    assert await store.change_password(1, "hash of ada", "another") is None
    assert await store.credentials(1) == Credentials(1, "new hash", "ada@example.org", 1)
    assert await store.credentials_of("ada") == await store.credentials(1)
    assert await store.credentials_after(0, 10) == [await store.credentials(1), await store.credentials(2)]
    await store.rehash(1, "new hash", "costlier")
    assert await store.credentials(1) == Credentials(1, "costlier", "ada@example.org", 1)

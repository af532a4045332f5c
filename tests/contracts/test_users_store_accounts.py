"""What every users store does with credentials and sessions."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from murmur.cache.memory import MemoryCache
from murmur.events import UserSignedUp
from subgraphs.users.model import Credentials, Outcome, Session, User
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


def session(id_: str, user_id: int, token: bytes = b"1", started_at: int = NOW, lasts: int = 1000) -> Session:
    return Session(id_, user_id, token, started_at, started_at + lasts, b"secret of " + id_.encode())


async def rotate(store: UsersStore, id_: str, old: bytes, new: bytes, now: int = NOW) -> int | None:
    return await store.rotate_session(id_, old, new, now, now + 1000)


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


async def test_a_session_rotates_and_ends_when_an_old_token_comes_back(store: UsersStore) -> None:
    await account(store, 1, "ada")
    await store.start_session(session("s", 1, b"1"), 50)
    await store.start_session(session("other", 1, b"1"), 50)
    assert await rotate(store, "s", b"1", b"2") == 1
    assert await rotate(store, "s", b"2", b"3") == 1
    assert await rotate(store, "s", b"1", b"4") is None
    assert await rotate(store, "s", b"3", b"5") is None
    assert await rotate(store, "other", b"1", b"2") == 1


async def test_a_session_is_read_back_whole_until_it_ends(store: UsersStore) -> None:
    await account(store, 1, "ada")
    await store.start_session(session("s", 1, b"1"), 50)
    assert await store.session("s") == session("s", 1, b"1")
    await rotate(store, "s", b"1", b"2")
    rotated = await store.session("s")
    assert rotated is not None
    assert (rotated.token_hash, rotated.secret) == (b"2", b"secret of s")
    await store.end_session("s")
    assert await store.session("s") is None


async def test_a_session_ends_when_its_time_is_over(store: UsersStore) -> None:
    await account(store, 1, "ada")
    await store.start_session(session("s", 1, b"1"), 50)
    assert await rotate(store, "s", b"1", b"2", NOW + 999) == 1
    assert await rotate(store, "s", b"2", b"3", NOW + 1999) is None
    assert await rotate(store, "s", b"2", b"3", NOW) is None


async def test_an_ended_session_does_not_rotate(store: UsersStore) -> None:
    await account(store, 1, "ada")
    await store.start_session(session("s", 1), 50)
    await store.end_session("s")
    await store.end_session("s")
    assert await rotate(store, "s", b"1", b"2") is None


async def test_the_oldest_sessions_give_way_to_new_ones(store: UsersStore) -> None:
    await account(store, 1, "ada")
    await account(store, 2, "bob")
    await store.start_session(session("bobs", 2), 3)
    for number in range(5):
        await store.start_session(session(f"s{number}", 1, started_at=NOW + number), 3)
    assert [await rotate(store, f"s{number}", b"1", b"2", NOW + 9) for number in range(5)] == [None, None, 1, 1, 1]
    assert await rotate(store, "bobs", b"1", b"2") == 2


async def test_a_new_password_ends_every_session_but_the_new_one(store: UsersStore) -> None:
    await account(store, 1, "ada")
    await account(store, 2, "bob")
    await store.start_session(session("old", 1), 50)
    await store.start_session(session("bobs", 2), 50)
    assert not await store.change_password(1, "not it", "new hash", session("x", 1))
    assert await rotate(store, "x", b"1", b"2") is None
    assert await store.change_password(1, "hash of ada", "new hash", session("new", 1))
    assert await rotate(store, "old", b"1", b"2") is None
    assert await rotate(store, "new", b"1", b"2") == 1
    assert await rotate(store, "bobs", b"1", b"2") == 2
    found = await store.credentials(1)
    assert found is not None
    assert found.password_hash == "new hash"

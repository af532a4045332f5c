"""Profiles with a cache beside their store: hot ones are read from it, and what changes them makes it forget them.

Who changes something through this store sees it at once; others as soon as the event of it has been heard, and at the latest when
what is kept ends.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from murmur.cache.aside import Aside, Observe
from murmur.cache.ports import Cache
from murmur.cache.untold import Untold
from murmur.events import Blocked, Followed, ProfileUpdated, Unblocked, Unfollowed, Unmuted, UserSignedUp
from subgraphs.users.model import Credentials, Edge, Outcome, ProfileChanges, User
from subgraphs.users.ports import EdgeKind, UsersStore


class CachedUsers:
    """A `UsersStore`."""

    def __init__(self, store: UsersStore, cache: Cache, observe: Observe) -> None:
        self._store = store
        self._untold = Untold("users")
        self._profiles: Aside[int, User] = Aside(cache, "user.1", _Profiles(), store.users, observe)
        self._ids: Aside[str, int] = Aside(cache, "handle.1", _Ids(), store.ids_of_handles, observe)
        # The rest of the port is the store's own.
        self.follower_counts = store.follower_counts
        self.credentials_of = store.credentials_of
        self.credentials = store.credentials
        self.rehash = store.rehash
        self.change_password = store.change_password
        self.mute = store.mute
        self.relations = store.relations
        self.neighbours = store.neighbours
        self.followed_by = store.followed_by
        self.followers_after = store.followers_after
        self.followees = store.followees
        self.all_users = store.all_users
        self.all_edges = store.all_edges
        self.put_users = store.put_users
        self.put_edges = store.put_edges
        self.credentials_after = store.credentials_after
        self.put_credentials = store.put_credentials
        self.outbox = store.outbox
        self.close = store.close

    async def users(self, ids: Collection[int]) -> Mapping[int, User]:
        return await self._profiles.get(ids)

    async def users_of_handles(self, handles: Collection[str]) -> Mapping[str, User]:
        ids = await self.ids_of_handles(handles)
        found = await self._profiles.get(ids.values())
        return {handle: found[user_id] for handle, user_id in ids.items() if user_id in found}

    async def ids_of_handles(self, handles: Collection[str]) -> Mapping[str, int]:
        return await self._ids.get([handle.lower() for handle in handles])

    async def update_profile(
        self, user_id: int, changes: ProfileChanges, announce: Callable[[User], ProfileUpdated]
    ) -> User | None:
        user = await self._store.update_profile(user_id, changes, announce)
        await self._forget({user_id})
        return user

    async def add_account(self, user: User, credentials: Credentials, event: UserSignedUp) -> Outcome:
        outcome = await self._store.add_account(user, credentials, event)
        await self._forget({user.id}, {user.handle.lower()})
        return outcome

    async def add_users(self, rows: Sequence[tuple[User, UserSignedUp]]) -> Sequence[Outcome]:
        outcomes = await self._store.add_users(rows)
        await self._forget({user.id for user, _ in rows}, {user.handle.lower() for user, _ in rows})
        return outcomes

    async def follow(self, rows: Sequence[tuple[Edge, Followed]], movable: AbstractSet[int] = frozenset()) -> Sequence[Outcome]:
        outcomes = await self._store.follow(rows, movable)
        await self._forget(_ends(edge for edge, _ in rows))
        return outcomes

    async def block(self, rows: Sequence[tuple[Edge, Blocked, tuple[Unfollowed, Unfollowed]]]) -> Sequence[Outcome]:
        outcomes = await self._store.block(rows)
        await self._forget(_ends(edge for edge, *_ in rows))
        return outcomes

    async def remove(self, kind: EdgeKind, source_id: int, target_id: int, event: Unfollowed | Unblocked | Unmuted) -> bool:
        removed = await self._store.remove(kind, source_id, target_id, event)
        await self._forget({source_id, target_id})
        return removed

    async def _forget(self, user_ids: AbstractSet[int], handles: AbstractSet[str] = frozenset()) -> None:
        with self._untold.allowed():
            await self._profiles.forget(user_ids)
            await self._ids.forget(handles)


class _Profiles:
    def __init__(self) -> None:
        self.encode = msgspec.msgpack.Encoder().encode
        self.decode = msgspec.msgpack.Decoder(User).decode


class _Ids:
    def __init__(self) -> None:
        self.encode = msgspec.msgpack.Encoder().encode
        self.decode = msgspec.msgpack.Decoder(int).decode


def _ends(edges: Iterable[Edge]) -> AbstractSet[int]:
    return {user_id for edge in edges for user_id in (edge.source_id, edge.target_id)}

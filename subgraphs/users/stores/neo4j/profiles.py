"""Profiles: one node each."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from murmur.events import ProfileUpdated, UserSignedUp
from subgraphs.users.model import Credentials, Outcome, ProfileChanges, User
from subgraphs.users.stores.neo4j import cypher
from subgraphs.users.stores.neo4j.database import Database, Transaction
from subgraphs.users.stores.neo4j.outbox import Telling


class Neo4jProfiles:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def users(self, ids: Collection[int]) -> Mapping[int, User]:
        return {row[0]: User(*row) for row in await self._database.read(cypher.USERS, ids=list(ids))}

    async def users_of_handles(self, handles: Collection[str]) -> Mapping[str, User]:
        rows = await self._database.read(cypher.USERS_OF_HANDLES, handles=_keys(handles))
        return {row[1].lower(): User(*row) for row in rows}

    async def ids_of_handles(self, handles: Collection[str]) -> Mapping[str, int]:
        return dict(await self._database.read(cypher.IDS_OF_HANDLES, handles=_keys(handles)))

    async def follower_counts(self, user_ids: Collection[int]) -> Mapping[int, int]:
        return dict(await self._database.read(cypher.FOLLOWER_COUNTS, ids=list(user_ids)))

    async def update_profile(
        self, user_id: int, changes: ProfileChanges, announce: Callable[[User], ProfileUpdated]
    ) -> User | None:
        async def work(transaction: Transaction) -> User | None:
            found = await transaction.value(cypher.LOCK_USER, id=user_id)
            if not found:
                return None
            [(row, last_event)] = found
            before = User(*row)
            after = replace(before, **changes)  # pyright: ignore[reportArgumentType] (the service has checked that a name is there)
            if after != before:
                telling = Telling({user_id: last_event})
                telling.tell(announce(after))
                await transaction.value(cypher.UPDATE_USER, id=user_id, profile=dict(changes), **telling.parameters())
            return after

        return await self._database.write(work)

    async def add_users(self, rows: Sequence[tuple[User, UserSignedUp]]) -> Sequence[Outcome]:
        return await self._database.write(lambda transaction: add_users(transaction, rows))

    async def put_users(self, users: Sequence[User]) -> None:
        await self._database.write(lambda transaction: add_users(transaction, [(user, None) for user in users]))

    async def all_users(self, after_id: int, limit: int) -> Sequence[User]:
        return [User(*row) for row in await self._database.read(cypher.USERS_AFTER, after=after_id, limit=limit)]


async def add_users(
    transaction: Transaction, rows: Sequence[tuple[User, UserSignedUp | None]], accounts: Sequence[Credentials] = ()
) -> Sequence[Outcome]:
    """Add people and tell of them; `accounts` of those who are added are added too."""
    handles = [user.handle.lower() for user, _ in rows]
    namesakes = await transaction.value(cypher.NAMESAKES, ids=[user.id for user, _ in rows], handles=handles)
    handle_of_id = dict[int, str](namesakes)
    taken = set(handle_of_id.values())
    outcomes: list[Outcome] = []
    added: dict[int, dict[str, object]] = {}
    telling = Telling({user.id: None for user, _ in rows})
    for (user, event), handle in zip(rows, handles, strict=True):
        if user.id in handle_of_id:
            outcomes.append(Outcome.UNCHANGED if handle_of_id[user.id] == handle else Outcome.ID_TAKEN)
        elif handle in taken:
            outcomes.append(Outcome.HANDLE_TAKEN)
        else:
            outcomes.append(Outcome.DONE)
            handle_of_id[user.id] = handle
            taken.add(handle)
            added[user.id] = _properties(user, handle)
            if event is not None:
                telling.tell(event)
    if added:
        await transaction.value(
            cypher.ADD_USERS,
            users=list(added.values()),
            accounts=[account_properties(account) for account in accounts if account.user_id in added],
            **telling.parameters(),
        )
    return outcomes


def account_properties(credentials: Credentials) -> dict[str, object]:
    return {
        "user_id": credentials.user_id,
        "password_hash": credentials.password_hash,
        "email": credentials.email,
        "generation": credentials.generation,
    }


def _properties(user: User, handle_key: str) -> dict[str, object]:
    return {
        "id": user.id,
        "handle": user.handle,
        "handle_key": handle_key,
        "name": user.name,
        "bio": user.bio,
        "location": user.location,
        "website": user.website,
        "avatar_url": user.avatar_url,
        "created_at": user.created_at,
        "verified": user.verified,
        "protected": user.protected,
    }


def _keys(handles: Collection[str]) -> list[str]:
    return [handle.lower() for handle in handles]

"""Credentials."""

from collections.abc import Sequence
from typing import Any

from murmur.events import UserSignedUp
from subgraphs.users.model import Credentials, Outcome, User
from subgraphs.users.stores.neo4j import cypher
from subgraphs.users.stores.neo4j.database import Database, Transaction
from subgraphs.users.stores.neo4j.profiles import account_properties, add_users


class Neo4jAccounts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_account(self, user: User, credentials: Credentials, event: UserSignedUp) -> Outcome:
        async def work(transaction: Transaction) -> Outcome:
            [outcome] = await add_users(transaction, [(user, event)], [credentials])
            if outcome is Outcome.UNCHANGED:
                # An earlier try of this very call was committed, if it is this very account.
                return Outcome.DONE if await _account(transaction, user.id) == credentials else Outcome.HANDLE_TAKEN
            return Outcome.DONE if outcome is Outcome.DONE else Outcome.HANDLE_TAKEN

        return await self._database.write(work)

    async def credentials_of(self, handle: str) -> Credentials | None:
        return _one_account(await self._database.read(cypher.CREDENTIALS_OF_HANDLE, handle=handle.lower()))

    async def credentials(self, user_id: int) -> Credentials | None:
        return _one_account(await self._database.read(cypher.CREDENTIALS, id=user_id))

    async def rehash(self, user_id: int, old_hash: str, new_hash: str) -> None:
        async def work(transaction: Transaction) -> None:
            account = await _account(transaction, user_id)
            if account is not None and account.password_hash == old_hash:
                await transaction.value(
                    cypher.CHANGE_HASH, user_id=user_id, password_hash=new_hash, generation=account.generation
                )

        await self._database.write(work)

    async def change_password(self, user_id: int, old_hash: str, new_hash: str) -> int | None:
        async def work(transaction: Transaction) -> int | None:
            account = await _account(transaction, user_id)
            if account is None or account.password_hash not in (old_hash, new_hash):
                return None
            # The new hash has a salt of its own: where it stands already, an earlier try was committed.
            if account.password_hash == new_hash:
                return account.generation
            generation = account.generation + 1
            await transaction.value(cypher.CHANGE_HASH, user_id=user_id, password_hash=new_hash, generation=generation)
            return generation

        return await self._database.write(work)

    async def credentials_after(self, after_id: int, limit: int) -> Sequence[Credentials]:
        rows = await self._database.read(cypher.CREDENTIALS_AFTER, after=after_id, limit=limit)
        return [Credentials(*row) for row in rows]

    async def put_credentials(self, rows: Sequence[Credentials]) -> None:
        accounts = [account_properties(row) for row in rows]
        await self._database.write(lambda transaction: transaction.value(cypher.PUT_CREDENTIALS, accounts=accounts))


async def _account(transaction: Transaction, user_id: int) -> Credentials | None:
    """Lock the account of somebody, if they have one."""
    return _one_account(await transaction.value(cypher.LOCK_ACCOUNT, user_id=user_id))


def _one_account(rows: list[list[Any]]) -> Credentials | None:
    return Credentials(*rows[0]) if rows else None

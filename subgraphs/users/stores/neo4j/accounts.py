"""Credentials and sessions."""

import hmac
from collections.abc import Sequence
from typing import Any

from murmur.events import UserSignedUp
from subgraphs.users.model import Credentials, Outcome, Session, User
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
                await transaction.value(cypher.CHANGE_HASH, user_id=user_id, password_hash=new_hash)

        await self._database.write(work)

    async def start_session(self, session: Session, keep: int) -> None:
        await self._database.write(lambda transaction: _start(transaction, session, keep))

    async def session(self, session_id: str) -> Session | None:
        return _one_session(await self._database.read(cypher.SESSION, id=session_id))

    async def rotate_session(self, session_id: str, old_hash: bytes, new_hash: bytes, now: int, expires_at: int) -> int | None:
        async def work(transaction: Transaction) -> int | None:
            session = _one_session(await transaction.value(cypher.LOCK_SESSION, id=session_id))
            if session is None:
                return None
            # `new_hash` is known to this call alone: where it stands already, an earlier try was committed.
            if hmac.compare_digest(session.token_hash, new_hash):
                return session.user_id
            if session.expires_at <= now or not hmac.compare_digest(session.token_hash, old_hash):
                await transaction.value(cypher.END_SESSION, id=session_id)
                return None
            await transaction.value(cypher.ROTATE_SESSION, id=session_id, token_hash=new_hash, expires_at=expires_at)
            return session.user_id

        return await self._database.write(work)

    async def end_session(self, session_id: str) -> None:
        await self._database.write(lambda transaction: transaction.value(cypher.END_SESSION, id=session_id))

    async def change_password(self, user_id: int, old_hash: str, new_hash: str, session: Session) -> bool:
        async def work(transaction: Transaction) -> bool:
            account = await _account(transaction, user_id)
            # The new hash has a salt of its own: where it stands already, an earlier try was committed.
            if account is None or account.password_hash not in (old_hash, new_hash):
                return False
            await transaction.value(cypher.CHANGE_HASH, user_id=user_id, password_hash=new_hash)
            await transaction.value(cypher.END_SESSIONS, user_id=user_id)
            await _start(transaction, session, 1)
            return True

        return await self._database.write(work)

    async def credentials_after(self, after_id: int, limit: int) -> Sequence[Credentials]:
        rows = await self._database.read(cypher.CREDENTIALS_AFTER, after=after_id, limit=limit)
        return [Credentials(*row) for row in rows]

    async def put_credentials(self, rows: Sequence[Credentials]) -> None:
        accounts = [account_properties(row) for row in rows]
        await self._database.write(lambda transaction: transaction.value(cypher.PUT_CREDENTIALS, accounts=accounts))

    async def sessions_after(self, after: str, limit: int) -> Sequence[Session]:
        return [_session(row) for row in await self._database.read(cypher.SESSIONS_AFTER, after=after, limit=limit)]

    async def put_sessions(self, rows: Sequence[Session]) -> None:
        sessions = [_properties(row) for row in rows]
        await self._database.write(lambda transaction: transaction.value(cypher.PUT_SESSIONS, sessions=sessions))


async def _account(transaction: Transaction, user_id: int) -> Credentials | None:
    """Lock the account of somebody, if they have one."""
    return _one_account(await transaction.value(cypher.LOCK_ACCOUNT, user_id=user_id))


async def _start(transaction: Transaction, session: Session, keep: int) -> None:
    await transaction.value(
        cypher.START_SESSION,
        user_id=session.user_id,
        now=session.started_at,
        others=keep - 1,
        session=_properties(session),
    )


def _one_account(rows: list[list[Any]]) -> Credentials | None:
    return Credentials(*rows[0]) if rows else None


def _one_session(rows: list[list[Any]]) -> Session | None:
    return _session(rows[0]) if rows else None


def _session(row: list[Any]) -> Session:
    id_, user_id, token_hash, started_at, expires_at, secret = row
    return Session(id_, user_id, bytes(token_hash), started_at, expires_at, bytes(secret))


def _properties(session: Session) -> dict[str, object]:
    return {
        "id": session.id,
        "user_id": session.user_id,
        "token_hash": session.token_hash,
        "started_at": session.started_at,
        "expires_at": session.expires_at,
        "secret": session.secret,
    }

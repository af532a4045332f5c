"""A Neo4j database as an asyncio resource: bounded connections, time-outs, retries, and errors of this platform.

Everything goes to the server that leads (or the only one), so each read sees every write that was acknowledged before it,
whichever process wrote it.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, LiteralString, TypeVar
from urllib.parse import unquote, urlsplit

import structlog
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncTransaction, Query
from neo4j.exceptions import ConfigurationError, ConstraintError, DriverError, IncompleteCommit, Neo4jError

from murmur.errors import StartupError, Unavailable

_READ_SECONDS: Final = 10.0
_WRITE_SECONDS: Final = 30.0
_CONNECT_SECONDS: Final = 3.0
_CONNECTIONS: Final = 32
_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.5
_READ_TRIES: Final = 4
_WRITE_TRIES: Final = 12
_DEFECT = "Neo.ClientError.Statement."

T = TypeVar("T")
_log = structlog.get_logger()


class Transaction:
    """One write transaction, which its owner begins, commits and may repeat."""

    def __init__(self, transaction: AsyncTransaction) -> None:
        self._transaction = transaction

    async def value(self, statement: LiteralString, **parameters: object) -> Any:
        """The one value that a statement returns."""
        return await _value(await self._transaction.run(statement, given=parameters))


Work = Callable[[Transaction], Awaitable[T]]


class Database:
    """`url` is neo4j://user:password@host:port/database; +s asks for TLS. It connects when it is first used.

    Raises StartupError for a URL that can't be read.
    """

    def __init__(self, url: str) -> None:
        try:
            place = urlsplit(url)
            host, port = place.hostname, place.port or 7687
            if host is None or place.query or place.path.count("/") > 1:
                raise ValueError("write it as neo4j://user:password@host:7687/database")
            self.name = unquote(place.path.strip("/")) or "neo4j"
            self._driver: AsyncDriver = AsyncGraphDatabase.driver(
                f"{place.scheme}://[{host}]:{port}" if ":" in host else f"{place.scheme}://{host}:{port}",
                auth=None if place.username is None else (unquote(place.username), unquote(place.password or "")),
                connection_timeout=_CONNECT_SECONDS,
                connection_acquisition_timeout=_CONNECT_SECONDS + 1,
                max_connection_pool_size=_CONNECTIONS,
                notifications_min_severity="OFF",
                telemetry_disabled=True,
                user_agent="murmur",
            )
        except (ValueError, ConfigurationError) as error:
            raise StartupError(f"can't read the URL of the users store: {error}") from error
        self._queries: dict[LiteralString, Query] = {}
        self._listeners: list[Callable[[], None]] = []
        self._away = False

    async def read(self, statement: LiteralString, **parameters: object) -> Any:
        """The one value that a statement returns, which changes nothing. Raises Unavailable when the server does not answer."""
        query = self._queries.get(statement)
        if query is None:
            query = self._queries[statement] = Query(statement, timeout=_READ_SECONDS)

        async def once() -> Any:
            async with self._driver.session(database=self.name, fetch_size=-1) as session:
                return await _value(await session.run(query, given=parameters))

        return await self._repeated(once, _READ_SECONDS, _READ_TRIES)

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction and return when it is durable. What `work` raises undoes it.

        `work` is carried out again when the transaction was the victim of a deadlock, met a uniqueness that another one had
        just used up, or lost its server: even then it may have been committed, so `work` must find out what is done already.
        Raises Unavailable when none of that helps in time.
        """

        async def once() -> T:
            async with self._driver.session(database=self.name, fetch_size=-1) as session:
                transaction = await session.begin_transaction(timeout=_WRITE_SECONDS)
                # Closing rolls back what was not committed.
                async with transaction:
                    result = await work(Transaction(transaction))
                    await transaction.commit()
                    return result

        result = await self._repeated(once, _WRITE_SECONDS, _WRITE_TRIES)
        for listener in self._listeners:
            listener()
        return result

    async def command(self, statement: LiteralString, seconds: float) -> None:
        """Carry out a statement that defines something and returns nothing. Raises Unavailable."""

        async def once() -> None:
            async with self._driver.session(database=self.name) as session:
                await (await session.run(Query(statement, timeout=seconds))).consume()

        await self._repeated(once, seconds, _WRITE_TRIES)

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each write of this process."""
        self._listeners.append(listener)

    async def close(self) -> None:
        await self._driver.close()

    async def _repeated(self, once: Callable[[], Awaitable[T]], seconds: float, tries: int) -> T:
        """The result of `once`, tried again where that helps. Raises Unavailable in the place of the driver's errors."""
        async with self._ours():
            async with asyncio.timeout(seconds):
                for number in range(tries - 1):
                    try:
                        return await once()
                    except (DriverError, Neo4jError) as error:
                        if not _passing(error):
                            raise
                    # Those who met in a deadlock should not meet again.
                    await asyncio.sleep(random.uniform(0.5, 1) * min(_FIRST_PAUSE * 2**number, _LONGEST_PAUSE))  # noqa: S311 (no secret)
                return await once()

    @asynccontextmanager
    async def _ours(self) -> AsyncGenerator[None]:
        try:
            yield
        except (DriverError, Neo4jError, TimeoutError) as error:
            if isinstance(error, Neo4jError) and (error.code or "").startswith(_DEFECT):
                raise
            if not self._away:
                # Once: many ask while it is away, and each of them is told.
                self._away = True
                _log.error("the users store does not answer", reason=str(error) or type(error).__name__)
            raise Unavailable("a store does not answer; try again") from error
        if self._away:
            self._away = False
            _log.info("the users store answers again")


async def _value(result: Any) -> Any:
    record = await result.single(strict=True)
    return record[0]


def _passing(error: DriverError | Neo4jError) -> bool:
    """Whether what failed may succeed when it is tried again, as every `work` may be."""
    return error.is_retryable() or isinstance(error, IncompleteCommit | ConstraintError)

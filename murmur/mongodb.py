"""MongoDB for the stores of the distributed profile: how a client is opened, which errors mean that it does not answer, and how
the indexes and shard keys that a room declares are compared with what is there, and made.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from bson.codec_options import TypeDecoder, TypeRegistry
from bson.int64 import Int64
from pymongo import AsyncMongoClient, IndexModel, timeout
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    CursorNotFound,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from murmur.engines import Report
from murmur.errors import StartupError, Unavailable

T = TypeVar("T")
Document = dict[str, Any]
Write = Any
"""One of pymongo's operations of a bulk write; they have no common type."""

_TIMEOUT_MS = 10_000
_DUPLICATE_KEY, _NAMESPACE_NOT_FOUND, _UNAUTHORIZED = 11000, 26, 13
# What the server says while it is no longer or not yet the primary, is shutting down, or has just changed a collection (246).
_PASSING = frozenset({91, 189, 246, 262, 10107, 11600, 11602, 13435, 13436})
_META = "murmur_schema"
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Concern:
    """How sure a reader must be of what it reads, and who must have written before a write is acknowledged.

    "majority" is on the disk (the journal) of most members, so no failover takes it back; 1 is in the primary's memory.
    """

    read: Literal["majority", "local"] = "majority"
    write: Literal["majority", 1] = "majority"

    def of(self, database: AsyncDatabase[Document]) -> AsyncDatabase[Document]:
        write = WriteConcern("majority", j=True) if self.write == "majority" else WriteConcern(1, j=False)
        return database.with_options(read_concern=ReadConcern(self.read), write_concern=write)


@dataclass(frozen=True, slots=True)
class Index:
    """`keys` are field names, one that begins with a minus sign falls. `options` are those of `createIndexes`."""

    keys: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def name(self) -> str:
        return "_".join(self.keys)

    def model(self) -> IndexModel:
        keys = [(key.removeprefix("-"), -1 if key.startswith("-") else 1) for key in self.keys]
        return IndexModel(keys, name=self.name, **self.options)


@dataclass(frozen=True, slots=True)
class Sharded:
    """A collection that is spread by the hash of `key` where a `mongos` answers."""

    name: str
    key: str
    indexes: tuple[Index, ...] = ()


class _PlainIntegers(TypeDecoder):
    """The driver's type for 64-bit integers is one that no encoder of ours takes."""

    @property
    def bson_type(self) -> type[Int64]:
        return Int64

    def transform_bson(self, value: int) -> int:
        return int(value)


def open_client(url: str) -> tuple[AsyncMongoClient[Document], AsyncDatabase[Document]]:
    """A client, which connects when it is first used, and the database that the URL's path names. Raises StartupError."""
    options: dict[str, Any] = {} if "timeoutms=" in url.lower() else {"timeoutMS": _TIMEOUT_MS}
    try:
        client: AsyncMongoClient[Document] = AsyncMongoClient(
            url,
            type_registry=TypeRegistry([_PlainIntegers()]),
            retryWrites=True,
            retryReads=True,
            appname="murmur",
            **options,
        )
        return client, client.get_default_database()
    except (ConfigurationError, ValueError) as error:
        # What the driver could not read may be a part of the password.
        why = "" if "@" in url else f": {error}"
        raise StartupError(f"not the URL of a MongoDB database (mongodb://HOST:PORT/DATABASE?replicaSet=NAME){why}") from error


@contextmanager
def answering(what: str) -> Generator[None]:
    """Within it, a database that does not answer in time, or can't acknowledge, raises Unavailable, naming `what`.

    A cancellation that comes with an answer is lost in the driver (`asyncio.wait_for` of Python 3.11): it is made up for here.
    """
    task = asyncio.current_task()
    cancelled = 0 if task is None else task.cancelling()
    try:
        yield
    except PyMongoError as error:
        if _passes(error):
            raise Unavailable(f"{what} can't be reached now; try again later") from error
        raise
    finally:
        if task is not None and task.cancelling() > cancelled:
            raise asyncio.CancelledError


def _passes(error: PyMongoError) -> bool:
    """Whether the same may go well later."""
    if error.timeout or isinstance(error, ConnectionFailure | WriteConcernError | CursorNotFound):
        return True
    if isinstance(error, BulkWriteError):
        # Without errors of writes it is one of their acknowledgement.
        return all(write["code"] in _PASSING for write in error.details["writeErrors"])
    return isinstance(error, OperationFailure) and error.code in _PASSING


async def transact(client: AsyncMongoClient[Document], work: Callable[[AsyncClientSession], Awaitable[T]]) -> T:
    """Carry `work` out as one write, on the disk of most members; `work` hands the session to all that it asks, one after the
    other. It is repeated where somebody else writes the same at once, and is given up when the client's time is over.

    For documents with one value of their shard key, or where nothing is sharded: what is of one collection is then on one shard,
    which commits by itself.
    """
    with timeout(client.options.timeout):
        async with client.start_session() as session:
            return await session.with_transaction(work, ReadConcern("snapshot"), WriteConcern("majority", j=True))


async def few_at_once(calls: Sequence[Awaitable[T]]) -> list[T]:
    """The results of all calls, of which no more than a few are under way at a time."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def call(one: Awaitable[T]) -> T:
        async with turns:
            return await one

    return await asyncio.gather(*map(call, calls))


async def write_all(collection: AsyncCollection[Document], writes: Sequence[Write]) -> set[int]:
    """Write in one command, in any order; the indexes of those that met a document with the same key and changed nothing."""
    if not writes:
        return set()
    try:
        await collection.bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        return duplicates(error)
    return set()


def duplicates(error: BulkWriteError) -> set[int]:
    """The indexes of the writes that met a document with the same key. Raises `error` when it tells of anything else."""
    details = error.details
    found = {write["index"] for write in details["writeErrors"] if write["code"] == _DUPLICATE_KEY}
    if details["writeConcernErrors"] or len(found) < len(details["writeErrors"]):
        raise error
    return found


class MongoEngine:
    """Compares a database with the collections that a release declares, and makes what is missing (`murmur.engines.Engine`)."""

    def __init__(self, database: AsyncDatabase[Document], room: str, version: int, collections: Sequence[Sharded]) -> None:
        self._database = Concern().of(database)
        self._admin = database.client.admin
        self._room = room
        self._version = version
        self._collections = collections

    async def check(self) -> Report:
        with answering("MongoDB"):
            hello = await self._admin.command("hello")
            version = (await self._admin.command("buildInfo"))["version"]
            sharded = hello.get("msg") == "isdbgrid"
            role = "mongos" if sharded else "primary" if "setName" in hello else "standalone"
            missing = [line for line, _, _ in await self._missing(sharded=sharded)]
            if role == "standalone":
                missing.insert(0, "a replica set: this server is alone, and what it acknowledges dies with its disk")
            if await self._recorded() < self._version:
                missing.append(f"{self._room}: version {self._version} of its collections")
            return Report("mongodb", version, role, None if role != "primary" else await self._lag(), tuple(missing))

    async def apply(self) -> Sequence[str]:
        """Indexes are built beside live traffic. Where a `mongos` answers, collections are sharded before they hold anything."""
        with answering("MongoDB"):
            sharded = (await self._admin.command("hello")).get("msg") == "isdbgrid"
            made: list[str] = []
            for line, collection, index in await self._missing(sharded=sharded):
                if index is None:
                    key = {collection.key: "hashed"}
                    await self._database[collection.name].create_indexes([IndexModel(list(key.items()))])
                    await self._admin.command({"shardCollection": f"{self._database.name}.{collection.name}", "key": key})
                else:
                    await self._database[collection.name].create_indexes([index.model()])
                made.append(line)
            if await self._recorded() < self._version:
                await self._database[_META].update_one({"_id": self._room}, {"$max": {"version": self._version}}, upsert=True)
                made.append(f"{self._room}: version {self._version} of its collections")
            return made

    async def _missing(self, *, sharded: bool) -> list[tuple[str, Sharded, Index | None]]:
        """What `apply` would make, in its order; without an index it is the shard key."""
        found: list[tuple[str, Sharded, Index | None]] = []
        keys = await self._shard_keys() if sharded else {}
        listed = await asyncio.gather(*(self._index_names(collection.name) for collection in self._collections))
        names = {collection.name: found for collection, found in zip(self._collections, listed, strict=True)}
        for collection in self._collections:
            if sharded and collection.name not in keys:
                found.append((f"{collection.name}: sharding by the hash of {collection.key}", collection, None))
            found += [
                (f"{collection.name}: index {index.name}", collection, index)
                for index in collection.indexes
                if index.name not in names[collection.name]
            ]
        return found

    async def _index_names(self, collection: str) -> set[str]:
        try:
            return {index["name"] async for index in await self._database[collection].list_indexes()}
        except OperationFailure as error:
            if error.code != _NAMESPACE_NOT_FOUND:
                raise
            return set()

    async def _shard_keys(self) -> dict[str, Document]:
        prefix = f"{self._database.name}."
        collections = self._database.client.config.collections
        found = collections.find({"_id": {"$in": [prefix + one.name for one in self._collections]}, "key": {"$exists": True}})
        return {one["_id"].removeprefix(prefix): one["key"] async for one in found}

    async def _recorded(self) -> int:
        found = await self._database[_META].find_one({"_id": self._room})
        return 0 if found is None else found["version"]

    async def _lag(self) -> str | None:
        """By how many seconds the last secondary is behind the primary; None when nobody follows or the account may not ask."""
        try:
            members = (await self._admin.command("replSetGetStatus"))["members"]
        except OperationFailure as error:
            if error.code != _UNAUTHORIZED:
                raise
            return None
        times = {role: [one["optimeDate"] for one in members if one["stateStr"] == role] for role in ("PRIMARY", "SECONDARY")}
        if not times["PRIMARY"] or not times["SECONDARY"]:
            return None
        return f"{max(0.0, (times['PRIMARY'][0] - min(times['SECONDARY'])).total_seconds()):.1f} s"

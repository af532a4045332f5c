"""Watches what is asked of MongoDB: on a cluster, whatever does not carry its collection's shard key is asked of every shard."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import monitoring
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from gateway.partners.stores import mongodb as partners
from subgraphs.analytics.stores.mongodb import collections as analytics
from subgraphs.notifications.stores.mongodb import collections as notifications
from subgraphs.search.stores import trends_mongodb as trends
from subgraphs.tweets.stores.mongodb import collections as tweets

ROOMS = (tweets, notifications, partners, trends, analytics)
SHARD_KEYS = {collection.name: collection.key for room in ROOMS for collection in room.COLLECTIONS}
_SCATTERS = {name for room in ROOMS for name in room.SCATTERS}
_MAJORITY = {"w": "majority", "j": True}


class ShardKeyWatch(CommandListener):
    """Faults of the commands on databases whose name begins with `test_`, by database. The driver swallows what a listener
    raises, so a test asks for the faults of its database in the end.
    """

    def __init__(self) -> None:
        self.commands: dict[str, int] = {}
        self._faults: dict[str, list[str]] = {}
        self._transactions: dict[object, str] = {}
        self._owners: dict[object, set[object]] = {}
        self.widest: dict[str, int] = {}
        """To how many values of shard keys a transaction wrote at most, by database."""

    def faults(self, database: str) -> list[str]:
        return self._faults.pop(database, [])

    def started(self, event: CommandStartedEvent) -> None:
        session = event.command.get("lsid", {}).get("id")
        if event.command_name == "commitTransaction" and session in self._transactions:
            # What a transaction writes is acknowledged by its commit, which is of no database.
            if event.command.get("writeConcern") != _MAJORITY:
                self._faults.setdefault(self._transactions[session], []).append(f"committed as {event.command}")
        elif event.database_name.startswith("test_"):
            found = [*key_faults(event.command), *concern_faults(event.command)]
            if event.command.get("autocommit") is False:
                self._transactions[session] = event.database_name
                owners = self._owners.setdefault((session, event.command["txnNumber"]), set())
                owners.update(_written(event.command))
                self.widest[event.database_name] = max(self.widest.get(event.database_name, 0), len(owners))
            self.commands[event.database_name] = self.commands.get(event.database_name, 0) + 1
            self._faults.setdefault(event.database_name, []).extend(found)

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


def key_faults(command: Mapping[str, Any]) -> list[str]:
    """Which parts of a command, if any, carry no shard key."""
    name = next(iter(command))
    collection = command[name]
    if command.get("comment") in _SCATTERS:
        return []
    if name == "aggregate":
        return _pipeline_faults(collection, command["pipeline"])
    if collection not in SHARD_KEYS:
        return []
    match name:
        case "find" | "count" | "distinct":
            filters = [(command.get("filter", command.get("query", {})), True)]
        case "findAndModify":
            filters = [(command["query"], False)]
        case "update" | "delete":
            filters = [
                (part["q"], part.get("multi", part.get("limit") == 0))
                for part in command["updates" if name == "update" else "deletes"]
            ]
        case "insert":
            filters = [(document, False) for document in command["documents"]]
        case _:
            return []
    return [f"{name} on {collection}: {filter_}" for filter_, many in filters if not _carries(filter_, collection, many=many)]


def concern_faults(command: Mapping[str, Any]) -> list[str]:
    """Whether what is written is acknowledged by less than the most, but for claims of ids."""
    name = next(iter(command))
    if name not in ("insert", "update", "delete", "findAndModify") or command[name] not in SHARD_KEYS or command[name] == "ids":
        return []
    if command.get("autocommit") is False:
        return []
    concern = command.get("writeConcern")
    return [] if concern == _MAJORITY else [f"{name} on {command[name]} with the concern {concern}"]


def _written(command: Mapping[str, Any]) -> list[object]:
    """The values of the shard key that a command writes to."""
    name = next(iter(command))
    key = SHARD_KEYS.get(command[name])
    match name:
        case "insert":
            return [document[key] for document in command["documents"]]
        case "update" | "delete":
            return [part["q"][key] for part in command[f"{name}s"]]
        case "findAndModify":
            return [command["query"][key]]
        case _:
            return []


def _pipeline_faults(collection: object, pipeline: Sequence[Mapping[str, Any]]) -> list[str]:
    faults: list[str] = []
    if collection in SHARD_KEYS:
        first = pipeline[0].get("$match", {}) if pipeline else {}
        if not _carries(first, str(collection), many=True):
            faults.append(f"aggregate on {collection}: {first}")
    for stage in pipeline:
        if "$unionWith" in stage:
            faults += _pipeline_faults(stage["$unionWith"]["coll"], stage["$unionWith"]["pipeline"])
        if "$lookup" in stage:
            # None is needed so far; whoever adds one tells the watch which field carries the key.
            faults.append(f"$lookup from {stage['$lookup']['from']}")
    return faults


def _carries(filter_: Mapping[str, Any], collection: str, *, many: bool) -> bool:
    """Hashed keys are found by equality; one write goes to one value of the key, and any of several conditions has one."""
    if many and set(filter_) == {"$or"}:
        return all(_carries(one, collection, many=True) for one in filter_["$or"])
    value = filter_.get(SHARD_KEYS[collection])
    if isinstance(value, Mapping) and any(name.startswith("$") for name in value):
        return many and set(value) == {"$in"}
    return value is not None


WATCH = ShardKeyWatch()
# The driver has no way to take one back; it looks at the databases of tests alone.
monitoring.register(WATCH)

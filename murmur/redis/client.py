"""What adapters ask of Redis: commands, batches and scripts."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import NamedTuple

import hiredis

from murmur.errors import Unavailable
from murmur.redis.connection import Node, Reply, Word, pack

_PASSING = (
    "LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "READONLY", "OOM", "MISCONF", "NOREPLICAS", "BUSY", "NOAUTH", "WRONGPASS",
    "NOPERM", "UNBLOCKED", "NOSCRIPT", "ERR max number of clients",
)  # fmt: skip


class Apart(list[Reply]):
    """The replies to what was sent in a command's place, `Command.apart`."""


class Command(NamedTuple):
    """A command as it is sent. `key` is any of its keys.

    `apart` makes commands of one key each that do the same, for while a cluster moves the slot: those keys are in two places.
    What is replied is then `Apart`.
    """

    key: bytes
    packed: bytes
    apart: "Callable[[], Sequence[Command]] | None" = None


def command(key: bytes, *words: Word) -> Command:
    return Command(key, pack(*words))


class Script:
    """A Lua script, sent as its digest; a server that does not have it is given the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest().encode()

    def command(self, keys: Sequence[bytes], *arguments: Word, apart: Callable[[], Sequence[Command]] | None = None) -> Command:
        return Command(keys[0], pack(b"EVALSHA", self.digest, len(keys), *keys, *arguments), apart)


class Redis(ABC):
    """A Redis or a Redis Cluster. Everything raises Unavailable when it does not answer, and tries nothing twice that may have
    been carried out already; a reply that is another error (a defect of ours) is raised as hiredis.ReplyError."""

    def __init__(self, prefix: str, *, clustered: bool) -> None:
        self.prefix = prefix.encode()
        self.clustered = clustered
        """Whether the keys of a command must have the same {tag}."""
        self._scripts: dict[bytes, Script] = {}

    def script(self, text: str) -> Script:
        script = Script(text)
        self._scripts[script.digest] = script
        return script

    async def call(self, key: bytes, *words: Word) -> Reply:
        """The reply to one command."""
        return (await self.batch((command(key, *words),)))[0]

    @abstractmethod
    async def batch(self, commands: Sequence[Command]) -> list[Reply]:
        """The replies to many commands, in their order: one write to each node, and no atomicity among them."""

    @abstractmethod
    async def masters(self) -> Sequence[Node]:
        """The servers that hold the keys."""

    @abstractmethod
    async def members(self) -> Sequence[Node]:
        """The masters and their replicas, as far as they are known."""

    @abstractmethod
    async def close(self) -> None: ...

    async def _load_scripts(self, node: Node) -> None:
        packed = [pack("SCRIPT", "LOAD", script.text) for script in self._scripts.values()]
        for reply in await node.send(b"".join(packed), len(packed)):
            check(reply)


def check(reply: Reply) -> Reply:
    """A reply that is no error. Raises Unavailable for what will pass, and hiredis.ReplyError for what is a defect."""
    if isinstance(reply, hiredis.HiredisError):
        if str(reply).startswith(_PASSING):
            raise Unavailable(f"redis can't do it now: {reply}") from reply
        raise reply
    return reply

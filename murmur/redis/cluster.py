"""A Redis Cluster: which master serves which slot, and what to do while that changes."""

import asyncio
from binascii import crc_hqx
from collections.abc import Sequence
from typing import TypeAlias, cast

import hiredis

from murmur.errors import Unavailable
from murmur.redis.client import Apart, Command, Redis, check, command
from murmur.redis.connection import Node, Reply, pack
from murmur.redis.urls import HostPort, RedisUrl

SLOTS = 16_384
_TRIES = 6
_WAIT_SECONDS = 0.05
_DECLINED = frozenset({"MOVED", "ASK", "TRYAGAIN", "NOSCRIPT", "CLUSTERDOWN", "LOADING", "READONLY", "MASTERDOWN"})
"""What a member says who has done nothing of a command, so that it can be sent again."""

_Server: TypeAlias = "tuple[bytes | None, int, *tuple[object, ...]]"
_Range: TypeAlias = "tuple[int, int, *tuple[_Server, ...]]"
"""As `CLUSTER SLOTS` gives it: the first and last slot, then the master and its replicas."""


def slot_of(key: bytes) -> int:
    """The hash slot of a key, by the specification of Redis Cluster: of what stands between its first braces, if anything."""
    start = key.find(b"{")
    if start >= 0:
        end = key.find(b"}", start + 1)
        if end > start + 1:
            key = key[start + 1 : end]
    return crc_hqx(key, 0) % SLOTS


class RedisCluster(Redis):
    """Knows the slots' masters from any member that answers, and learns anew when one of them fails or sends us elsewhere."""

    def __init__(self, url: RedisUrl) -> None:
        super().__init__(url.prefix, clustered=True)
        self._url = url
        self._nodes: dict[HostPort, Node] = {}
        self._owners: list[HostPort | None] = [None] * SLOTS
        self._known = False
        self._learning: asyncio.Task[None] | None = None

    async def batch(self, commands: Sequence[Command]) -> list[Reply]:
        replies: list[Reply] = [None] * len(commands)
        waiting = list(range(len(commands)))
        tries = 0
        while True:
            if not self._known:
                await self._learn()
            waiting = await self._round(commands, replies, waiting)
            if not waiting:
                return replies
            tries += 1
            if tries == _TRIES:
                # Whatever is tried again passes: members that begin anew have neither slots nor scripts for a while.
                raise Unavailable(f"the Redis Cluster is not of one mind yet: {replies[waiting[0]]}")
            if tries > 1:
                await asyncio.sleep(_WAIT_SECONDS * tries)

    async def masters(self) -> Sequence[Node]:
        await self._learn()
        return [self._node(address) for address in sorted({owner for owner in self._owners if owner is not None})]

    async def members(self) -> Sequence[Node]:
        # Slots are told with those replicas alone that have data.
        told_by = (await self.masters())[0]
        lines = cast("bytes", check((await told_by.send(pack("CLUSTER", "NODES"), 1))[0])).decode().splitlines()
        # Identity, address, flags; the address is `host:port@bus`, and since Redis 7 a name may follow it.
        nodes = (line.split(maxsplit=3)[1:3] for line in lines)
        return [self._node(self._address(at.partition("@")[0], told_by)) for at, flags in nodes if "noaddr" not in flags]

    async def close(self) -> None:
        if self._learning is not None:
            self._learning.cancel()
        for node in self._nodes.values():
            await node.close()

    async def _round(self, commands: Sequence[Command], replies: list[Reply], waiting: Sequence[int]) -> list[int]:
        """Send those that wait to their masters, all at once; which of them are to be sent again."""
        groups: dict[HostPort, list[int]] = {}
        for index in waiting:
            slot = slot_of(commands[index].key)
            owner = self._owners[slot]
            if owner is None:
                self._known = False
                raise Unavailable(f"no member of the Redis Cluster serves slot {slot}")
            groups.setdefault(owner, []).append(index)
        sent = [
            self._node(owner).send(b"".join([commands[index].packed for index in indexes]), len(indexes))
            for owner, indexes in groups.items()
        ]
        again: list[int] = []
        failed: BaseException | None = None
        for (owner, indexes), answer in zip(groups.items(), await asyncio.gather(*sent, return_exceptions=True), strict=True):
            if isinstance(answer, BaseException):
                self._known = False
                failed = answer
                continue
            for index, reply in zip(indexes, answer, strict=True):
                replies[index] = reply
                if isinstance(reply, hiredis.HiredisError) and await self._again(commands, replies, index, self._node(owner)):
                    again.append(index)
        if failed is not None:
            raise failed
        return again

    async def _again(self, commands: Sequence[Command], replies: list[Reply], index: int, node: Node) -> bool:
        """Whether to send a command again, after what its error asked for; else its reply stands. Raises what `check` raises."""
        error, sent = replies[index], commands[index]
        _, *words = str(error).split()
        match _kind(error):
            case "MOVED":
                self._owners[int(words[0])] = self._address(words[1], node)
                # The one that was heard of is seldom the only one.
                self._known = False
                return True
            case "NOSCRIPT":
                await self._load_scripts(node)
                return True
            case "ASK" if sent.apart is None:
                target = self._node(self._address(words[1], node))
                reply = replies[index] = await self._ask(sent, target)
                if _kind(reply) in _DECLINED:
                    self._known = False
                    return True
                check(reply)
                return False
            case "ASK" | "TRYAGAIN" if sent.apart is not None:
                replies[index] = Apart(await self.batch(sent.apart()))
                return False
            case kind if kind in _DECLINED:
                self._known = False
                return True
            case _:
                check(error)
                return False

    async def _ask(self, sent: Command, target: Node) -> Reply:
        packed = pack("ASKING") + sent.packed
        _, reply = await target.send(packed, 2)
        if _kind(reply) == "NOSCRIPT":
            await self._load_scripts(target)
            _, reply = await target.send(packed, 2)
        return reply

    async def _learn(self) -> None:
        """Ask who serves what; everybody who needs to know waits for the same answer."""
        if self._learning is None:
            self._learning = asyncio.create_task(self._ask_members())
            self._learning.add_done_callback(self._learned)
        await asyncio.shield(self._learning)

    def _learned(self, task: asyncio.Task[None]) -> None:
        self._learning = None
        if not task.cancelled() and task.exception() is None:
            self._known = True

    async def _ask_members(self) -> None:
        packed = command(b"", "CLUSTER", "SLOTS").packed
        failed = Unavailable("the Redis Cluster has no members")
        # First those that still talk to us: the one that has just failed would keep us waiting.
        for node in sorted(map(self._node, dict.fromkeys((*self._nodes, *self._url.addresses))), key=lambda node: not node.open):
            try:
                ranges = check((await node.send(packed, 1))[0])
            except Unavailable as error:
                failed = error
            else:
                await self._keep(cast("list[_Range]", ranges), node)
                return
        raise failed

    async def _keep(self, ranges: "list[_Range]", told_by: Node) -> None:
        owners: list[HostPort | None] = [None] * SLOTS
        members = set(self._url.addresses)
        for start, end, *servers in ranges:
            addresses = [((host or b"").decode() or told_by.address[0], port) for host, port, *_ in servers]
            owners[start : end + 1] = [addresses[0]] * (end + 1 - start)
            members.update(addresses)
        self._owners = owners
        for address in self._nodes.keys() - members:
            await self._nodes.pop(address).close()

    def _node(self, address: HostPort) -> Node:
        node = self._nodes.get(address)
        if node is None:
            node = self._nodes[address] = Node(self._url, address)
        return node

    def _address(self, text: str, told_by: Node) -> HostPort:
        """`host:port`; a host that is missing is that of the member who says so."""
        host, _, port = text.rpartition(":")
        return host or told_by.address[0], int(port)


def _kind(reply: Reply) -> str | None:
    """The first word of an error; None for any other reply."""
    return str(reply).partition(" ")[0] if isinstance(reply, hiredis.HiredisError) else None

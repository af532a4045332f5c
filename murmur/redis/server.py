"""A single Redis."""

from collections.abc import Sequence

import hiredis

from murmur.redis.client import Command, Redis, check
from murmur.redis.connection import Node, Reply
from murmur.redis.urls import RedisUrl


class RedisServer(Redis):
    def __init__(self, url: RedisUrl) -> None:
        super().__init__(url.prefix, clustered=False)
        self._node = Node(url, url.addresses[0])

    async def batch(self, commands: Sequence[Command]) -> list[Reply]:
        replies = await self._send(commands)
        unknown = [index for index, reply in enumerate(replies) if isinstance(reply, hiredis.ReplyError) and _no_script(reply)]
        if unknown:
            await self._load_scripts(self._node)
            for index, reply in zip(unknown, await self._send([commands[index] for index in unknown]), strict=True):
                replies[index] = reply
        for reply in replies:
            if isinstance(reply, hiredis.HiredisError):
                check(reply)
        return replies

    async def masters(self) -> Sequence[Node]:
        return (self._node,)

    async def members(self) -> Sequence[Node]:
        return (self._node,)

    async def close(self) -> None:
        await self._node.close()

    async def _send(self, commands: Sequence[Command]) -> list[Reply]:
        if len(commands) == 1:
            return await self._node.send(commands[0].packed, 1)
        return await self._node.send(b"".join([each.packed for each in commands]), len(commands)) if commands else []


def _no_script(reply: hiredis.HiredisError) -> bool:
    return str(reply).startswith("NOSCRIPT")

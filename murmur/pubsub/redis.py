"""Publish/subscribe of Redis and Redis Cluster, where a message reaches the subscribers of every member."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import cycle
from typing import Any, cast

import hiredis
import structlog

from murmur.errors import Unavailable
from murmur.pubsub.local import Channels, Queue
from murmur.pubsub.ports import MAX_MESSAGE, Listener, Message
from murmur.redis import RedisEngine, command, open_place
from murmur.redis.connection import pack
from murmur.redis.urls import HostPort, RedisUrl

_CONNECT_SECONDS = 1.0
_SUBSCRIBE_SECONDS = 3.0
_PING_SECONDS = 5.0
_SILENT_SECONDS = 12.0
_WAIT_SECONDS = (0.1, 2.0)
_READ_BYTES = 64 * 1024
_AGAIN_SECONDS = 0.5
_UNSENT_BYTES = 4 << 20
_log = structlog.get_logger()


class RedisPubSub:
    """A `PubSub`. All listeners of this process share one connection, which comes back by itself; then they have a gap."""

    def __init__(self, place: RedisUrl) -> None:
        self._redis = open_place(place)
        self.engine = RedisEngine(self._redis, "nothing")
        self._prefix = f"{place.prefix}:channel:".encode()
        self._channels = Channels()
        self._upstream = _Upstream(place, self._wanted, self._received, self._gap)
        self._unsent = _Unsent()
        self._sending: asyncio.Task[None] | None = None

    async def publish(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if len(message.value) > MAX_MESSAGE:
                raise ValueError(f"a message of {len(message.value)} bytes; the most is {MAX_MESSAGE}")
        try:
            await self._send(messages)
        except Unavailable:
            self._unsent.keep(messages)
            if self._sending is None or self._sending.done():
                self._sending = asyncio.create_task(self._send_again())
            raise

    async def _send(self, messages: Iterable[Message]) -> None:
        await self._redis.batch([command(name := self._name(channel), "PUBLISH", name, value) for channel, value in messages])

    async def _send_again(self) -> None:
        """Listeners may be back before this process can publish, and would have no gap to tell them of what it could not."""
        while messages := self._unsent.take():
            await asyncio.sleep(_AGAIN_SECONDS)
            try:
                await self._send(messages)
            except Unavailable:
                self._unsent.keep(messages)

    @asynccontextmanager
    async def listen(self, channels: Collection[str]) -> AsyncGenerator[Listener]:
        listener, names = Queue(), set(channels)
        self._channels.add(listener, names)
        try:
            await self._upstream.subscribe([self._name(channel) for channel in names])
            yield listener
        finally:
            if left := self._channels.remove(listener, names):
                self._upstream.unsubscribe([self._name(channel) for channel in left])

    async def close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])
        await self._upstream.close()
        await self._redis.close()

    def _name(self, channel: str) -> bytes:
        return self._prefix + channel.encode()

    def _wanted(self) -> Sequence[bytes]:
        return [self._name(channel) for channel in self._channels.names()]

    def _received(self, name: bytes, value: bytes) -> None:
        self._channels.put(Message(self._channel(name), value))

    def _gap(self, name: bytes) -> None:
        self._channels.gap(self._channel(name))

    def _channel(self, name: bytes) -> str:
        return name.removeprefix(self._prefix).decode()


class _Unsent:
    """Messages that could not be sent, equal ones once, and of too many none: who waits looks again by itself in the end."""

    def __init__(self) -> None:
        self._messages: dict[Message, None] = {}
        self._size = 0

    def keep(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if message not in self._messages:
                self._messages[message] = None
                self._size += len(message.channel) + len(message.value)
        if self._size > _UNSENT_BYTES:
            self.take()

    def take(self) -> Collection[Message]:
        """All of them, which are kept no longer."""
        taken, self._messages, self._size = self._messages, {}, 0
        return taken


class _Upstream:
    """The subscriber's connection: made when the first listener comes, and again whenever it is lost."""

    def __init__(
        self,
        place: RedisUrl,
        wanted: Callable[[], Sequence[bytes]],
        received: Callable[[bytes, bytes], None],
        gap: Callable[[bytes], None],
    ) -> None:
        self._place = place
        self._wanted = wanted
        self._received = received
        self._gap = gap
        self._live: set[bytes] = set()
        self._lost: set[bytes] = set()
        self._changed = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    async def subscribe(self, names: Sequence[bytes]) -> None:
        """Returns once all are subscribed to. Raises Unavailable."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        self._send("SUBSCRIBE", [name for name in names if name not in self._live])
        try:
            async with asyncio.timeout(_SUBSCRIBE_SECONDS):
                while not self._live.issuperset(names):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as error:
            raise Unavailable("redis does not let us listen") from error

    def unsubscribe(self, names: Sequence[bytes]) -> None:
        self._live.difference_update(names)
        self._lost.difference_update(names)
        self._send("UNSUBSCRIBE", names)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _send(self, word: str, names: Sequence[bytes]) -> None:
        if names and self._writer is not None:
            self._writer.write(pack(word, *names))

    async def _run(self) -> None:
        wait, longest = _WAIT_SECONDS
        for address in cycle(self._place.addresses):
            try:
                await self._follow(address)
            except (OSError, TimeoutError, hiredis.HiredisError, Unavailable) as error:
                _log.warning("pub/sub connection lost", address=f"{address[0]}:{address[1]}", reason=repr(error))
            if self._live:
                wait = _WAIT_SECONDS[0]
            self._lost |= self._live
            self._live.clear()
            self._writer = None
            await asyncio.sleep(wait)
            wait = min(wait * 2, longest)

    async def _follow(self, address: HostPort) -> None:
        """One connection, until it is lost. Raises what it is lost by."""
        async with asyncio.timeout(_CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(*address, ssl=self._place.tls_context())
        try:
            if self._place.password is not None:
                user = (self._place.user,) if self._place.user else ()
                writer.write(pack("AUTH", *user, self._place.password))
            self._writer = writer
            self._send("SUBSCRIBE", self._wanted())
            async with asyncio.TaskGroup() as tasks:
                pinging = tasks.create_task(self._ping(writer))
                await self._read(reader)
                pinging.cancel()
        except* (OSError, TimeoutError, hiredis.HiredisError, Unavailable) as errors:
            raise errors.exceptions[0] from errors
        finally:
            writer.transport.abort()

    async def _ping(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(_PING_SECONDS)
            writer.write(pack("PING"))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        parser = hiredis.Reader()
        while True:
            async with asyncio.timeout(_SILENT_SECONDS):
                data = await reader.read(_READ_BYTES)
            if not data:
                raise Unavailable("redis closed the connection")
            parser.feed(data)
            while (reply := parser.gets()) is not False:
                self._take(reply)

    def _take(self, reply: object) -> None:
        if isinstance(reply, hiredis.HiredisError):
            raise reply
        if not isinstance(reply, list):
            return
        kind, *rest = cast(list[Any], reply)
        if kind == b"message":
            self._received(*rest)
        elif kind == b"subscribe":
            self._live.add(rest[0])
            self._changed.set()
            if rest[0] in self._lost:
                # Only now: who looks into the stores at this moment is told of all that comes later.
                self._lost.discard(rest[0])
                self._gap(rest[0])
        elif kind == b"unsubscribe" and rest[0] in self._wanted():
            # Somebody came back to it meanwhile, and its SUBSCRIBE follows.
            self._live.discard(rest[0])

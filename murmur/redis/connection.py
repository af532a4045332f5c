"""One connection that everybody shares: commands are sent as they come, and answers come in the order of the commands.

A pool would give each caller a connection of its own; here many callers' commands travel in one packet, and their answers in
another, which costs a quarter of the CPU. Nothing that Murmur sends blocks.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Sequence
from typing import TypeAlias, cast

import hiredis

from murmur.errors import Unavailable
from murmur.redis.urls import HostPort, RedisUrl

Word: TypeAlias = str | bytes | int
Reply: TypeAlias = "bytes | int | hiredis.HiredisError | list[Reply] | None"

_CONNECT_SECONDS = 1.0
_ANSWER_SECONDS = 2.0
_FAIL_FAST_SECONDS = 0.2
# How long a caller waits for a connection to what has just failed or hangs.
_PATIENCE_SECONDS = 0.1
_MOST_WAITING = 20_000


def pack(*words: Word) -> bytes:
    """A command as it is sent."""
    return hiredis.pack_command(words)  # pyright: ignore[reportArgumentType] (its stub says a tuple of one)


class _Waiting:
    """Commands that were sent together, and what has come of their replies."""

    __slots__ = ("count", "future", "replies", "since")

    def __init__(self, count: int, future: asyncio.Future[list[Reply]], since: float) -> None:
        self.count = count
        self.future = future
        self.since = since
        self.replies: list[Reply] = []


class Connection(asyncio.Protocol):
    def __init__(self, what: str, seconds: float) -> None:
        self._what = what
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._waiting: deque[_Waiting] = deque()
        self._commands = 0
        self._watch: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.open = False
        self.hung = False

    def send(self, packed: bytes, count: int) -> asyncio.Future[list[Reply]]:
        """The replies to `count` packed commands, errors among them. The future raises Unavailable; then the commands may have
        been carried out all the same."""
        future: asyncio.Future[list[Reply]] = self._loop.create_future()
        if not self.open or self._transport is None:
            future.set_exception(Unavailable(f"{self._what} has closed the connection"))
            return future
        if self._commands + count > _MOST_WAITING:
            future.set_exception(Unavailable(f"too many commands wait for {self._what}"))
            return future
        now = self._loop.time()
        waiting = _Waiting(count, future, now)
        self._waiting.append(waiting)
        self._commands += count
        self._transport.write(packed)
        if self._watch is None:
            # One timer a connection: a time-out of its own for each command costs as much as the command.
            self._watch = self._loop.call_at(now + self._seconds, self._check)
        return future

    def close(self) -> None:
        self._lose("the connection is closed")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.open = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(f"{self._what} has closed the connection", exc)

    def data_received(self, data: bytes) -> None:
        reader, waiting = self._reader, self._waiting
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not False:
                first = waiting[0]
                first.replies.append(reply)
                if len(first.replies) == first.count:
                    waiting.popleft()
                    self._commands -= first.count
                    # Whoever asked may have been cancelled meanwhile.
                    if not first.future.done():
                        first.future.set_result(first.replies)
        except (hiredis.ProtocolError, IndexError) as error:
            self._lose(f"{self._what} does not answer as Redis does", error)

    def _check(self) -> None:
        self._watch = None
        if not self._waiting:
            return
        due = self._waiting[0].since + self._seconds
        if self._loop.time() < due:
            self._watch = self._loop.call_at(due, self._check)
        else:
            self.hung = True
            self._lose(f"{self._what} did not answer within {self._seconds:g} s")

    def _lose(self, reason: str, error: BaseException | None = None) -> None:
        self.open = False
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._transport is not None:
            self._transport.abort()
        while self._waiting:
            future = self._waiting.popleft().future
            if not future.done():
                lost = Unavailable(reason)
                lost.__cause__ = error
                future.set_exception(lost)


class Node:
    """A server at an address: connects when it is first asked, and again when the connection was lost."""

    def __init__(self, url: RedisUrl, address: HostPort, *, seconds: float = _ANSWER_SECONDS) -> None:
        self.address = address
        self._url = url
        self._seconds = seconds
        self._what = f"redis at {address[0]}:{address[1]}"
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[Connection] | None = None
        self._failing = False
        self._not_before = 0.0

    @property
    def open(self) -> bool:
        return self._connection is not None and self._connection.open

    def send(self, packed: bytes, count: int) -> Awaitable[list[Reply]]:
        """As `Connection.send`."""
        connection = self._connection
        if connection is not None and connection.open:
            return connection.send(packed, count)
        return self._connect_and_send(packed, count)

    async def close(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _connect_and_send(self, packed: bytes, count: int) -> list[Reply]:
        loop = asyncio.get_running_loop()
        if self._connecting is None:
            if loop.time() < self._not_before:
                raise Unavailable(f"{self._what} can't be reached")
            self._connecting = loop.create_task(self._connect())
            self._connecting.add_done_callback(self._connected)
        hangs = self._failing or (self._connection is not None and self._connection.hung)
        try:
            # Everybody waits for the same attempt, and who gives up does not end it.
            async with asyncio.timeout(_PATIENCE_SECONDS if hangs else None):
                connection = await asyncio.shield(self._connecting)
        except TimeoutError as error:
            raise Unavailable(f"{self._what} can't be reached") from error
        return await connection.send(packed, count)

    def _connected(self, task: asyncio.Task[Connection]) -> None:
        self._connecting = None
        self._failing = task.cancelled() or task.exception() is not None
        if self._failing:
            # Until then nobody waits for what has just failed.
            self._not_before = asyncio.get_running_loop().time() + _FAIL_FAST_SECONDS
        else:
            self._connection = task.result()

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        host, port = self.address
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    lambda: Connection(self._what, self._seconds), host, port, ssl=self._url.tls_context()
                )
        except (OSError, TimeoutError, ssl.SSLError) as error:
            raise Unavailable(f"{self._what} can't be reached: {error or 'it did not answer in time'}") from error
        greeting = self._greeting()
        if greeting:
            replies = await connection.send(b"".join(pack(*words) for words in greeting), len(greeting))
            refused = next((reply for reply in replies if isinstance(reply, hiredis.HiredisError)), None)
            if refused is not None:
                connection.close()
                raise Unavailable(f"{self._what} refuses us: {refused}") from refused
        return connection

    def _greeting(self) -> Sequence[tuple[str, ...]]:
        words: list[tuple[str, ...]] = []
        if self._url.password is not None:
            words.append(("AUTH", *((self._url.user,) if self._url.user else ()), self._url.password))
        if self._url.database:
            words.append(("SELECT", str(self._url.database)))
        return words

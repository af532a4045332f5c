"""What a client meets at its socket: answers to bodies that are too large, and an end to waiting."""

import asyncio
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
import uvicorn

from murmur.roles.connections import BoundedConnection
from tests.support.asgi import served
from tests.support.edge import Edge

HEAD = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
SIZE = 1_200_000


def send_then_read(address: str, *pieces: bytes) -> bytes:
    """All that comes back once the pieces were sent whole, until the server closes."""
    target = urlsplit(address)
    answer = b""
    with socket.create_connection((target.hostname, target.port), 30) as connection:
        for piece in pieces:
            connection.sendall(piece)
        while received := connection.recv(65_536):
            answer += received
    return answer


@pytest.mark.parametrize(
    "pieces",
    [
        (HEAD + b"content-length: %d\r\n\r\n" % SIZE, b" " * SIZE),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n%x\r\n" % SIZE, b" " * SIZE, b"\r\n0\r\n\r\n"),
    ],
    ids=["with a length", "in chunks"],
)
async def test_a_client_that_sends_too_large_a_body_before_it_reads_gets_the_413(pieces: tuple[bytes, ...]) -> None:
    async with served(Edge().app) as address:
        for _ in range(5):
            answer = await asyncio.to_thread(send_then_read, address, *pieces)
            assert answer.startswith(b"HTTP/1.1 413 ")
            assert b"larger than 1048576 bytes" in answer


async def test_a_client_that_asks_before_it_sends_too_large_a_body_is_told_at_once() -> None:
    asking = HEAD + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % SIZE
    async with served(Edge().app) as address:
        assert (await asyncio.to_thread(send_then_read, address, asking)).startswith(b"HTTP/1.1 413 ")


async def test_while_it_drains_a_body_that_is_refused_unread_does_not_cost_the_answer() -> None:
    edge = Edge()
    edge.gate.draining = True
    async with served(edge.app) as address:
        body = b" " * 1_000_000
        answer = await asyncio.to_thread(send_then_read, address, HEAD + b"content-length: %d\r\n\r\n" % len(body), body)
    assert answer.startswith(b"HTTP/1.1 503 ")


class Impatient(BoundedConnection):
    seconds = 0.5


class Few(BoundedConnection):
    most = 1


@asynccontextmanager
async def bounded(edge: Edge, protocol: type[BoundedConnection]) -> AsyncGenerator[int, None]:
    """The port of `edge` behind connections of `protocol`."""
    config = uvicorn.Config(edge.app, port=0, http=protocol, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 (the server has no event for it)
            await asyncio.sleep(0.01)
    try:
        async with asyncio.timeout(20):
            yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def connect(port: int, sent: bytes) -> tuple[StreamReader, StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    return reader, writer


async def answer_of(reader: StreamReader) -> bytes:
    """The status line, once the whole answer has come."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    return head.partition(b"\r\n")[0]


def whole(document: bytes) -> bytes:
    body = b'{"query": "%s"}' % document
    return HEAD + b"content-length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize(
    "sent",
    [b"", b"\r\n", b"POST /gra", HEAD, whole(b"{ whoami }") + HEAD],
    ids=["nothing", "an empty line", "half a line", "half a head", "half a second head"],
)
async def test_a_connection_whose_head_does_not_come_is_closed(sent: bytes) -> None:
    async with bounded(Edge(), Impatient) as port:
        reader, writer = await connect(port, sent)
        answers = await reader.read()
        assert answers.count(b"HTTP/1.1") == sent.count(b"whoami")
        writer.close()


async def test_a_connection_on_which_a_refused_body_does_not_end_is_closed() -> None:
    async with bounded(Edge(), Impatient) as port:
        reader, writer = await connect(port, b"PUT /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf")
        assert (await reader.read()).startswith(b"HTTP/1.1 405 ")
        writer.close()


async def test_a_request_that_takes_its_time_and_a_connection_between_requests_are_left_alone() -> None:
    edge = Edge()
    async with bounded(edge, Impatient) as port:
        idle_reader, idle = await connect(port, whole(b"{ whoami }"))
        await answer_of(idle_reader)
        held_reader, held = await connect(port, whole(b"{ held }"))
        await edge.library.entered.wait()
        late_reader, late = await connect(port, HEAD)
        assert await late_reader.read() == b""
        edge.library.gate.set()
        assert await answer_of(held_reader) == b"HTTP/1.1 200 OK"
        idle.write(whole(b"{ whoami }"))
        assert await answer_of(idle_reader) == b"HTTP/1.1 200 OK"
        for writer in (idle, held, late):
            writer.close()


async def test_connections_beyond_the_bound_are_answered_503_and_closed() -> None:
    async with bounded(Edge(), Few) as port:
        reader, writer = await connect(port, whole(b"{ whoami }"))
        await answer_of(reader)
        refused, other = await connect(port, b"")
        assert (await refused.read()).startswith(b"HTTP/1.1 503 ")
        writer.write(whole(b"{ whoami }"))
        assert await answer_of(reader) == b"HTTP/1.1 200 OK"
        for each in (writer, other):
            each.close()

"""What a client meets at its socket: bodies that are too large."""

import asyncio
import socket
from urllib.parse import urlsplit

import pytest

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

"""The HTTP transport against subgraphs that answer well, badly, or not at all, over loopback."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.federation.executor.transport import SubgraphRequest, SubgraphResponse, TransportError
from gateway.transports.context import IdentityHeaders, RequestContext
from gateway.transports.http import HttpTransport, subgraph_session
from murmur.identity import Caller, TokenSigner, TokenVerifier, Viewer

Serve = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
QUERY = SubgraphRequest("query A($id: ID!) { book(id: $id) { id } }", "A", {"id": "1"}, "query")
MUTATION = SubgraphRequest("mutation { rename { id } }", None, {}, "mutation")
CALLER = Caller(Viewer(7, "session"), "192.0.2.1")
ANSWER = b'{"data": {"book": {"id": "1"}}}'


def http(body: bytes, status: int = 200, media: str = "application/json", *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"content-type: {media}", f"content-length: {len(body)}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Subgraph:
    """Answers each request with the next of `answers`, the last one from then on; None closes the connection instead.

    `closes` has it close the connection after each answer.
    """

    def __init__(self, *answers: bytes | None) -> None:
        self._answers = [*answers]
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.connections = 0
        self.closes = False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
                self.requests.append((headers, await reader.readexactly(int(headers["content-length"]))))
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
                if self.closes:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


SIGNER = TokenSigner(Ed25519PrivateKey.generate(), "identity", 60)


def context(seconds: float = 5) -> RequestContext:
    return RequestContext(CALLER, asyncio.get_running_loop().time() + seconds, IdentityHeaders(SIGNER))


@asynccontextmanager
async def transport_to(subgraph: Subgraph, *, seconds: float = 5, max_bytes: int = 10_000) -> AsyncGenerator[HttpTransport, None]:
    server = await asyncio.start_server(subgraph, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    async with server, subgraph_session(4) as session:
        yield HttpTransport("books", f"http://127.0.0.1:{port}/graphql", session, seconds=seconds, max_bytes=max_bytes)


async def fetch(subgraph: Subgraph, request: SubgraphRequest = QUERY, *, until: float = 5, **options: float) -> SubgraphResponse:
    async with transport_to(subgraph, **options) as transport:  # type: ignore[arg-type]
        return await transport.fetch(request, context(until))


async def test_an_operation_is_posted_as_json_with_the_signed_identity() -> None:
    subgraph = Subgraph(http(ANSWER))
    response = await fetch(subgraph)
    headers, body = subgraph.requests[0]
    assert response.data == {"book": {"id": "1"}}
    assert orjson.loads(body) == {"query": QUERY.document, "operationName": "A", "variables": {"id": "1"}}
    assert headers["content-type"] == "application/json"
    verifier = TokenVerifier({SIGNER.key_id: SIGNER.public_key}, "identity")
    assert verifier.verify(headers["murmur-identity"]) == CALLER


async def test_errors_and_extensions_come_along() -> None:
    body = b'{"data": null, "errors": [{"message": "no", "path": ["book"]}], "extensions": {"a": 1}}'
    response = await fetch(Subgraph(http(body)))
    assert (response.data, response.errors, response.extensions) == (None, [{"message": "no", "path": ["book"]}], {"a": 1})


async def test_a_graphql_response_is_taken_under_any_status() -> None:
    body = b'{"errors": [{"message": "sign in"}]}'
    response = await fetch(Subgraph(http(body, 401, "application/graphql-response+json; charset=utf-8")))
    assert response.errors == [{"message": "sign in"}]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (http(ANSWER, 500), "status 500"),
        (http(ANSWER, 404), "status 404"),
        (http(b"<p>", 502, "text/html"), "status 502 and no JSON"),
        (http(b"hello", 200, "text/plain"), "no JSON"),
        (http(b"", 302, "text/plain", "location: http://127.0.0.1:1/"), "status 302"),
        (http(b"{"), "no JSON"),
        (http(b""), "no JSON"),
        (http(b"[]"), "no GraphQL response"),
        (http(b"{}"), "no GraphQL response"),
        (http(b'{"data": [1]}'), "no GraphQL response"),
        (http(b'{"data": null, "errors": {"message": "x"}}'), "no GraphQL response"),
        (http(b'{"data": null, "errors": ["x"]}'), "no GraphQL response"),
        (http(b'{"errors": []}'), "no GraphQL response"),
        (http(b"[" * 5_000), "no JSON"),
        (http(b" " * 10_001), "more than 10000 bytes"),
        (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", "broke off"),
        (http(ANSWER).replace(b"content-length: 31", b"transfer-encoding: chunked"), "broke off"),
    ],
)
async def test_what_is_no_graphql_response_is_an_error_that_says_why(answer: bytes, reason: str) -> None:
    with pytest.raises(TransportError, match=reason):
        await fetch(Subgraph(answer))


async def test_a_query_is_sent_again_when_its_connection_was_closed_before_a_response() -> None:
    subgraph = Subgraph(None, http(ANSWER))
    assert (await fetch(subgraph)).data == {"book": {"id": "1"}}
    assert len(subgraph.requests) == 2


async def test_a_query_is_sent_again_only_once() -> None:
    subgraph = Subgraph(None)
    with pytest.raises(TransportError, match="can't be reached"):
        await fetch(subgraph)
    assert len(subgraph.requests) == 2


async def test_a_mutation_is_never_sent_again() -> None:
    subgraph = Subgraph(None, http(ANSWER))
    with pytest.raises(TransportError, match="may or may not have acted"):
        await fetch(subgraph, MUTATION)
    assert len(subgraph.requests) == 1


async def test_a_response_that_breaks_off_is_not_asked_for_again() -> None:
    subgraph = Subgraph(http(ANSWER)[:-5])
    subgraph.closes = True
    with pytest.raises(TransportError, match="broke off"):
        await fetch(subgraph)
    assert len(subgraph.requests) == 1


async def test_a_subgraph_that_is_not_there_is_an_error_that_names_no_address() -> None:
    server = await asyncio.start_server(Subgraph(None), "127.0.0.1")
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    server.close()
    await server.wait_closed()
    async with subgraph_session(1) as session:
        with pytest.raises(TransportError) as caught:
            await HttpTransport("books", url, session, seconds=5, max_bytes=1_000).fetch(QUERY, context())
    assert str(caught.value) == "a part of the platform can't be reached"


@pytest.mark.parametrize(("seconds", "until"), [(0.05, 5), (5, 0.05), (5, -1)])
async def test_a_fetch_ends_by_its_own_time_or_the_requests_deadline(seconds: float, until: float) -> None:
    with pytest.raises(TransportError, match="in time"):
        await asyncio.wait_for(fetch(Subgraph(b""), seconds=seconds, until=until), 3)


async def test_a_late_mutation_is_said_to_be_in_doubt() -> None:
    with pytest.raises(TransportError, match="may or may not have been done"):
        await fetch(Subgraph(b""), MUTATION, seconds=0.05)


async def test_connections_are_kept_and_bounded() -> None:
    subgraph = Subgraph(http(ANSWER))
    async with transport_to(subgraph) as transport:
        await asyncio.gather(*[transport.fetch(QUERY, context()) for _ in range(40)])
    assert len(subgraph.requests) == 40
    assert subgraph.connections <= 4


async def test_cookies_are_not_kept() -> None:
    subgraph = Subgraph(http(ANSWER, 200, "application/json", "set-cookie: a=b; path=/"))
    async with transport_to(subgraph) as transport:
        for _ in range(2):
            await transport.fetch(QUERY, context())
    assert "cookie" not in subgraph.requests[1][0]

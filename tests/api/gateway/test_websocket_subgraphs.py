"""Subscriptions of subgraphs that are processes of their own to the gateway: over WebSocket, with the caller's identity."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.routing import WebSocketRoute

from gateway.federation.executor.transport import SubgraphRequest, SubgraphResponse, TransportError
from gateway.transports.context import IdentityHeaders, RequestContext
from gateway.transports.http import HttpTransport, subgraph_session
from gateway.transports.websocket import WebSocketTransport, socket_url
from murmur.identity import Caller, TokenSigner, TokenVerifier, Viewer
from murmur.runtime.asgi import subgraph_app
from murmur.sockets.messages import Close
from murmur.sockets.session import Sockets
from murmur.telemetry.health import Health
from murmur.telemetry.metrics import Metrics
from tests.support.asgi import served
from tests.support.library import Library, library_subgraphs
from tests.support.waiting import until

DOCUMENT = "subscription ($shelf: Int) { reviewed(shelf: $shelf) { id reviews } }"


@dataclass
class Reviews:
    """The subgraph of reviews over WebSocket, and a way to ask it for somebody."""

    signer: TokenSigner = field(default_factory=lambda: TokenSigner(Ed25519PrivateKey.generate(), "identity", 60))
    library: Library = field(default_factory=Library)
    transport: WebSocketTransport = field(init=False)
    sockets: Sockets = field(init=False)
    """Those that the subgraph has open."""

    def follow(self, user_id: int = 7, **variables: object) -> AsyncGenerator[SubgraphResponse]:
        headers = IdentityHeaders(self.signer)
        context = RequestContext(Caller(Viewer(user_id, "session")), float("inf"), headers, identity=user_id)
        return self.transport.subscribe(SubgraphRequest(DOCUMENT, None, variables, "subscription"), context)

    async def listened(self, count: int) -> None:
        async def listening() -> bool:
            return len(self.library.listeners) == count

        await until(listening)


@pytest.fixture
async def reviews() -> AsyncGenerator[Reviews]:
    found = Reviews()
    identities = TokenVerifier({found.signer.key_id: found.signer.public_key}, "identity")
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(subgraph_session(8))
        app = subgraph_app(library_subgraphs(found.library)["reviews"], identities, Health(), Metrics())
        found.sockets = next(route.app.sockets for route in app.routes if isinstance(route, WebSocketRoute))
        address = await stack.enter_async_context(served(app))
        fetches = HttpTransport("reviews", f"{address}/graphql", session, seconds=5, max_bytes=100_000)
        found.transport = WebSocketTransport(fetches, socket_url(f"{address}/graphql"), session, max_bytes=100_000)
        async with asyncio.timeout(20):
            yield found


async def test_events_come_in_order_until_the_subgraph_completes_them(reviews: Reviews) -> None:
    async with aclosing(reviews.follow()) as events:
        first = asyncio.create_task(anext(events))
        await reviews.listened(1)
        for id_ in ("1", "2", None):
            reviews.library.review(id_)
        assert (await first).data == {"reviewed": {"id": "1", "reviews": ["I liked 1"]}}
        assert [event.data["reviewed"]["id"] async for event in events] == ["2"]


async def test_operations_of_a_person_share_a_socket_and_those_of_others_do_not(reviews: Reviews) -> None:
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(aclosing(reviews.follow(user_id))) for user_id in (1, 1, 2)]
        waiting = [asyncio.create_task(anext(stream)) for stream in streams]
        await reviews.listened(3)
        assert len(reviews.sockets) == 2
        reviews.library.review("1")
        assert {(await event).data["reviewed"]["id"] for event in waiting} == {"1"}
        assert {caller.viewer and caller.viewer.user_id for caller in reviews.library.callers} == {1, 2}
    await reviews.listened(0)

    async def closed() -> bool:
        return not reviews.sockets

    await until(closed)


async def test_an_error_of_the_subgraph_is_told_and_ends_the_operation(reviews: Reviews) -> None:
    async with aclosing(reviews.follow(shelf=0)) as events:
        (event,) = [event async for event in events]
    assert event.errors[0]["message"] == "this shelf is for staff"


async def test_a_subgraph_that_does_not_know_the_gateway_is_not_followed(reviews: Reviews) -> None:
    reviews.signer = TokenSigner(Ed25519PrivateKey.generate(), "identity", 60)
    with pytest.raises(TransportError):
        await anext(reviews.follow())


async def test_a_subgraph_that_goes_away_breaks_events_off_and_is_found_again(reviews: Reviews) -> None:
    stream = reviews.follow()
    waiting = asyncio.create_task(anext(stream))
    await reviews.listened(1)
    (socket,) = reviews.sockets._open
    socket.close(Close.RESTART, "gone for a moment")
    with pytest.raises(TransportError):
        await waiting
    await reviews.listened(0)
    async with aclosing(reviews.follow()) as events:
        again = asyncio.create_task(anext(events))
        await reviews.listened(1)
        reviews.library.review("2")
        assert (await again).data["reviewed"]["id"] == "2"

"""Operations over WebSocket by the graphql-transport-ws protocol."""

import asyncio
from ipaddress import ip_network

import pytest

from gateway.edge.forwarding import ForwardingCallers
from gateway.edge.options import EdgeOptions
from murmur.identity import Caller, Viewer
from murmur.roles.connections import BoundedSocket
from murmur.sockets.session import SocketLimits
from tests.support.asgi import served
from tests.support.edge import Books, Edge, listening
from tests.support.socket import SECONDS, socket
from tests.support.waiting import until

REVIEWED = "subscription { reviewed { id reviews title } }"
SHELF = "subscription ($shelf: Int) { reviewed(shelf: $shelf) { id reviews title } }"
OTHERWISE = "subscription { reviewed { id } }"


def following_now(edge: Edge) -> int:
    """How many clients follow something over WebSocket."""
    return int(edge.metric('murmur_subscriptions{door="websocket"}'))


async def following(edge: Edge, count: int) -> None:
    async def followed() -> bool:
        return following_now(edge) == count

    await until(followed)


async def test_an_event_is_completed_across_subgraphs(edge: Edge, address: str) -> None:
    async with socket(address) as client:
        await client.init()
        await client.subscribe("1", REVIEWED)
        await listening(edge)
        for id_, title in (("1", "Kim"), ("2", "Emma")):
            edge.library.review(id_)
            data = {"reviewed": {"id": id_, "reviews": [f"I liked {id_}"], "title": title}}
            assert await client.next() == {"type": "next", "id": "1", "payload": {"data": data}}
        edge.library.review(None)
        assert await client.next() == {"type": "complete", "id": "1"}


async def test_many_operations_of_all_kinds_run_on_one_socket(edge: Edge, address: str) -> None:
    async with socket(address) as client:
        await client.init()
        await client.subscribe("live", REVIEWED)
        await client.subscribe("asked", "{ book(id: 1) { title } }")
        assert await client.next() == {"type": "next", "id": "asked", "payload": {"data": {"book": {"title": "Kim"}}}}
        assert await client.next() == {"type": "complete", "id": "asked"}
        await client.subscribe("asked", 'mutation { rename(id: 1, title: "Kim again") { title } }')
        assert (await client.next())["payload"] == {"data": {"rename": {"title": "Kim again"}}}
        assert await client.next() == {"type": "complete", "id": "asked"}
        await listening(edge)
        edge.library.review("1")
        assert (await client.next())["payload"]["data"]["reviewed"]["title"] == "Kim again"


async def test_who_completes_an_operation_ends_it_at_its_source_and_may_use_its_id_again(edge: Edge, address: str) -> None:
    async with socket(address) as client:
        await client.init()
        await client.subscribe("1", REVIEWED)
        await listening(edge)
        await client.send(type="complete", id="1")
        await listening(edge, 0)
        await client.subscribe("1", REVIEWED)
        await listening(edge)
        edge.library.review("2")
        assert (await client.next())["id"] == "1"


async def test_a_socket_that_goes_ends_its_operations(edge: Edge, address: str) -> None:
    async with socket(address) as client:
        await client.init()
        await client.subscribe("1", REVIEWED)
        await client.subscribe("2", OTHERWISE)
        await listening(edge, 2)
    await listening(edge, 0)


async def test_what_can_not_run_is_an_error_of_its_operation_alone(edge: Edge, address: str) -> None:
    async with socket(address) as client:
        await client.init()
        for document, code in (
            ("{ book(id: 1) { nothing } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("", "BAD_USER_INPUT"),
            ("{" * 90 + "}" * 90, "BAD_USER_INPUT"),
        ):
            await client.subscribe("1", document)
            message = await client.next()
            assert (message["type"], message["id"]) == ("error", "1")
            assert message["payload"][0]["extensions"]["code"] == code
        await client.subscribe("1", "subscription { reviewed(shelf: 0) { id } }")
        (error,) = (await client.next())["payload"]["errors"]
        assert (error["message"], error["extensions"]["code"]) == ("this shelf is for staff", "FORBIDDEN")


async def test_a_ping_is_answered_with_its_payload(address: str) -> None:
    async with socket(address) as client:
        await client.send(type="ping", payload={"at": 1})
        assert await client.next() == {"type": "pong", "payload": {"at": 1}}
        await client.init()
        await client.send(type="ping")
        assert await client.next() == {"type": "pong"}
        await client.send(type="pong")
        await client.send(type="ping")
        assert await client.next() == {"type": "pong"}


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        "null",
        '{"id": "1"}',
        '{"type": "start"}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{a}"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{a}"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "complete"}',
        '{"type": "ping", "payload": 1}',
        b"\x00",
    ],
)
async def test_what_is_no_message_closes_with_4400(address: str, text: str | bytes) -> None:
    async with socket(address) as client:
        await client.init()
        await client.connection.send(text)
        code, reason = await client.closed()
        assert code == 4400
        assert reason


async def test_the_protocol_has_a_close_code_for_each_mistake(edge: Edge, address: str) -> None:
    async with socket(address) as client:
        await client.subscribe("1", REVIEWED)
        assert (await client.closed())[0] == 4401
    async with socket(address) as client:
        await client.init()
        await client.send(type="connection_init")
        assert (await client.closed())[0] == 4429
    async with socket(address) as client:
        await client.init()
        await client.subscribe("1", REVIEWED)
        await client.subscribe("1", REVIEWED)
        assert await client.closed() == (4409, "there is an operation 1 already")
    for protocol in (None, "graphql-ws"):
        async with socket(address, protocol) as client:
            assert (await client.closed())[0] == 4406
    async with socket(address) as client:
        await client.send(type="connection_init", payload={"Authorization": "Bearer nonsense"})
        assert (await client.closed())[0] == 4403


async def test_who_does_not_say_who_they_are_in_time_is_closed_with_4408() -> None:
    edge = Edge(EdgeOptions(socket=SocketLimits(init_seconds=0.05)))
    async with served(edge.app) as address, socket(address) as client:
        assert (await client.closed())[0] == 4408


@pytest.mark.parametrize("nested", [False, True])
async def test_the_token_of_connection_init_says_who_asks(edge: Edge, address: str, nested: bool) -> None:
    headers = {"Authorization": f"Bearer {edge.token(42)}"}
    async with socket(address) as client:
        await client.init({"headers": headers} if nested else headers)
        await client.subscribe("1", "{ whoami }")
        assert (await client.next())["payload"] == {"data": {"whoami": "42 from 127.0.0.1"}}


async def test_the_token_of_the_handshake_counts_where_connection_init_has_none(edge: Edge, address: str) -> None:
    async with socket(address, Authorization=f"Bearer {edge.token(42)}") as client:
        await client.init()
        await client.subscribe("1", "{ whoami }")
        assert (await client.next())["payload"] == {"data": {"whoami": "42 from 127.0.0.1"}}


async def test_a_socket_ends_with_its_token(edge: Edge, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token, expires_at = edge.access.sign(Caller(Viewer(7, "session")))
    monkeypatch.setattr("gateway.edge.sockets.wall_clock", lambda: expires_at - 50)
    async with socket(address) as client:
        await client.init({"Authorization": f"Bearer {token}"})
        assert await client.closed() == (4403, "the access token has expired; connect with a new one")


async def test_another_sites_page_may_not_connect_unless_it_is_allowed(address: str) -> None:
    async with socket(address, Origin="https://evil.example") as client:
        await client.send(type="connection_init")
        assert (await client.closed())[0] == 4403
    async with socket(address, Origin=address) as client:
        await client.init()
    options = EdgeOptions(allowed_origins=("https://app.example",))
    async with served(Edge(options).app) as other, socket(other, Origin="https://app.example") as client:
        await client.init()


async def test_a_socket_has_a_bounded_number_of_operations(edge: Edge, address: str) -> None:
    async with socket(address) as client:
        await client.init()
        for number in range(101):
            await client.subscribe(str(number), REVIEWED)
        message = await client.next()
        assert (message["type"], message["id"]) == ("error", "100")
        assert message["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_a_message_of_a_megabyte_closes_the_socket_of_whoever_sent_it(edge: Edge, address: str) -> None:
    async with socket(address) as client, socket(address) as other:
        await other.init()
        await client.init()
        await client.subscribe("1", "{ a }" + " " * 1_000_000)
        assert (await client.closed())[0] == 1009
        await other.subscribe("1", "{ whoami }")
        assert (await other.next())["type"] == "next"


@pytest.mark.parametrize("slow_shelf", [1, 2])
async def test_who_never_reads_is_cut_off_and_the_others_do_not_notice(edge: Edge, address: str, slow_shelf: int) -> None:
    """Whether or not they share one run of a subscription."""
    edge.library.titles["3"] = "x" * 50_000
    async with socket(address) as slow, socket(address) as other:
        for client, shelf in ((slow, slow_shelf), (other, 1)):
            await client.init()
            await client.subscribe("1", SHELF, shelf=shelf)
        await following(edge, 2)
        slow.connection.transport.pause_reading()
        reads = 0
        while following_now(edge) == 2:
            assert reads < 1_000
            edge.library.review("3")
            assert (await other.next())["type"] == "next"
            reads += 1
        edge.library.review("1")
        assert (await other.next())["payload"]["data"]["reviewed"]["title"] == "Kim"
        slow.connection.transport.resume_reading()
        assert await slow.closed() == (1013, "this client reads too slowly")


async def test_who_never_reads_again_does_not_keep_its_connection(
    edge: Edge, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedSocket, "taking_seconds", 0.3)
    edge.library.titles["3"] = "x" * 50_000
    async with socket(address) as client:
        await client.init()
        await client.subscribe("1", REVIEWED)
        await listening(edge)
        client.connection.transport.pause_reading()

        async def cut_off() -> bool:
            for _ in range(20):
                edge.library.review("3")
            return "\nmurmur_sockets 0.0" in edge.metrics.exposition().decode()

        await until(cut_off, 20)
        await listening(edge, 0)


async def test_a_drain_closes_with_a_code_on_which_clients_connect_again(edge: Edge, address: str) -> None:
    async with socket(address) as client:
        await client.init()
        await client.subscribe("1", REVIEWED)
        await listening(edge)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(edge.gate.drain(SECONDS))
            assert await client.closed() == (1012, "this server is stopping")
        async with socket(address) as late:
            assert (await late.closed())[0] == 1013
    await listening(edge, 0)


async def test_a_client_says_nothing_for_the_proxy_that_it_came_by() -> None:
    edge = Edge(trusted_proxies=(ip_network("127.0.0.0/8"),))
    for handshake, payload in (({"X-Forwarded-For": "192.0.2.1"}, "198.51.100.7"), ({}, "198.51.100.7")):
        async with served(edge.app) as address, socket(address, **handshake) as client:
            await client.init({"X-Forwarded-For": payload, "Authorization": f"Bearer {edge.token(42)}"})
            await client.subscribe("1", "{ whoami }")
            seen = handshake.get("X-Forwarded-For", "127.0.0.1")
            assert (await client.next())["payload"] == {"data": {"whoami": f"42 from {seen}"}}


async def test_headers_that_go_on_are_taken_where_the_handshake_has_none() -> None:
    books = Books()
    options = EdgeOptions(allowed_headers=("x-user-id", "x-tenant"))
    edge = Edge(options, transports={"books": books}, callers=ForwardingCallers(("x-user-id", "x-tenant")))
    async with served(edge.app) as address, socket(address, **{"X-User-Id": "by the proxy"}) as client:
        await client.init({"x-user-id": "made up", "x-tenant": "7", "x-other": "1"})
        await client.subscribe("1", "{ books { title } }")
        await client.next()
    assert books.headers == {"x-user-id": "by the proxy", "x-tenant": "7"}

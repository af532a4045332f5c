"""Operations as server-sent events, by both modes of the graphql-sse protocol."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest

from gateway.edge.forwarding import ForwardingCallers
from gateway.edge.options import EdgeOptions
from murmur.identity import Caller, Viewer
from murmur.sockets.session import SocketLimits
from tests.support.asgi import ask, served
from tests.support.edge import Edge, listening
from tests.support.waiting import until

REVIEWED = "subscription { reviewed { id reviews title } }"
EVENTS = {"accept": "text/event-stream"}
TOKEN = "x-graphql-event-stream-token"


@pytest.fixture
async def client(edge: Edge) -> AsyncGenerator[aiohttp.ClientSession]:
    async with served(edge.app) as address, aiohttp.ClientSession(address, timeout=aiohttp.ClientTimeout(10)) as session:
        yield session


async def next_event(response: aiohttp.ClientResponse) -> tuple[str, Any]:
    """The name and data of the next event; comments are passed over."""
    name, data = "", b""
    async for line in response.content:
        if line.startswith(b"event:"):
            name = line[6:].strip().decode()
        elif line.startswith(b"data:"):
            data = line[5:].strip()
        elif line == b"\n" and name:
            return name, orjson.loads(data) if data else None
    raise EOFError


@asynccontextmanager
async def stream(client: aiohttp.ClientSession, query: str, **headers: str) -> AsyncGenerator[aiohttp.ClientResponse]:
    async with client.post("/graphql", json={"query": query}, headers=EVENTS | headers) as response:
        yield response


async def test_a_subscription_is_a_stream_of_events_completed_across_subgraphs(edge: Edge, client: aiohttp.ClientSession) -> None:
    async with stream(client, REVIEWED) as response:
        assert response.content_type == "text/event-stream"
        await listening(edge)
        edge.library.review("1")
        data = {"reviewed": {"id": "1", "reviews": ["I liked 1"], "title": "Kim"}}
        assert await next_event(response) == ("next", {"data": data})
        edge.library.review(None)
        assert await next_event(response) == ("complete", None)
        with pytest.raises(EOFError):
            await next_event(response)


async def test_a_query_by_get_and_a_mutation_by_post_are_one_event(client: aiohttp.ClientSession) -> None:
    async with client.get("/graphql", params={"query": "{ book(id: 1) { title } }"}, headers=EVENTS) as response:
        assert await next_event(response) == ("next", {"data": {"book": {"title": "Kim"}}})
        assert (await next_event(response))[0] == "complete"
    rename = 'mutation { rename(id: 1, title: "new") { title } }'
    async with client.get("/graphql", params={"query": rename}, headers=EVENTS) as response:
        assert "a mutation needs POST" in str(await next_event(response))
    async with stream(client, rename) as response:
        assert await next_event(response) == ("next", {"data": {"rename": {"title": "new"}}})


async def test_what_can_not_run_is_told_as_an_event(client: aiohttp.ClientSession) -> None:
    async with stream(client, "{ nothing }") as response:
        name, payload = await next_event(response)
        assert (name, payload["errors"][0]["extensions"]["code"]) == ("next", "GRAPHQL_VALIDATION_FAILED")
        assert (await next_event(response))[0] == "complete"


async def test_a_client_that_goes_ends_its_subscription(edge: Edge, client: aiohttp.ClientSession) -> None:
    async with stream(client, REVIEWED):
        await listening(edge)
    await listening(edge, 0)


async def test_a_stream_ends_with_its_token(edge: Edge, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    token, expires_at = edge.access.sign(Caller(Viewer(7, "session")))
    monkeypatch.setattr("gateway.edge.events.wall_clock", lambda: expires_at - 50)
    async with stream(client, REVIEWED, Authorization=f"Bearer {token}") as response:
        with pytest.raises(EOFError):
            await next_event(response)


async def test_a_stream_of_many_operations_ends_with_the_token_that_opened_it(
    edge: Edge, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, expires_at = edge.access.sign(Caller(Viewer(7, "session")))
    monkeypatch.setattr("gateway.edge.events.wall_clock", lambda: expires_at - 200)
    mine = {"authorization": f"Bearer {token}"}
    async with client.put("/graphql/stream", headers=mine) as reserved:
        mine[TOKEN] = await reserved.text()
    async with client.get("/graphql/stream", headers=EVENTS | mine) as events:
        request = {"query": REVIEWED, "extensions": {"operationId": "1"}}
        async with client.post("/graphql/stream", json=request, headers=mine) as accepted:
            assert accepted.status == 202
        with pytest.raises(EOFError):
            await next_event(events)
    await listening(edge, 0)


async def test_one_connection_carries_the_events_of_many_operations(edge: Edge, client: aiohttp.ClientSession) -> None:
    async with client.put("/graphql/stream") as reserved:
        assert reserved.status == 201
        token = {TOKEN: await reserved.text()}
    async with client.get("/graphql/stream", headers=EVENTS | token) as events:
        for id_, query in (("live", REVIEWED), ("asked", "{ book(id: 1) { title } }")):
            request = {"query": query, "extensions": {"operationId": id_}}
            async with client.post("/graphql/stream", json=request, headers=token) as accepted:
                assert (accepted.status, await accepted.read()) == (202, b"")
        assert await next_event(events) == ("next", {"id": "asked", "payload": {"data": {"book": {"title": "Kim"}}}})
        assert await next_event(events) == ("complete", {"id": "asked"})
        await listening(edge)
        edge.library.review("2")
        name, message = await next_event(events)
        assert (name, message["id"], message["payload"]["data"]["reviewed"]["title"]) == ("next", "live", "Emma")
        async with client.post("/graphql/stream", json=request | {"extensions": {"operationId": "live"}}, headers=token) as twice:
            assert twice.status == 409
        async with client.delete("/graphql/stream", params={"operationId": "live"}, headers=token) as ended:
            assert ended.status == 200
        await listening(edge, 0)
        async with client.get("/graphql/stream", headers=EVENTS | token) as again:
            assert again.status == 409


async def test_a_stream_that_ended_took_its_operations_and_token_with_it(edge: Edge, client: aiohttp.ClientSession) -> None:
    async with client.put("/graphql/stream") as reserved:
        token = {TOKEN: await reserved.text()}
    request = {"query": REVIEWED, "extensions": {"operationId": "1"}}
    async with client.get("/graphql/stream", headers=EVENTS | token):
        async with client.post("/graphql/stream", json=request, headers=token) as accepted:
            assert accepted.status == 202
        await listening(edge)
    await listening(edge, 0)
    async with client.post("/graphql/stream", json=request, headers=token) as late:
        assert late.status == 404


async def test_an_operation_whose_stream_ends_while_its_body_comes_never_starts(
    edge: Edge, client: aiohttp.ClientSession
) -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncGenerator[bytes]:
        asked.set()
        await ended.wait()
        yield orjson.dumps({"query": REVIEWED, "extensions": {"operationId": "1"}})

    async def forgotten() -> bool:
        async with client.delete("/graphql/stream", params={"operationId": "1"}, headers=token) as answer:
            return answer.status == 404

    async with client.put("/graphql/stream") as reserved:
        token = {TOKEN: await reserved.text()}
    headers = {"content-type": "application/json"} | token
    async with client.get("/graphql/stream", headers=EVENTS | token) as events:
        assert events.status == 200
        # The body is sent when the server asks for it, which is after it found the stream.
        late = asyncio.create_task(client.post("/graphql/stream", data=slowly(), headers=headers, expect100=True).__aenter__())
        await asked.wait()
    await until(forgotten)
    ended.set()
    async with await late as refused:
        assert refused.status == 404
    assert not edge.library.listeners


async def test_an_operation_that_takes_the_name_of_an_ended_one_ends_with_the_stream(edge: Edge) -> None:
    token = {TOKEN: (await ask(edge.app, "PUT", "/graphql/stream")).body.decode()}
    headers = {"content-type": "application/json"} | token
    body = orjson.dumps({"query": REVIEWED, "extensions": {"operationId": "1"}})
    assert (await ask(edge.app, "POST", "/graphql/stream", body=body, headers=headers)).status == 202
    await listening(edge)
    assert (await ask(edge.app, "DELETE", "/graphql/stream?operationId=1", headers=token)).status == 200
    assert (await ask(edge.app, "POST", "/graphql/stream", body=body, headers=headers)).status == 202

    async def alone() -> bool:
        return len([task for task in asyncio.all_tasks() if "StreamEndpoint._run" in repr(task)]) == 1

    await until(alone)
    await listening(edge)
    assert (await ask(edge.app, "GET", "/graphql/stream", headers=EVENTS | token)).status == 200
    await listening(edge, 0)


async def test_an_open_stream_takes_one_place_and_gives_it_back() -> None:
    edge = Edge(EdgeOptions(most_sockets=2))

    async def reserve() -> tuple[int, str]:
        async with client.put("/graphql/stream") as reserved:
            return reserved.status, await reserved.text()

    async def free() -> bool:
        return (await reserve())[0] == 201

    async with served(edge.app) as address, aiohttp.ClientSession(address, timeout=aiohttp.ClientTimeout(10)) as client:
        _, first = await reserve()
        async with client.get("/graphql/stream", headers=EVENTS | {TOKEN: first}) as opened:
            assert opened.status == 200
            status, second = await reserve()
            assert status == 201
            assert (await reserve())[0] == 503
            async with stream(client, REVIEWED) as refused:
                assert refused.status == 503
            async with client.get("/graphql/stream", headers=EVENTS | {TOKEN: second}) as opened_too:
                assert opened_too.status == 200
        await until(free)
    assert not edge.library.listeners


async def test_a_stream_carries_as_many_operations_as_a_socket() -> None:
    edge = Edge(EdgeOptions(socket=SocketLimits(operations=1)))
    headers = {"content-type": "application/json", TOKEN: (await ask(edge.app, "PUT", "/graphql/stream")).body.decode()}
    for id_, status in (("1", 202), ("2", 429)):
        body = orjson.dumps({"query": REVIEWED, "extensions": {"operationId": id_}})
        assert (await ask(edge.app, "POST", "/graphql/stream", body=body, headers=headers)).status == status


async def test_streams_that_nobody_opens_leave_places_for_other_addresses_and_people() -> None:
    edge = Edge(EdgeOptions(most_sockets=4, most_unopened_streams=2))
    ada = {"authorization": f"Bearer {edge.token(1)}"}

    async def reserved(client: str, headers: Mapping[str, str] | None = None) -> str:
        answer = await ask(edge.app, "PUT", "/graphql/stream", headers=headers or {}, client=client)
        assert answer.status == 201
        return answer.body.decode()

    async def opens(token: str, headers: Mapping[str, str] | None = None) -> int:
        return (await ask(edge.app, "GET", "/graphql/stream", headers=EVENTS | {TOKEN: token} | dict(headers or {}))).status

    greedy = [await reserved("198.51.100.1") for _ in range(10)]
    hers, others = await reserved("198.51.100.1", ada), await reserved("198.51.100.2")
    assert [await opens(token) for token in greedy] == [404] * 8 + [200] * 2
    assert (await opens(hers, ada), await opens(others)) == (200, 200)


async def test_headers_that_a_client_makes_up_are_no_reason_for_more_unopened_streams() -> None:
    edge = Edge(EdgeOptions(most_sockets=2, most_unopened_streams=1), callers=ForwardingCallers())
    for number in range(3):
        headers = {"authorization": f"made up {number}"}
        assert (await ask(edge.app, "PUT", "/graphql/stream", headers=headers)).status == 201
    assert (await ask(edge.app, "PUT", "/graphql/stream", client="198.51.100.2")).status == 201


async def test_a_stream_belongs_to_whoever_reserved_it(edge: Edge, client: aiohttp.ClientSession) -> None:
    mine = {"authorization": f"Bearer {edge.token(1)}"}
    async with client.put("/graphql/stream", headers=mine) as reserved:
        token = {TOKEN: await reserved.text()}
    theirs = {"authorization": f"Bearer {edge.token(2)}"}
    async with client.get("/graphql/stream", headers=EVENTS | token | theirs) as refused:
        assert refused.status == 404
    async with client.get("/graphql/stream", headers=EVENTS | token | mine) as opened:
        assert opened.status == 200


@pytest.mark.parametrize(
    ("method", "body", "headers", "status"),
    [
        ("POST", {"query": "{ whoami }"}, {}, 406),
        ("POST", {"query": "{ whoami }"}, {TOKEN: "unknown"}, 404),
        ("PATCH", {}, {}, 405),
        ("POST", {"query": 1}, EVENTS, 400),
        ("PUT", None, {"authorization": "Bearer nonsense"}, 401),
    ],
)
async def test_what_is_no_request_of_the_protocol_is_refused(
    client: aiohttp.ClientSession, method: str, body: object, headers: dict[str, str], status: int
) -> None:
    async with client.request(method, "/graphql/stream", json=body, headers=headers) as response:
        assert response.status == status
        assert (await response.json())["errors"][0]["message"]


async def test_a_url_of_very_many_parameters_is_refused(client: aiohttp.ClientSession) -> None:
    async with client.get("/graphql", params=[("a", "b")] * 21, headers=EVENTS) as response:
        assert response.status == 400
        assert (await response.json())["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_who_never_reads_a_stream_is_cut_off(edge: Edge, client: aiohttp.ClientSession) -> None:
    edge.library.titles["3"] = "x" * 100_000
    async with stream(client, REVIEWED) as response:
        await listening(edge)
        assert response.connection is not None
        response.connection.transport.pause_reading()
        events = 0
        while edge.library.listeners:
            assert events < 2_000
            edge.library.review("3")
            events += 1
            await asyncio.sleep(0)


async def test_a_drain_ends_streams_and_begins_none(edge: Edge, client: aiohttp.ClientSession) -> None:
    async with stream(client, REVIEWED) as response:
        await listening(edge)
        assert await edge.gate.drain(5)
        with pytest.raises(EOFError):
            await next_event(response)
        async with stream(client, REVIEWED) as late:
            assert late.status == 503
    await listening(edge, 0)

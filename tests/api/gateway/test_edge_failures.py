"""What clients are told when something goes wrong, or when there is too much to do."""

import asyncio
from typing import Any

import pytest

from gateway.edge.options import EdgeOptions
from gateway.federation.executor.transport import SubgraphResponse
from gateway.transports.in_process import InProcessTransport
from tests.support.edge import RESPONSE, Edge


class Defective:
    """Breaks the contract of transports."""

    async def fetch(self, *_: object) -> SubgraphResponse:
        raise RuntimeError("the password of the database is hunter2")


class Reporting:
    def __init__(self, *errors: dict[str, Any]) -> None:
        self._errors = errors

    async def fetch(self, *_: object) -> SubgraphResponse:
        return SubgraphResponse(None, self._errors)


async def test_a_defect_is_a_500_with_an_id_and_no_text_of_the_cause() -> None:
    edge = Edge(transports={"books": Defective()})
    reply = await edge.query("{ whoami }", {"accept": RESPONSE, "x-request-id": "abc-1"})
    assert (reply.status, reply.code) == (500, "INTERNAL")
    assert reply.errors[0]["extensions"]["requestId"] == "abc-1"
    assert b"hunter2" not in reply.body
    assert edge.gate.in_flight == 0


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>"])
async def test_a_request_id_that_is_no_plain_word_is_replaced(given: str) -> None:
    reply = await Edge(transports={"books": Defective()}).query("{ whoami }", {"x-request-id": given})
    assert reply.errors[0]["extensions"]["requestId"] != given


async def test_an_error_without_a_code_that_is_known_loses_its_text() -> None:
    error = {"message": "E11000 duplicate key", "extensions": {"code": "MONGO", "stacktrace": ["x"]}}
    reply = await Edge(transports={"books": Reporting(error)}).query("{ whoami }")
    assert reply.status == 200
    assert reply.code == "INTERNAL"
    assert b"E11000" not in reply.body
    assert b"stacktrace" not in reply.body


async def test_an_error_with_a_known_code_keeps_its_text_and_only_public_extensions() -> None:
    error = {"message": "wait a little", "extensions": {"code": "RATE_LIMITED", "retryAfter": 9, "exception": "x"}}
    reply = await Edge(transports={"books": Reporting(error)}).query("{ broken }")
    assert reply.errors == [
        {"message": "wait a little", "path": ["broken"], "extensions": {"code": "RATE_LIMITED", "retryAfter": 9}}
    ]


async def test_a_subgraph_that_is_slow_costs_its_fields_and_not_the_answer() -> None:
    edge = Edge(EdgeOptions(seconds=0.2))
    reply = await edge.query("{ favourite { id reviews } held }")
    assert reply.status == 200
    assert reply.errors[0]["extensions"]["code"] == "UNAVAILABLE"
    assert edge.gate.in_flight == 0


async def test_a_request_beyond_its_time_is_504() -> None:
    class Deaf:
        async def fetch(self, *_: object) -> SubgraphResponse:
            await asyncio.Event().wait()
            raise AssertionError

    edge = Edge(EdgeOptions(seconds=0.05), transports={"books": Deaf()})
    reply = await edge.query("{ whoami }")
    assert (reply.status, reply.code) == (504, "UNAVAILABLE")
    assert edge.gate.in_flight == 0


async def test_a_subgraph_with_a_defect_outside_of_its_resolvers_is_internal() -> None:
    async def execute(*_: object) -> dict[str, Any]:
        raise RuntimeError("hunter2")

    reply = await Edge(transports={"books": InProcessTransport("books", execute, seconds=1)}).query("{ broken }")
    assert (reply.status, reply.code) == (200, "INTERNAL")
    assert b"hunter2" not in reply.body


async def test_beyond_the_limit_requests_are_503_and_told_to_come_back() -> None:
    edge = Edge(limit=1)
    held = asyncio.create_task(edge.query("{ held }"))
    await asyncio.wait_for(edge.library.entered.wait(), 5)
    refused = await edge.query("{ whoami }")
    assert (refused.status, refused.code, refused.headers["retry-after"]) == (503, "UNAVAILABLE", "1")
    edge.library.gate.set()
    assert (await held).json == {"data": {"held": True}}
    assert (await edge.query("{ whoami }")).status == 200


async def test_draining_finishes_what_is_in_flight_and_lets_nothing_in() -> None:
    edge = Edge()
    held = asyncio.create_task(edge.query("{ held }"))
    await asyncio.wait_for(edge.library.entered.wait(), 5)
    draining = asyncio.create_task(edge.gate.drain(5))
    await asyncio.sleep(0)
    refused = await edge.query("{ whoami }")
    assert (refused.status, refused.headers["connection"]) == (503, "close")
    assert not draining.done()
    edge.library.gate.set()
    assert (await held).status == 200
    assert await draining


async def test_draining_gives_up_when_its_time_is_over() -> None:
    edge = Edge()
    held = asyncio.create_task(edge.query("{ held }"))
    await asyncio.wait_for(edge.library.entered.wait(), 5)
    assert not await edge.gate.drain(0.01)
    edge.library.gate.set()
    await held

"""Subscriptions: a primary fetch, and a plan for each of its events."""

from typing import Any

import pytest

from gateway.federation.engine import RequestRefused
from gateway.federation.executor import TransportError

from .doubles import Recorder, federate, plan


def _subgraphs(events: list[Any]) -> dict[str, Recorder]:
    return {
        "tweets": Recorder(
            """
            type Query { nothing: Int }
            type Subscription { posted(tag: String): Tweet }
            type Tweet @key(fields: "id") { id: ID! text: String! author: User! }
            type User @key(fields: "id", resolvable: false) { id: ID! }
            """,
            {"events": events},
        ),
        "users": Recorder(
            'type User @key(fields: "id") { id: ID! name: String }', entities={"User": lambda r: {**r, "name": "user " + r["id"]}}
        ),
    }


def _event(number: int) -> dict[str, Any]:
    return {"posted": {"id": str(number), "text": "t", "author": {"id": str(number)}}}


DOCUMENT = "subscription S($tag: String, $n: Boolean = true) { new: posted(tag: $tag) { text author { name @include(if: $n) } } }"


async def test_each_event_is_completed_by_the_other_subgraphs() -> None:
    subgraphs = _subgraphs([_event(1), _event(2)])
    gateway = federate(subgraphs)
    stream = gateway.subscribe(gateway.prepare(DOCUMENT), {"tag": "x"}, None)
    assert [response async for response in stream] == [
        {"data": {"new": {"text": "t", "author": {"name": f"user {number}"}}}} for number in (1, 2)
    ]
    assert subgraphs["tweets"].requests[0].kind == "subscription"
    assert subgraphs["tweets"].requests[0].variables == {"tag": "x"}
    assert len(subgraphs["users"].requests) == 2


def test_the_plan_shows_the_primary_fetch_and_the_rest() -> None:
    text = plan(federate(_subgraphs([])), DOCUMENT)
    assert text.startswith('QueryPlan {\n  Subscription {\n    Primary {\n      Fetch(service: "tweets") subscription {')
    assert "Rest {" in text


async def test_closing_the_stream_unsubscribes() -> None:
    subgraphs = _subgraphs([_event(1), _event(2)])
    gateway = federate(subgraphs)
    stream = gateway.subscribe(gateway.prepare(DOCUMENT), None, None)
    async for _ in stream:
        break
    await stream.aclose()
    assert subgraphs["tweets"].closed


async def test_a_broken_stream_ends_with_an_error() -> None:
    gateway = federate(_subgraphs([_event(1), TransportError("connection lost")]))
    responses = [response async for response in gateway.subscribe(gateway.prepare(DOCUMENT), None, None)]
    assert responses[1] == {
        "data": {"new": None},
        "errors": [{"message": "connection lost", "path": ["new"], "extensions": {"code": "UNAVAILABLE"}}],
    }


async def test_refused_variables_are_one_response_without_data() -> None:
    gateway = federate(_subgraphs([_event(1)]))
    responses = [response async for response in gateway.subscribe(gateway.prepare(DOCUMENT), {"tag": 1}, None)]
    assert [response.keys() for response in responses] == [{"errors"}]


def test_a_subscription_to_nothing_is_refused() -> None:
    with pytest.raises(RequestRefused):
        federate(_subgraphs([])).prepare("subscription { posted @skip(if: true) { text } }")

"""What a client is told when a subgraph answers badly."""

from typing import Any

import pytest

from gateway.federation.executor import TransportError

from .doubles import Canned, Recorder, ask, federate

A = 'type Query { item: Item other: Int } type Item @key(fields: "id") { id: ID! }'
B = 'type Item @key(fields: "id") { id: ID! name: String must: Int! }'


async def answer(
    a: Canned, b: Canned | None = None, document: str = "{ item { id called: name } }", **options: Any
) -> dict[str, Any]:
    return await ask(federate({"a": a, "b": b or Canned(B)}, **options), document)


def item() -> Canned:
    return Canned(A, {"item": {"id": "1"}})


async def test_an_answer_without_data_is_an_error_at_the_fields_that_needed_it() -> None:
    response = await answer(item(), Canned(B))
    assert response["data"] == {"item": {"id": "1", "called": None}}
    assert [error["path"] for error in response["errors"]] == [["item", "called"]]
    assert response["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}


@pytest.mark.parametrize("data", [{"_entities": None}, {"_entities": []}, {"_entities": [None, None]}, {}, [], "x"])
async def test_entities_of_another_shape_are_an_error_not_an_exception(data: object) -> None:
    response = await answer(item(), Canned(B, data))
    assert response["data"] == {"item": {"id": "1", "called": None}}
    assert [error["path"] for error in response["errors"]] == [["item", "called"]]


@pytest.mark.parametrize("data", [{"item": []}, {"item": "x"}, {"item": 3}, {"item": [[{"id": "1"}]]}])
async def test_roots_of_another_shape_are_an_error_not_an_exception(data: object) -> None:
    response = await answer(Canned(A, data))
    assert response["data"] == {"item": None}
    assert [error["path"] for error in response["errors"]] == [["item"]]


async def test_codes_and_messages_are_passed_on_and_the_service_only_where_allowed() -> None:
    errors = [{"message": "no", "path": ["_entities", 0, "name"], "extensions": {"code": "FORBIDDEN", "service": "x"}}]
    data = {"_entities": [{"name": None}]}
    response = await answer(item(), Canned(B, data, errors))
    assert response["errors"] == [{"message": "no", "path": ["item", "called"], "extensions": {"code": "FORBIDDEN"}}]
    named = await answer(item(), Canned(B, data, errors), name_services_in_errors=True)
    assert named["errors"][0]["extensions"] == {"code": "FORBIDDEN", "service": "b"}


async def test_an_error_without_a_path_beside_data_has_none() -> None:
    response = await answer(item(), Canned(B, {"_entities": [{"name": "n"}]}, [{"message": "slow today"}]))
    assert response == {"data": {"item": {"id": "1", "called": "n"}}, "errors": [{"message": "slow today"}]}


@pytest.mark.parametrize("error", [{}, {"message": 3, "path": 4, "extensions": 5}, {"path": ["_entities", 99, {}]}])
async def test_errors_of_another_shape_are_told_all_the_same(error: dict[str, object]) -> None:
    response = await answer(item(), Canned(B, None, [error]))
    assert response["data"] == {"item": {"id": "1", "called": None}}
    assert isinstance(response["errors"][0]["message"], str)


async def test_a_null_that_an_error_explains_is_told_once() -> None:
    failed = Canned(B)
    failed.answer = TransportError("timed out")
    response = await answer(item(), failed, "{ item { must } }")
    assert response["data"] == {"item": None}
    assert [error["message"] for error in response["errors"]] == ["timed out"]


async def test_a_missing_non_null_value_is_told_and_propagates() -> None:
    response = await answer(item(), Canned(B, {"_entities": [{"must": None}]}), "{ item { must } }")
    assert response["data"] == {"item": None}
    assert response["errors"][0]["message"] == "Cannot return null for non-nullable field Item.must."
    assert response["errors"][0]["path"] == ["item", "must"]


async def test_an_error_of_a_requirement_leads_to_what_is_missing_for_it() -> None:
    shop = Recorder(
        """
        type Query { item: Item }
        type Item @key(fields: "id") { id: ID! owner: Person @external label: String @requires(fields: "owner { badge }") }
        type Person @key(fields: "id") { id: ID! badge: String @external }
        """,
        {"item": {"id": "1"}},
        {"Item": lambda r: {**r, "label": r["owner"]["badge"]}},
    )
    people = Recorder(
        'type Item @key(fields: "id") { id: ID! owner: Person } type Person @key(fields: "id") { id: ID! name: String }',
        entities={"Item": lambda r: {**r, "owner": {"id": "p", "name": "Ada"}}},
    )
    badges = Recorder('type Person @key(fields: "id") { id: ID! badge: String }')
    badges.down = True
    gateway = federate({"shop": shop, "people": people, "badges": badges})
    response = await ask(gateway, "{ item { owner { name } label } }")
    assert response["data"] == {"item": {"owner": {"name": "Ada"}, "label": None}}
    assert [error["path"] for error in response["errors"]] == [["item"]]

"""Random operations answer alike through five subgraphs and through one schema over the same data."""

import asyncio
from functools import cache
from typing import Any

from graphql import ExecutionResult, GraphQLInterfaceType, GraphQLUnionType, execute, parse, validate
from hypothesis import given
from hypothesis import strategies as st

from gateway.federation.engine import Engine

from .doubles import federate
from .examples import random_examples
from .random_operations import Request, requests
from .village import SDLS, Village

VILLAGE = Village()
ENGINE = VILLAGE.engine(planning_budget=2_000_000)
SCHEMA = ENGINE.api_schema
for named in SCHEMA.type_map.values():
    if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        named.resolve_type = lambda value, _info, _type: value["__typename"]


def _paths(response: dict[str, Any]) -> set[tuple[str | int, ...]]:
    return {tuple(error["path"]) for error in response.get("errors", ())}


@random_examples(200)
@given(requests(SCHEMA))
def test_random_operations_answer_as_one_schema_would(request: Request) -> None:
    document = parse(request.document)
    assert validate(SCHEMA, document) == []
    expected = execute(SCHEMA, document, VILLAGE.roots, variable_values=request.variables)
    assert isinstance(expected, ExecutionResult)
    response = asyncio.run(ENGINE.execute(ENGINE.prepare(request.document), request.variables, None))
    assert response["data"] == expected.data
    assert [*response["data"]] == [*(expected.data or {})]
    assert _paths(response) == {tuple(error.path or ()) for error in expected.errors or ()}


@cache
def _without(failing: str) -> Engine:
    subgraphs = VILLAGE.subgraphs()
    subgraphs[failing].down = True
    return federate(subgraphs, planning_budget=2_000_000)


def _leads_to_null(data: Any, path: list[str | int]) -> bool:
    for element in path:
        if data is None:
            return True
        data = data[element]
    return data is None or "None" in str(data)


@random_examples(100)
@given(requests(SCHEMA), st.sampled_from([*SDLS]))
def test_whatever_fails_the_errors_lead_to_nulls_and_the_rest_stands(request: Request, failing: str) -> None:
    engine = _without(failing)
    response = asyncio.run(engine.execute(engine.prepare(request.document), request.variables, None))
    whole = asyncio.run(ENGINE.execute(ENGINE.prepare(request.document), request.variables, None))
    assert response == whole or response["errors"]
    for error in response.get("errors", ()):
        assert _leads_to_null(response["data"], error["path"]), (error, response["data"])

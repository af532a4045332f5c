"""Random operations answer alike through five subgraphs and through one schema over the same data."""

import asyncio
from typing import Any

from graphql import ExecutionResult, GraphQLInterfaceType, GraphQLUnionType, execute, parse, validate
from hypothesis import HealthCheck, given, settings

from .random_operations import Request, requests
from .village import Village

VILLAGE = Village()
ENGINE = VILLAGE.engine(planning_budget=2_000_000)
SCHEMA = ENGINE.api_schema
for named in SCHEMA.type_map.values():
    if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        named.resolve_type = lambda value, _info, _type: value["__typename"]


def _paths(response: dict[str, Any]) -> set[tuple[str | int, ...]]:
    return {tuple(error["path"]) for error in response.get("errors", ())}


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
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

"""Variable values are coerced as graphql-core coerces them, however usual they are."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse
from graphql.execution import get_variable_values

from gateway.federation.executor.variables import Variables

SCHEMA = build_schema("type Query { a: Int } enum E { X } input I { a: Int = 3 }")


@pytest.mark.parametrize(
    "declared", ["Int", "Int!", "Int = 7", "ID", "String!", "Boolean", "Float", "[Int]", "[ID!]!", "E", "I", "[[Int]]"]
)
@pytest.mark.parametrize(
    "value",
    [None, 1, 1.0, 1.5, 2**31, -(2**31), 2**40, "x", "1", True, [], [1], ["a", "b"], [None], [[1]], {}, {"a": 1}, "X", "missing"],
)
def test_values_are_coerced_alike(declared: str, value: Any) -> None:
    operation = parse(f"query($v: {declared}) {{ a }}").definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    given = {} if value == "missing" else {"v": value}
    expected = get_variable_values(SCHEMA, operation.variable_definitions or (), given)
    coerced = Variables(SCHEMA, operation.variable_definitions or ()).coerce(given)
    if isinstance(expected, list):
        assert isinstance(coerced, list)
    else:
        assert coerced == expected.coerced
        assert [type(each) for each in coerced.values()] == [type(each) for each in expected.coerced.values()]  # pyright: ignore

"""Variable values: checked against their types, defaults filled in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    VariableDefinitionNode,
    type_from_ast,
)
from graphql.execution import get_variable_values

_MOST_ERRORS = 20
_MISSING = object()
_CLASSES: dict[str, type] = {"ID": str, "String": str, "Int": int, "Boolean": bool}
_INT_BOUND = 1 << 31


@dataclass(frozen=True, slots=True)
class _Plain:
    """A variable of a type whose usual values are themselves their coerced values, or a list of such ones."""

    name: str
    wanted: type
    listed: bool
    nullable: bool


class Variables:
    """Coerces the values for one operation. Usual values are only looked at; for all others graphql-core decides."""

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._definitions = definitions
        plain = [_plain(schema, definition) for definition in definitions]
        self._plain = [each for each in plain if each] if all(plain) else None

    def coerce(self, given: Mapping[str, object]) -> Mapping[str, object] | list[GraphQLError]:
        """The values by name, without those that are neither given nor have a default; or what is wrong with them."""
        if self._plain is not None:
            usual = self._look(self._plain, given)
            if usual is not None:
                return usual
        values = get_variable_values(self._schema, self._definitions, dict(given), _MOST_ERRORS)
        return values if isinstance(values, list) else values.coerced

    def _look(self, plain: Sequence[_Plain], given: Mapping[str, object]) -> Mapping[str, object] | None:
        coerced: dict[str, object] = {}
        for each in plain:
            value = given.get(each.name, _MISSING)
            if value is None and each.nullable:
                coerced[each.name] = None
            elif each.listed:
                if not isinstance(value, list) or not all(_usual(item, each.wanted) for item in value):
                    return None
                coerced[each.name] = value
            elif _usual(value, each.wanted):
                coerced[each.name] = value
            else:
                return None
        return coerced


def _usual(value: object, wanted: type) -> bool:
    return value.__class__ is wanted and (wanted is not int or -_INT_BOUND <= value < _INT_BOUND)  # pyright: ignore[reportOperatorIssue] - an int


def _plain(schema: GraphQLSchema, definition: VariableDefinitionNode) -> _Plain | None:
    declared = type_from_ast(schema, definition.type)
    nullable = not isinstance(declared, GraphQLNonNull)
    inner = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
    listed = isinstance(inner, GraphQLList)
    if isinstance(inner, GraphQLList):
        inner = inner.of_type.of_type if isinstance(inner.of_type, GraphQLNonNull) else inner.of_type
    wanted = _CLASSES.get(str(inner))
    return _Plain(definition.variable.name.value, wanted, listed, nullable) if wanted else None

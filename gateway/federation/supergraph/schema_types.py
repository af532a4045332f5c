"""What the planner and the executor ask of a GraphQLSchema, with the types that they may rely on."""

from collections.abc import Mapping

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationType,
    get_named_type,
)


def fields_type(schema: GraphQLSchema, name: str) -> GraphQLObjectType | GraphQLInterfaceType:
    """The type named, which must be one with fields; TypeError otherwise."""
    named = schema.type_map.get(name)
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        return named
    raise TypeError(f"{name} is no type with fields")


def root_type(schema: GraphQLSchema, operation: OperationType) -> GraphQLObjectType:
    """The root type of a kind of operation that validation has found; TypeError without one."""
    root = schema.get_root_type(operation)
    if root is None:
        raise TypeError(f"the schema has no {operation.value}")
    return root


def field_type(schema: GraphQLSchema, parent: str, name: str) -> GraphQLOutputType | None:
    """The type of a field that `parent` has; None for `__typename` and the introspection fields."""
    named = schema.type_map.get(parent)
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType) and name in named.fields:
        return named.fields[name].type
    return None


def named_field_type(schema: GraphQLSchema, parent: str, name: str) -> str:
    """The innermost name of a field's type, "" where the field has none of the schema's types."""
    found = field_type(schema, parent, name)
    return get_named_type(found).name if found else ""


def hidden_values(schema: GraphQLSchema, api_schema: GraphQLSchema) -> Mapping[str, frozenset[str]]:
    """By enum, the values that `schema` has and `api_schema` hides; enums that hide none are left out."""
    hidden: dict[str, frozenset[str]] = {}
    for name, shown in api_schema.type_map.items():
        whole = schema.type_map.get(name)
        if (
            isinstance(shown, GraphQLEnumType)
            and isinstance(whole, GraphQLEnumType)
            and (more := whole.values.keys() - shown.values)
        ):
            hidden[name] = frozenset(more)
    return hidden

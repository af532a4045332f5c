"""Operations that select everything that a schema has, down to a depth."""

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)


def operations(schema: GraphQLSchema, depth: int = 4) -> Iterator[str]:
    """One of all root fields of each kind but subscriptions, of which one operation may have a single one."""
    roots = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
    for kind, root in roots.items():
        if root is None:
            continue
        if kind == "subscription":
            for name, field in root.fields.items():
                yield f"{kind} {{ {_field(schema, name, name, field, depth)} }}"
        else:
            yield f"{kind} {_selection(schema, root, depth)}"


def _selection(schema: GraphQLSchema, type_: GraphQLNamedType, depth: int) -> str:
    parts = ["__typename"]
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        parts += [_field(schema, name, name, field, depth) for name, field in type_.fields.items()]
    if is_abstract_type(type_):
        for member in schema.get_possible_types(type_):
            # Members may give one name to fields of different types.
            fields = [_field(schema, name, f"{member.name}_{name}", field, depth) for name, field in member.fields.items()]
            parts.append(f"... on {member.name} {{ {' '.join(fields)} }}")
    return "{ " + " ".join(part for part in parts if part) + " }"


def _field(schema: GraphQLSchema, name: str, response: str, field: GraphQLField, depth: int) -> str:
    named = get_named_type(field.type)
    if not is_leaf_type(named) and depth == 0:
        return ""
    given = [f"{key}: {_value(argument.type)}" for key, argument in field.args.items() if is_required_argument(argument)]
    text = (name if response == name else f"{response}: {name}") + (f"({', '.join(given)})" if given else "")
    return text if is_leaf_type(named) else f"{text} {_selection(schema, named, depth - 1)}"


def _value(type_: GraphQLInputType) -> str:
    named = get_named_type(type_)
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    if isinstance(named, GraphQLInputObjectType):
        return (
            "{"
            + ", ".join(f"{key}: {_value(each.type)}" for key, each in named.fields.items() if is_required_input_field(each))
            + "}"
        )
    return {"Int": "1", "Float": "1.5", "Boolean": "true"}.get(named.name, '"1"')

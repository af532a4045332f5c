"""GraphQL constants as one-line text: the form in which composition keeps, compares and prints them."""

from graphql import (
    ListValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    parse_const_value,
    print_ast,
    value_from_ast_untyped,
)
from graphql.language.print_string import print_string


def constant_text(node: ValueNode) -> str:
    """The constant on one line, block strings as plain ones."""
    match node:
        case ListValueNode():
            return "[" + ", ".join(constant_text(value) for value in node.values) + "]"
        case ObjectValueNode():
            return "{" + ", ".join(f"{field.name.value}: {constant_text(field.value)}" for field in node.fields) + "}"
        case StringValueNode():
            return print_string(node.value)
        case _:
            return print_ast(node)


def constant(text: str) -> object:
    """The Python value of a constant; enum values become strings."""
    return value_from_ast_untyped(parse_const_value(text))


def quoted(value: str) -> str:
    """A string as a GraphQL constant."""
    return print_string(value)

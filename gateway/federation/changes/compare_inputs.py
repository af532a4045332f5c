"""What clients send: arguments and fields of input types."""

from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    is_list_type,
    is_non_null_type,
    print_ast,
)
from graphql.utilities import get_default_value_ast
from graphql.utilities.sort_value_node import sort_value_node

from .change import Change, Level, added, changed, removed
from .prose import compare_deprecation, compare_description
from .sides import named_sides

_Input = GraphQLArgument | GraphQLInputField


def compare_arguments(
    coordinate: str,
    before: Mapping[str, GraphQLArgument],
    after: Mapping[str, GraphQLArgument],
    *,
    of: str = "ARG",
    optional: Level = Level.DANGEROUS,
) -> Iterator[Change]:
    """`of` is how the codes call the arguments; `optional` is what a new one means that clients may leave out."""
    arguments = named_sides(before, after)
    for name, _ in arguments.removed:
        yield removed(Level.BREAKING, f"{of}_REMOVED", f"{coordinate}({name}:)", "argument removed")
    for name, come in arguments.added:
        yield _come(f"{coordinate}({name}:)", come, of, "argument", optional)
    for name, was, is_now in arguments.kept:
        yield from _compare_input(f"{coordinate}({name}:)", was, is_now, "ARG", "ARG_DEFAULT_VALUE")


def compare_input_object(name: str, before: GraphQLInputObjectType, after: GraphQLInputObjectType) -> Iterator[Change]:
    if after.is_one_of and not before.is_one_of:
        yield changed(Level.BREAKING, "ONE_OF_ADDED", name, "takes exactly one of its fields now")
    elif before.is_one_of and not after.is_one_of:
        yield changed(Level.SAFE, "ONE_OF_REMOVED", name, "may take more than one of its fields now")
    fields = named_sides(before.fields, after.fields)
    for field, _ in fields.removed:
        yield removed(Level.BREAKING, "FIELD_REMOVED", f"{name}.{field}", "input field removed")
    for field, come in fields.added:
        yield _come(f"{name}.{field}", come, "INPUT_FIELD", "input field", Level.DANGEROUS)
    for field, was, is_now in fields.kept:
        yield from _compare_input(f"{name}.{field}", was, is_now, "FIELD", "INPUT_FIELD_DEFAULT_VALUE")


def _come(coordinate: str, come: _Input, of: str, what: str, optional: Level) -> Change:
    if _is_required(come):
        return added(Level.BREAKING, f"REQUIRED_{of}_ADDED", coordinate, f"required {what} {come.type} added")
    return added(optional, f"OPTIONAL_{of}_ADDED", coordinate, f"optional {what} {come.type} added")


def _compare_input(coordinate: str, before: _Input, after: _Input, of: str, of_default: str) -> Iterator[Change]:
    if str(before.type) != str(after.type):
        level = Level.SAFE if _values_fit(before.type, after.type) else Level.BREAKING
        yield changed(level, f"{of}_CHANGED_KIND", coordinate, f"type changed from {before.type} to {after.type}")
    was, is_now = _default(before), _default(after)
    if was != is_now:
        if was is None:
            yield added(Level.SAFE, f"{of_default}_ADDED", coordinate, f"default {is_now} added")
        elif is_now is None:
            # Who left it out relied on the default.
            level = Level.BREAKING if _is_required(after) else Level.DANGEROUS
            message = f"default {was} removed" + (", so that it is required now" if level is Level.BREAKING else "")
            yield removed(level, f"{of_default}_CHANGE", coordinate, message)
        else:
            yield changed(Level.DANGEROUS, f"{of_default}_CHANGE", coordinate, f"default changed from {was} to {is_now}")
    yield from compare_description(coordinate, before.description, after.description)
    yield from compare_deprecation(coordinate, before.deprecation_reason, after.deprecation_reason)


def _is_required(each: _Input) -> bool:
    return is_non_null_type(each.type) and _default(each) is None


def _default(each: _Input) -> str | None:
    """As introspection shows it, so that two ways of writing one value are equal."""
    node = get_default_value_ast(each)
    return print_ast(sort_value_node(node)) if node else None


def _values_fit(before: object, after: object) -> bool:
    """Whether each value of the type `before`, and each variable of it, may still be sent."""
    if is_non_null_type(after):
        return is_non_null_type(before) and _values_fit(before.of_type, after.of_type)
    if is_non_null_type(before):
        return _values_fit(before.of_type, after)
    if is_list_type(after):
        return is_list_type(before) and _values_fit(before.of_type, after.of_type)
    return str(before) == str(after)

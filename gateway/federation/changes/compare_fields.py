"""Fields of objects and interfaces: what clients select."""

from collections.abc import Iterator

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, is_list_type, is_non_null_type

from .change import Change, Level, added, changed, removed
from .compare_inputs import compare_arguments
from .prose import compare_deprecation, compare_description
from .sides import named_sides

Fields = GraphQLObjectType | GraphQLInterfaceType


def compare_fields(name: str, before: Fields, after: Fields) -> Iterator[Change]:
    fields = named_sides(before.fields, after.fields)
    for field, gone in fields.removed:
        warned = "removed; it was deprecated" if gone.deprecation_reason is not None else "removed"
        yield removed(Level.BREAKING, "FIELD_REMOVED", f"{name}.{field}", warned)
    for field, come in fields.added:
        yield added(Level.SAFE, "FIELD_ADDED", f"{name}.{field}", f"{come.type} added")
    for field, was, is_now in fields.kept:
        yield from _compare_field(f"{name}.{field}", was, is_now)


def _compare_field(coordinate: str, before: GraphQLField, after: GraphQLField) -> Iterator[Change]:
    if str(before.type) != str(after.type):
        level = Level.SAFE if _answers_fit(before.type, after.type) else Level.BREAKING
        yield changed(level, "FIELD_CHANGED_KIND", coordinate, f"type changed from {before.type} to {after.type}")
    yield from compare_arguments(coordinate, before.args, after.args)
    yield from compare_description(coordinate, before.description, after.description)
    yield from compare_deprecation(coordinate, before.deprecation_reason, after.deprecation_reason)


def _answers_fit(before: object, after: object) -> bool:
    """Whether each value of the type `after` is one of `before`: the same, but that nulls may have gone."""
    if is_non_null_type(before):
        return is_non_null_type(after) and _answers_fit(before.of_type, after.of_type)
    if is_non_null_type(after):
        return _answers_fit(before, after.of_type)
    if is_list_type(before):
        return is_list_type(after) and _answers_fit(before.of_type, after.of_type)
    return str(before) == str(after)

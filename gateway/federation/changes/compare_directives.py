"""Directives: those that operations may use bind clients, those of schemas alone do not."""

from collections.abc import Iterator

from graphql import DirectiveLocation, GraphQLDirective, GraphQLSchema, is_specified_directive

from .change import Change, Level, added, changed, removed
from .compare_inputs import compare_arguments
from .prose import compare_description
from .sides import named_sides

_OF_OPERATIONS = frozenset(
    {
        DirectiveLocation.QUERY,
        DirectiveLocation.MUTATION,
        DirectiveLocation.SUBSCRIPTION,
        DirectiveLocation.FIELD,
        DirectiveLocation.FRAGMENT_DEFINITION,
        DirectiveLocation.FRAGMENT_SPREAD,
        DirectiveLocation.INLINE_FRAGMENT,
        DirectiveLocation.VARIABLE_DEFINITION,
    }
)


def compare_directives(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    directives = named_sides(_own_directives(old), _own_directives(new))
    for name, gone in directives.removed:
        yield removed(_breaks(gone), "DIRECTIVE_REMOVED", f"@{name}", "directive removed")
    for name, _ in directives.added:
        yield added(Level.SAFE, "DIRECTIVE_ADDED", f"@{name}", "directive added")
    for name, before, after in directives.kept:
        for change in _compare_directive(f"@{name}", before, after):
            yield change if _breaks(before) is Level.BREAKING else _of_schemas(change)


def _own_directives(schema: GraphQLSchema) -> dict[str, GraphQLDirective]:
    return {each.name: each for each in schema.directives if not is_specified_directive(each)}


def _breaks(directive: GraphQLDirective) -> Level:
    return Level.BREAKING if _OF_OPERATIONS.intersection(directive.locations) else Level.SAFE


def _of_schemas(change: Change) -> Change:
    return Change(Level.SAFE, change.code, change.coordinate, change.message, change.sign)


def _compare_directive(coordinate: str, before: GraphQLDirective, after: GraphQLDirective) -> Iterator[Change]:
    yield from compare_arguments(coordinate, before.args, after.args, of="DIRECTIVE_ARG", optional=Level.SAFE)
    if before.is_repeatable and not after.is_repeatable:
        yield changed(Level.BREAKING, "DIRECTIVE_REPEATABLE_REMOVED", coordinate, "no longer repeatable")
    elif after.is_repeatable and not before.is_repeatable:
        yield changed(Level.SAFE, "DIRECTIVE_REPEATABLE_ADDED", coordinate, "repeatable now")
    for location in before.locations:
        if location not in after.locations:
            level = Level.BREAKING if location in _OF_OPERATIONS else Level.SAFE
            yield removed(level, "DIRECTIVE_LOCATION_REMOVED", coordinate, f"can't stand on {location.name} any more")
    for location in after.locations:
        if location not in before.locations:
            yield added(Level.SAFE, "DIRECTIVE_LOCATION_ADDED", coordinate, f"may stand on {location.name}")
    yield from compare_description(coordinate, before.description, after.description)

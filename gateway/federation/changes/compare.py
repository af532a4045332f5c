"""Two schemas to their changes: types, then what each kind of type holds, then directives and where they are applied."""

from collections.abc import Iterator
from typing import TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationType,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
)

from .change import Change, Level, added, changed, removed
from .compare_applied import compare_applied
from .compare_directives import compare_directives
from .compare_fields import compare_fields
from .compare_inputs import compare_input_object
from .prose import compare_deprecation, compare_description
from .sides import named_sides

_KINDS: dict[type[GraphQLNamedType], str] = {
    GraphQLScalarType: "scalar",
    GraphQLObjectType: "object type",
    GraphQLInterfaceType: "interface",
    GraphQLUnionType: "union",
    GraphQLEnumType: "enum",
    GraphQLInputObjectType: "input type",
}
_LEVELS = list(Level)
_Typed = TypeVar("_Typed", bound=GraphQLNamedType)


def find_changes(old: GraphQLSchema, new: GraphQLSchema) -> tuple[Change, ...]:
    """Every change, the gravest first, then by coordinate.

    Levels follow the reference implementation, with what it leaves out: a default that is taken from a required input, what
    a new type brings to the interfaces that it implements, enums that no answer can hold, and directives that no operation
    can use. Built-in scalars and directives are no part of a schema's own.
    """
    changes = [*_compare_roots(old, new), *_compare_types(old, new), *compare_directives(old, new), *compare_applied(old, new)]
    return tuple(sorted(changes, key=lambda change: (_LEVELS.index(change.level), change.coordinate, change.code)))


def _compare_roots(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    for kind in OperationType:
        before, after = old.get_root_type(kind), new.get_root_type(kind)
        if before and after is None:
            yield removed(Level.BREAKING, "ROOT_TYPE_REMOVED", "schema", f"{kind.value} is no longer offered")
        elif after and before is None:
            yield added(Level.SAFE, "ROOT_TYPE_ADDED", "schema", f"{kind.value} is offered by {after}")
        elif before and after and before.name != after.name:
            # Fields that it lacks are breaking, which the types themselves can't tell: they have different names.
            yield changed(Level.BREAKING, "ROOT_TYPE_CHANGED", "schema", f"{kind.value} changed from {before} to {after}")
    yield from compare_description("schema", old.description, new.description)


def _compare_types(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    types = named_sides(_own_types(old), _own_types(new))
    for name, gone in types.removed:
        yield removed(Level.BREAKING, "TYPE_REMOVED", name, f"{_kind(gone)} removed")
    for name, come in types.added:
        yield added(Level.SAFE, "TYPE_ADDED", name, f"{_kind(come)} added")
        if isinstance(come, GraphQLObjectType):
            yield from _joined(old, come)
    for name, before, after in types.kept:
        yield from compare_description(name, before.description, after.description)
        yield from _compare_type(name, before, after, new)


def _own_types(schema: GraphQLSchema) -> dict[str, GraphQLNamedType]:
    return {
        name: each
        for name, each in schema.type_map.items()
        if not is_introspection_type(each) and not is_specified_scalar_type(each)
    }


def _kind(named: GraphQLNamedType) -> str:
    return _KINDS[type(named)]


def _joined(old: GraphQLSchema, come: GraphQLObjectType) -> Iterator[Change]:
    for interface in come.interfaces:
        if isinstance(old.type_map.get(interface.name), GraphQLInterfaceType):
            yield _implements(come.name, interface.name)


def _implements(name: str, interface: str) -> Change:
    return added(Level.DANGEROUS, "IMPLEMENTED_INTERFACE_ADDED", name, f"implements {interface} now")


def _compare_type(name: str, before: GraphQLNamedType, after: GraphQLNamedType, new: GraphQLSchema) -> Iterator[Change]:
    match before, after:
        case GraphQLScalarType(), GraphQLScalarType():
            if before.specified_by_url != after.specified_by_url:
                message = f"specified by {after.specified_by_url}, not {before.specified_by_url}"
                yield changed(Level.DANGEROUS, "SPECIFIED_BY_CHANGED", name, message)
        case (GraphQLObjectType(), GraphQLObjectType()) | (GraphQLInterfaceType(), GraphQLInterfaceType()):
            yield from _compare_interfaces(name, before, after)
            yield from compare_fields(name, before, after)
        case GraphQLUnionType(), GraphQLUnionType():
            yield from _compare_members(name, before, after)
        case GraphQLEnumType(), GraphQLEnumType():
            yield from _compare_values(name, before, after, answered=name in _answered(new))
        case GraphQLInputObjectType(), GraphQLInputObjectType():
            yield from compare_input_object(name, before, after)
        case _:
            message = f"changed from {_kind(before)} to {_kind(after)}"
            yield changed(Level.BREAKING, "TYPE_CHANGED_KIND", name, message)


def _by_name(types: tuple[_Typed, ...]) -> dict[str, _Typed]:
    return {each.name: each for each in types}


def _compare_interfaces(
    name: str, before: GraphQLObjectType | GraphQLInterfaceType, after: GraphQLObjectType | GraphQLInterfaceType
) -> Iterator[Change]:
    interfaces = named_sides(_by_name(before.interfaces), _by_name(after.interfaces))
    for interface, _ in interfaces.removed:
        yield removed(Level.BREAKING, "IMPLEMENTED_INTERFACE_REMOVED", name, f"no longer implements {interface}")
    for interface, _ in interfaces.added:
        yield _implements(name, interface)


def _compare_members(name: str, before: GraphQLUnionType, after: GraphQLUnionType) -> Iterator[Change]:
    members = named_sides(_by_name(before.types), _by_name(after.types))
    for member, _ in members.removed:
        yield removed(Level.BREAKING, "TYPE_REMOVED_FROM_UNION", name, f"{member} is no longer a member")
    for member, _ in members.added:
        yield added(Level.DANGEROUS, "TYPE_ADDED_TO_UNION", name, f"{member} is a member now")


def _compare_values(name: str, before: GraphQLEnumType, after: GraphQLEnumType, *, answered: bool) -> Iterator[Change]:
    values = named_sides(before.values, after.values)
    for value, _ in values.removed:
        yield removed(Level.BREAKING, "VALUE_REMOVED_FROM_ENUM", f"{name}.{value}", "value removed")
    for value, _ in values.added:
        # What only goes in can't surprise a client.
        level = Level.DANGEROUS if answered else Level.SAFE
        yield added(level, "VALUE_ADDED_TO_ENUM", f"{name}.{value}", "value added")
    for value, was, is_now in values.kept:
        yield from compare_description(f"{name}.{value}", was.description, is_now.description)
        yield from compare_deprecation(f"{name}.{value}", was.deprecation_reason, is_now.deprecation_reason)


def _answered(schema: GraphQLSchema) -> set[str]:
    """The types that fields answer with."""
    return {
        get_named_type(field.type).name
        for each in schema.type_map.values()
        if isinstance(each, GraphQLObjectType | GraphQLInterfaceType)
        for field in each.fields.values()
    }

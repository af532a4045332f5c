"""What each field is to its subgraph: external, part of a key, provided, shareable, used."""

from collections.abc import Iterable
from dataclasses import dataclass

from .field_sets import InvalidFieldSet, Use, applicable, parse_field_set, walk
from .model import Directive, Field, Kind, Subgraph
from .type_refs import base_name

Coordinate = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Roles:
    """Coordinates `(type, field)` of one subgraph, by what they are.

    `external` fields are not resolved there. In an extension, a key field marked external is not: that is how federation 1
    wrote "the key is theirs", and the subgraph can give it all the same.
    """

    external: frozenset[Coordinate]
    keys: frozenset[Coordinate]
    provided: frozenset[Coordinate]
    shareable: frozenset[Coordinate]
    used: frozenset[Coordinate]


def _uses(subgraph: Subgraph, parent: str, applied: Directive) -> tuple[Use, ...]:
    """The fields that a directive's field set names; nothing where the set is invalid, which validation tells."""
    try:
        return tuple(walk(subgraph, parent, parse_field_set(applied.text("fields"))))
    except InvalidFieldSet:
        return ()


def _context_uses(subgraph: Subgraph, setter: str, selection: str) -> tuple[Use, ...]:
    """The same of a context's selection, of which other setters have other parts."""
    try:
        return tuple(walk(subgraph, setter, applicable(subgraph, setter, parse_field_set(selection))))
    except InvalidFieldSet:
        return ()


def _expanded(subgraph: Subgraph, use: Use) -> Iterable[Coordinate]:
    """The field itself and, on an interface, the same field of every implementation."""
    yield use.parent.name, use.field.name
    if use.parent.kind is Kind.INTERFACE:
        for name in subgraph.possible_types(use.parent.name):
            yield name, use.field.name


def context_selections(field: Field) -> Iterable[tuple[str, str, str]]:
    """For each `@fromContext` argument of a field: argument, context and the selection as text."""
    for argument in field.arguments.values():
        applied = argument.first("fromContext")
        if applied:
            context, selection = split_context(applied.text("field"))
            yield argument.name, context, selection


def split_context(text: str) -> tuple[str, str]:
    """Context name and selection of `$context { field }`; an empty name where there is none."""
    stripped = text.strip()
    if not stripped.startswith("$"):
        return "", stripped
    rest = stripped[1:].lstrip()
    name = ""
    for character in rest:
        if not (character.isalnum() or character == "_"):
            break
        name += character
    return name, rest[len(name) :].strip()


def _keys(subgraph: Subgraph) -> frozenset[Coordinate]:
    return frozenset(
        coordinate
        for definition in subgraph.types.values()
        for key in definition.all("key")
        for use in _uses(subgraph, definition.name, key)
        for coordinate in _expanded(subgraph, use)
    )


def find_roles(subgraph: Subgraph) -> Roles:
    """Read the roles off the directives."""
    marked = frozenset((definition.name, field.name) for definition, field in subgraph.fields() if field.has("external"))
    keys = _keys(subgraph)
    fake = frozenset(
        (definition.name, use.field.name)
        for definition in subgraph.types.values()
        if definition.extension
        for key in definition.all("key")
        for use in _uses(subgraph, definition.name, key)
        if use.parent.name == definition.name
    )
    provided: set[Coordinate] = set()
    used: set[Coordinate] = set(keys)
    for definition, field in subgraph.fields():
        for applied in field.all("provides"):
            for use in _uses(subgraph, base_name(field.type), applied):
                provided.update(_expanded(subgraph, use))
        for applied in field.all("requires"):
            for use in _uses(subgraph, definition.name, applied):
                used.update(_expanded(subgraph, use))
        for _, context, selection in context_selections(field):
            for setter in subgraph.types.values():
                if any(mark.text("name") == context for mark in setter.all("context")):
                    for use in _context_uses(subgraph, setter.name, selection):
                        used.update(_expanded(subgraph, use))
    used |= provided
    for definition in subgraph.types.values():
        if definition.kind is Kind.OBJECT:
            for interface in definition.interfaces:
                used.update((definition.name, name) for name in subgraph.types[interface].fields)
    shareable = keys | provided | {(owner.name, field.name) for owner, field in subgraph.fields() if field.has("shareable")}
    return Roles(marked - fake, keys, frozenset(provided), frozenset(shareable), frozenset(used))

"""The rules of `@context` and `@fromContext`: a value set on the way, taken as an argument further down."""

import re
from collections.abc import Iterator

from .errors import Findings
from .field_sets import FieldSet, InvalidFieldSet, Narrowed, Selected, applicable, parse_field_set, walk
from .model import Field, InputValue, Kind, Subgraph, TypeDefinition
from .roles import split_context
from .type_refs import base_name, is_non_null, nullable

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*\Z")


def check_contexts(subgraph: Subgraph, findings: Findings) -> None:
    """Findings for contexts of one subgraph that are named badly, never set, or do not give one value of the right type."""
    add = findings.within(subgraph.name)
    setters: dict[str, list[TypeDefinition]] = {}
    for definition in subgraph.types.values():
        for applied in definition.all("context"):
            name = applied.text("name")
            setters.setdefault(name, []).append(definition)
            if not _NAME.match(name):
                add(
                    "CONTEXT_NAME_INVALID",
                    f'"{definition.name}" sets the context "{name}"; a name is letters and digits, and no underscore.',
                    definition.name,
                )
    for definition, field in subgraph.fields():
        for argument in field.arguments.values():
            if argument.has("fromContext"):
                _check_argument(subgraph, setters, definition, field, argument, findings)


def _check_argument(
    subgraph: Subgraph,
    setters: dict[str, list[TypeDefinition]],
    definition: TypeDefinition,
    field: Field,
    argument: InputValue,
    findings: Findings,
) -> None:
    add = findings.within(subgraph.name)
    coordinate = f"{definition.name}.{field.name}({argument.name}:)"
    applied = argument.first("fromContext")
    context, selection = split_context(applied.text("field") if applied else "")
    for problem in _misplaced(subgraph, definition, field, argument):
        add("CONTEXT_NOT_SET", f'"{coordinate}" can not be filled from a context: {problem}.', coordinate)
    if not any(key.value("resolvable") is not False for key in definition.all("key")):
        add(
            "CONTEXT_NO_RESOLVABLE_KEY",
            f'"{coordinate}" is filled from a context, so "{definition.name}" needs a key that is resolvable.',
            definition.name,
        )
    if not context:
        add(
            "NO_CONTEXT_IN_SELECTION",
            f'"{coordinate}" does not name a context, such as in "$name {{ field }}".',
            coordinate,
        )
    elif context not in setters:
        add("CONTEXT_NOT_SET", f'"{coordinate}" takes the context "{context}", which no type sets.', coordinate)
    else:
        for setter in setters[context]:
            problem = _problem(subgraph, setter, selection, argument)
            if problem:
                add(
                    "CONTEXT_INVALID_SELECTION",
                    f'"{coordinate}" takes "{selection}" of the context "{context}" on "{setter.name}": {problem}.',
                    coordinate,
                )


def _misplaced(subgraph: Subgraph, definition: TypeDefinition, field: Field, argument: InputValue) -> Iterator[str]:
    """What keeps an argument from being hidden from clients."""
    if definition.kind is Kind.INTERFACE:
        yield f'"{definition.name}" is an interface'
    for name in definition.interfaces if definition.kind is Kind.OBJECT else ():
        if field.name in subgraph.types[name].fields:
            yield f'"{name}.{field.name}" is implemented by the field'
    if argument.default is not None:
        yield "it has a default value"


def _problem(subgraph: Subgraph, setter: TypeDefinition, selection: str, argument: InputValue) -> str:
    """Why a selection does not give one value of the argument's type on a type that sets the context; empty if it does."""
    try:
        field_set = parse_field_set(selection)
        parts = applicable(subgraph, setter.name, field_set)
        uses = [use for part in parts for use in walk(subgraph, setter.name, (part,))]
    except InvalidFieldSet as error:
        return str(error)
    if not parts:
        return "it selects nothing there"
    if any(use.selected.alias or use.selected.has_directives or use.field.arguments for use in uses):
        return "aliases, directives and arguments are not supported"
    if any(use.parent.is_interface_object for use in uses):
        return "it selects of an interface object"
    if any(_width(part) > 1 for part in parts) or (len(parts) > 1 and not all(map(_is_fragment, parts))):
        return "it selects more than one field"
    expected = nullable(argument.type)
    for found in _types(subgraph, setter.name, parts):
        if found != expected or is_non_null(argument.type):
            return f'it is of type "{found}", not "{argument.type}"'
    return ""


def _types(subgraph: Subgraph, parent: str, field_set: FieldSet) -> Iterator[str]:
    """The types of the selected leaves, each within the lists on the way to it."""
    for part in field_set:
        if isinstance(part, Narrowed):
            yield from _types(subgraph, part.type_name or parent, part.selections)
        elif field := subgraph.types[parent].fields.get(part.name):
            below = _types(subgraph, base_name(field.type), part.selections) if part.selections else (nullable(field.type),)
            lists = field.type.count("[") if part.selections else 0
            yield from ("[" * lists + each + "]" * lists for each in below)


def _is_fragment(part: Selected | Narrowed) -> bool:
    return isinstance(part, Narrowed)


def _width(part: Selected | Narrowed) -> int:
    """How many leaves a selection has."""
    return sum(_width(inner) for inner in part.selections) if part.selections else 1

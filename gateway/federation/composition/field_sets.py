"""Field sets: the selections that `@key`, `@requires`, `@provides` and `@fromContext` are written in."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from .constants import constant_text
from .model import Field, Subgraph, TypeDefinition
from .type_refs import base_name


@dataclass(frozen=True, slots=True)
class Selected:
    """A field of a field set, with the arguments that it is given (name and constant) and what is selected below it."""

    name: str
    arguments: tuple[tuple[str, str], ...] = ()
    selections: tuple["Selection", ...] = ()
    alias: str = ""
    has_directives: bool = False


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A fragment of a field set; `type_name` is empty where it has no condition."""

    type_name: str
    selections: tuple["Selection", ...]
    has_directives: bool = False


Selection = Selected | Narrowed
FieldSet = tuple[Selection, ...]


class InvalidFieldSet(Exception):
    """The text is no field set, or selects what the type does not have."""


def parse_field_set(text: str) -> FieldSet:
    """Read a field set such as `id organization { id }`. Raises InvalidFieldSet for wrong syntax."""
    body = text.strip()
    if not body:
        raise InvalidFieldSet("nothing is selected")
    if not body.startswith("{"):
        body = "{" + body + "}"
    try:
        document = parse(body, no_location=True)
    except GraphQLError as error:
        raise InvalidFieldSet(error.message) from error
    operation = document.definitions[0]
    if len(document.definitions) != 1 or not isinstance(operation, OperationDefinitionNode):
        raise InvalidFieldSet("only one selection is allowed")
    return _selections(operation.selection_set)


def _selections(node: SelectionSetNode | None) -> FieldSet:
    selections: list[Selection] = []
    for selection in node.selections if node else ():
        match selection:
            case FieldNode():
                selections.append(
                    Selected(
                        selection.name.value,
                        tuple((argument.name.value, constant_text(argument.value)) for argument in selection.arguments or ()),
                        _selections(selection.selection_set),
                        selection.alias.value if selection.alias else "",
                        bool(selection.directives),
                    )
                )
            case InlineFragmentNode():
                condition = selection.type_condition.name.value if selection.type_condition else ""
                selections.append(Narrowed(condition, _selections(selection.selection_set), bool(selection.directives)))
            case FragmentSpreadNode():
                raise InvalidFieldSet("named fragments can not be used")
            case _:
                raise InvalidFieldSet("only fields and fragments can be selected")
    return tuple(selections)


@dataclass(frozen=True, slots=True)
class Use:
    """One field that a field set selects, where it stands."""

    parent: TypeDefinition
    field: Field
    selected: Selected


def walk(subgraph: Subgraph, parent: str, field_set: FieldSet) -> Iterator[Use]:
    """Every field that the set selects, outer before inner. Raises InvalidFieldSet for what the subgraph does not have."""
    definition = subgraph.types.get(parent)
    if definition is None:
        raise InvalidFieldSet(f'the subgraph has no type "{parent}"')
    for selection in field_set:
        if isinstance(selection, Narrowed):
            yield from walk(subgraph, _narrowed(subgraph, definition, selection), selection.selections)
            continue
        if selection.name == "__typename":
            continue
        field = definition.fields.get(selection.name)
        if field is None:
            raise InvalidFieldSet(f'type "{parent}" has no field "{selection.name}"')
        yield Use(definition, field, selection)
        inner = subgraph.types.get(base_name(field.type))
        if inner is not None and inner.is_composite:
            if not selection.selections:
                raise InvalidFieldSet(f'field "{parent}.{selection.name}" needs a selection of its own')
            yield from walk(subgraph, inner.name, selection.selections)
        elif selection.selections:
            raise InvalidFieldSet(f'field "{parent}.{selection.name}" has nothing to select from')


def _narrowed(subgraph: Subgraph, definition: TypeDefinition, fragment: Narrowed) -> str:
    if not fragment.type_name or fragment.type_name == definition.name:
        return definition.name
    target = subgraph.types.get(fragment.type_name)
    if target is None or not target.is_composite:
        raise InvalidFieldSet(f'the subgraph has no type "{fragment.type_name}"')
    if not set(subgraph.possible_types(definition.name)) & set(subgraph.possible_types(target.name)):
        raise InvalidFieldSet(f'"{definition.name}" can never be a "{target.name}"')
    return target.name


def applicable(subgraph: Subgraph, type_name: str, field_set: FieldSet) -> FieldSet:
    """The parts of a selection from a context that are for this type: fields, and fragments whose type it may be."""
    possible = set(subgraph.possible_types(type_name))
    return tuple(
        part
        for part in field_set
        if isinstance(part, Selected)
        or not part.type_name
        or (part.type_name in subgraph.types and possible & set(subgraph.possible_types(part.type_name)))
    )


def print_field_set(field_set: FieldSet) -> str:
    """The field set on one line."""
    return " ".join(_print_selection(selection) for selection in field_set)


def _print_selection(selection: Selection) -> str:
    below = f" {{ {print_field_set(selection.selections)} }}" if selection.selections else ""
    if isinstance(selection, Narrowed):
        return (f"... on {selection.type_name}" if selection.type_name else "...") + below
    arguments = ", ".join(f"{name}: {value}" for name, value in selection.arguments)
    return selection.name + (f"({arguments})" if arguments else "") + below

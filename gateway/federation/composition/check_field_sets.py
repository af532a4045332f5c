"""The rules of `@key`, `@requires` and `@provides`: what their field sets may select, and where they may stand."""

from collections.abc import Callable, Iterator

from .errors import Findings
from .field_sets import FieldSet, InvalidFieldSet, Narrowed, Selected, Use, parse_field_set, walk
from .model import Directive, Field, Kind, Subgraph, TypeDefinition
from .type_refs import base_name

Add = Callable[[str, str, str], None]


def check_field_sets(subgraph: Subgraph, findings: Findings) -> None:
    """Findings for every field set of one subgraph."""
    add = findings.within(subgraph.name)
    for definition in subgraph.types.values():
        _check_keys(subgraph, definition, add)
    for definition, field in subgraph.fields():
        if field.has("requires"):
            _check_requires(subgraph, definition, field, add)
        if field.has("provides"):
            _check_provides(subgraph, definition, field, add)


def _read(
    subgraph: Subgraph, parent: str, applied: Directive, coordinate: str, add: Add
) -> tuple[FieldSet, tuple[Use, ...]] | None:
    """A directive's field set with what it selects, None with an error where it is not valid."""
    prefix = applied.name.upper()
    try:
        field_set = parse_field_set(applied.text("fields"))
        uses = tuple(walk(subgraph, parent, field_set))
    except InvalidFieldSet as error:
        add(f"{prefix}_INVALID_FIELDS", f'"{coordinate}" has {applied}: {error}.', coordinate)
        return None
    for selection in _flat(field_set):
        if selection.has_directives:
            add(
                f"{prefix}_DIRECTIVE_IN_FIELDS_ARG",
                f'"{coordinate}" has {applied}, with a directive inside.',
                coordinate,
            )
            return None
        if isinstance(selection, Selected) and selection.alias:
            add(
                f"{prefix}_INVALID_FIELDS",
                f'"{coordinate}" has {applied}, with the alias "{selection.alias}".',
                coordinate,
            )
            return None
    return field_set, uses


def _flat(field_set: FieldSet) -> Iterator[Selected | Narrowed]:
    for selection in field_set:
        yield selection
        yield from _flat(selection.selections)


def _check_keys(subgraph: Subgraph, definition: TypeDefinition, add: Add) -> None:
    keys = definition.all("key")
    if keys and definition.kind is Kind.INTERFACE and subgraph.version < (2, 3) and not subgraph.is_federation_1:
        add(
            "KEY_UNSUPPORTED_ON_INTERFACE",
            f'"{definition.name}" is an interface; @key on interfaces needs federation v2.3 or later.',
            definition.name,
        )
        return
    for key in keys:
        read = _read(subgraph, definition.name, key, definition.name, add)
        for use in read[1] if read else ():
            coordinate = f"{use.parent.name}.{use.field.name}"
            if use.field.arguments:
                add(
                    "KEY_FIELDS_HAS_ARGS",
                    f'"{definition.name}" has {key}, but "{coordinate}" has arguments.',
                    coordinate,
                )
            selected = subgraph.types.get(base_name(use.field.type))
            if selected and selected.kind in (Kind.INTERFACE, Kind.UNION):
                add(
                    "KEY_FIELDS_SELECT_INVALID_TYPE",
                    f'"{definition.name}" has {key}, but "{coordinate}" is of the {selected.kind} "{selected.name}".',
                    coordinate,
                )


def _check_requires(subgraph: Subgraph, definition: TypeDefinition, field: Field, add: Add) -> None:
    coordinate = f"{definition.name}.{field.name}"
    if definition.kind is Kind.INTERFACE:
        add(
            "REQUIRES_UNSUPPORTED_ON_INTERFACE",
            f'"{coordinate}" is a field of an interface, where @requires is not supported.',
            coordinate,
        )
    for applied in field.all("requires"):
        read = _read(subgraph, definition.name, applied, coordinate, add)
        if read:
            _check_external(subgraph, definition.name, read[0], applied, coordinate, add)


def _check_provides(subgraph: Subgraph, definition: TypeDefinition, field: Field, add: Add) -> None:
    coordinate = f"{definition.name}.{field.name}"
    if definition.kind is Kind.INTERFACE:
        add(
            "PROVIDES_UNSUPPORTED_ON_INTERFACE",
            f'"{coordinate}" is a field of an interface, where @provides is not supported.',
            coordinate,
        )
        return
    provided = subgraph.types.get(base_name(field.type))
    if provided is None or not provided.is_composite:
        add(
            "PROVIDES_ON_NON_OBJECT_FIELD",
            f'"{coordinate}" is of type "{field.type}", of which nothing can be provided.',
            coordinate,
        )
        return
    for applied in field.all("provides"):
        read = _read(subgraph, provided.name, applied, coordinate, add)
        if read is None:
            continue
        for use in read[1]:
            if use.field.arguments:
                add(
                    "PROVIDES_FIELDS_HAS_ARGS",
                    f'"{coordinate}" has {applied}, but "{use.parent.name}.{use.field.name}" has arguments.',
                    coordinate,
                )
        _check_external(subgraph, provided.name, read[0], applied, coordinate, add)


def _check_external(subgraph: Subgraph, parent: str, field_set: FieldSet, applied: Directive, coordinate: str, add: Add) -> None:
    """Every leaf that a field set selects is external, or is below something external: else the subgraph has it anyway."""
    definition = subgraph.types[parent]
    for selection in field_set:
        if isinstance(selection, Narrowed):
            _check_external(subgraph, selection.type_name or parent, selection.selections, applied, coordinate, add)
            continue
        if selection.name == "__typename" or _is_external(subgraph, definition, selection.name):
            continue
        if selection.selections:
            inner = base_name(definition.fields[selection.name].type)
            _check_external(subgraph, inner, selection.selections, applied, coordinate, add)
        else:
            add(
                f"{applied.name.upper()}_FIELDS_MISSING_EXTERNAL",
                f'"{coordinate}" has {applied}, but "{parent}.{selection.name}" is not marked @external:'
                " this subgraph resolves it itself.",
                coordinate,
            )


def _is_external(subgraph: Subgraph, definition: TypeDefinition, field: str) -> bool:
    if definition.fields[field].has("external"):
        return True
    return definition.kind is Kind.INTERFACE and any(
        subgraph.types[name].fields[field].has("external") for name in subgraph.possible_types(definition.name)
    )

"""Reading federation 1 subgraphs as federation 2 would have them written.

What federation 1 meant without saying is said: value types and repeated fields are shareable, the key fields of an
extension are no externals. What it let pass but never used is left out: externals that nothing needs, requirements on
fields that the subgraph has itself, keys on interfaces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from .constants import quoted
from .field_sets import FieldSet, InvalidFieldSet, Narrowed, Selected, parse_field_set, print_field_set, walk
from .model import Directive, Field, Kind, Subgraph, TypeDefinition
from .roles import find_roles
from .type_refs import base_name

_SHAREABLE = Directive("shareable", federation=True)


def upgrade_federation_1(subgraphs: Sequence[Subgraph]) -> list[Subgraph]:
    """The same subgraphs, those of federation 1 rewritten; sharing depends on what the others have."""
    cleaned = [_clean(subgraph, subgraphs) if subgraph.is_federation_1 else subgraph for subgraph in subgraphs]
    return [_share(subgraph, cleaned) if subgraph.is_federation_1 else subgraph for subgraph in cleaned]


def _without(element_directives: tuple[Directive, ...], *names: str) -> tuple[Directive, ...]:
    return tuple(applied for applied in element_directives if not (applied.federation and applied.name in names))


def _with_types(subgraph: Subgraph, types: Mapping[str, TypeDefinition]) -> Subgraph:
    return replace(subgraph, types=types)


def _clean(subgraph: Subgraph, all_subgraphs: Sequence[Subgraph]) -> Subgraph:
    own_keys = {name: _key_fields(definition, all_subgraphs) for name, definition in subgraph.types.items()}
    subgraph = _with_types(
        subgraph, {name: _open_keys(definition, own_keys[name]) for name, definition in subgraph.types.items()}
    )
    subgraph = _with_types(
        subgraph, {name: _trim_field_sets(subgraph, definition) for name, definition in subgraph.types.items()}
    )
    return _drop_unused(subgraph)


def _key_fields(definition: TypeDefinition, all_subgraphs: Sequence[Subgraph]) -> frozenset[str]:
    """Names of the fields that make up a type's keys: its own, or where it has none, those that others give it."""
    keys = definition.all("key") or tuple(
        key for other in all_subgraphs if definition.name in other.types for key in other.types[definition.name].all("key")
    )
    names: set[str] = set()
    for key in keys:
        try:
            names.update(part.name for part in parse_field_set(key.text("fields")) if isinstance(part, Selected))
        except InvalidFieldSet:
            continue
    return frozenset(names)


def _open_keys(definition: TypeDefinition, key_fields: frozenset[str]) -> TypeDefinition:
    """Key fields of extensions are no externals, interfaces have neither keys nor externals."""
    dropped = ("extends", "external", "key") if definition.kind is Kind.INTERFACE else ("extends", "external")
    fields = {
        name: replace(field, directives=_without(field.directives, "external"))
        if definition.kind is Kind.INTERFACE or (definition.extension and name in key_fields)
        else field
        for name, field in definition.fields.items()
    }
    return replace(definition, directives=_without(definition.directives, *dropped), fields=fields)


def _trim_field_sets(subgraph: Subgraph, definition: TypeDefinition) -> TypeDefinition:
    def trimmed(field: Field) -> Field:
        directives: list[Directive] = []
        for applied in field.directives:
            if not applied.federation or applied.name not in ("requires", "provides"):
                directives.append(applied)
                continue
            parent = definition.name if applied.name == "requires" else base_name(field.type)
            target = subgraph.types.get(parent)
            if target is None or not target.is_composite or definition.kind is Kind.INTERFACE:
                continue
            kept = _externals_only(subgraph, parent, applied.text("fields"))
            if kept:
                directives.append(replace(applied, arguments=(("fields", quoted(kept)),)))
        return replace(field, directives=tuple(directives))

    return replace(definition, fields={name: trimmed(field) for name, field in definition.fields.items()})


def _externals_only(subgraph: Subgraph, parent: str, text: str) -> str:
    """The field set without what the subgraph resolves itself; as it is, where it is not valid, for validation to tell."""
    try:
        field_set = parse_field_set(text)
        tuple(walk(subgraph, parent, field_set))
    except InvalidFieldSet:
        return text
    return print_field_set(_kept(subgraph, parent, field_set))


def _kept(subgraph: Subgraph, parent: str, field_set: FieldSet) -> FieldSet:
    definition = subgraph.types[parent]
    kept: list[Selected | Narrowed] = []
    for part in field_set:
        if isinstance(part, Narrowed):
            inner = _kept(subgraph, part.type_name or parent, part.selections)
            if inner:
                kept.append(replace(part, selections=inner))
            continue
        field = definition.fields.get(part.name)
        if field is None or field.has("external") or definition.kind is Kind.INTERFACE:
            kept.append(part)
        elif part.selections:
            inner = _kept(subgraph, base_name(field.type), part.selections)
            if inner:
                kept.append(replace(part, selections=inner))
    return tuple(kept)


def _drop_unused(subgraph: Subgraph) -> Subgraph:
    """Leave out externals that nothing needs, and types of which nothing else is left."""
    used = find_roles(subgraph).used
    types: dict[str, TypeDefinition] = {}
    for name, definition in subgraph.types.items():
        fields = {
            field.name: _bare(field)
            for field in definition.fields.values()
            if not field.has("external") or (name, field.name) in used
        }
        if fields or not definition.fields:
            types[name] = replace(definition, fields=fields, extension=False)
    return _with_types(subgraph, types)


def _bare(field: Field) -> Field:
    """What is said of an external field is said where it is resolved."""
    return replace(field, directives=_without(field.directives, "tag")) if field.has("external") else field


def _share(subgraph: Subgraph, all_subgraphs: Sequence[Subgraph]) -> Subgraph:
    others = [other for other in all_subgraphs if other.name != subgraph.name]

    def is_elsewhere(type_name: str, field_name: str) -> bool:
        return any(
            type_name in other.types
            and field_name in other.types[type_name].fields
            and (not other.types[type_name].fields[field_name].has("external") or _provides(other, type_name, field_name))
            for other in others
        )

    def shared(definition: TypeDefinition) -> TypeDefinition:
        if definition.kind is not Kind.OBJECT or definition.name == "Subscription":
            return definition
        is_value = not definition.has("key")
        fields = {
            name: _with_shareable(field)
            if not field.has("external") and (is_value or is_elsewhere(definition.name, name))
            else field
            for name, field in definition.fields.items()
        }
        return replace(definition, fields=fields)

    return _with_types(subgraph, {name: shared(definition) for name, definition in subgraph.types.items()})


def _provides(subgraph: Subgraph, type_name: str, field_name: str) -> bool:
    return (type_name, field_name) in find_roles(subgraph).provided


def _with_shareable(field: Field) -> Field:
    return field if field.has("shareable") else replace(field, directives=(*field.directives, _SHAREABLE))

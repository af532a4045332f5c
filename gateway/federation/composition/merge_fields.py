"""Merging one field of an object or interface: who resolves it, of which type, with which arguments."""

from collections.abc import Sequence
from dataclasses import dataclass

from .constants import constant, quoted
from .merge_directives import merge_directives
from .merge_inputs import merge_arguments
from .merging import (
    MergedType,
    Merging,
    join,
    merge_description,
    merge_output_type,
    named,
    told,
)
from .model import Directive, Field, Kind, Subgraph, TypeDefinition
from .roles import context_selections


@dataclass(frozen=True, slots=True)
class FieldSource:
    """A field as one subgraph has it. `label` is that of the override that takes it away, None where nothing does."""

    subgraph: Subgraph
    parent: TypeDefinition
    field: Field
    is_external: bool
    is_provided: bool
    is_shareable: bool
    is_used: bool
    label: str | None

    @property
    def is_resolving(self) -> bool:
        """Whether the subgraph may answer it, if only on some paths."""
        return (not self.is_external or self.is_provided) and self.label != ""

    @property
    def is_gone(self) -> bool:
        """Whether another subgraph has taken it over and nothing here still needs it."""
        return self.label == "" and not self.is_used


def field_sources(merging: Merging, type_name: str, field_name: str) -> list[FieldSource]:
    """The subgraphs that have a field, in order."""
    coordinate = (type_name, field_name)
    return [
        FieldSource(
            subgraph=subgraph,
            parent=definition,
            field=definition.fields[field_name],
            is_external=coordinate in merging.roles[subgraph.name].external,
            is_provided=coordinate in merging.roles[subgraph.name].provided,
            is_shareable=coordinate in merging.roles[subgraph.name].shareable,
            is_used=coordinate in merging.roles[subgraph.name].used,
            label=merging.overrides.label(coordinate, subgraph.name),
        )
        for subgraph, definition in merging.sources(type_name)
        if field_name in definition.fields
    ]


def merge_field(
    merging: Merging, type_name: str, field_name: str, from_interface_objects: Sequence[FieldSource] = ()
) -> Field | None:
    """The supergraph's field with its joins, None where errors keep it from merging.

    `from_interface_objects` are the same field on interface objects of the type's interfaces, which resolve it too.
    """
    coordinate = f"{type_name}.{field_name}"
    sources = field_sources(merging, type_name, field_name)
    owning = [source for source in sources if not source.is_external]
    if not owning and not from_interface_objects:
        names = [source.subgraph.name for source in sources]
        merging.findings.add(
            "EXTERNAL_MISSING_ON_BASE",
            f'"{coordinate}" is marked @external in {named(names)}, but no other subgraph has it.',
            coordinate,
            names,
        )
        return None
    _check_sharing(merging, coordinate, [*sources, *from_interface_objects])
    typed = owning or list(from_interface_objects)
    type_ = merge_output_type(
        merging,
        "FIELD_TYPE_MISMATCH",
        coordinate,
        [(source.field.type, source.subgraph.name) for source in typed],
    )
    arguments = merge_arguments(merging, coordinate, [(source.subgraph, source.field.arguments) for source in typed])
    if type_ is None:
        return None
    merged = Field(
        name=field_name,
        description=merge_description([source.field for source in sources]),
        directives=(
            *_joins(merging, type_name, type_, sources),
            *merge_directives(merging, [(source.subgraph, source.field) for source in sources]),
        ),
        type=type_.reference,
        arguments=arguments,
    )
    _check_externals(merging, coordinate, merged, sources)
    return merged


def _check_sharing(merging: Merging, coordinate: str, sources: Sequence[FieldSource]) -> None:
    """Who resolves a field beside others says so. A source that is being overridden counts no more."""
    if any(source.parent.kind is Kind.INTERFACE for source in sources):
        return
    resolving = [source for source in sources if source.is_resolving and source.label is None]
    if len(resolving) < 2 or all(source.is_shareable for source in resolving):
        return
    selfish = [source.subgraph.name for source in resolving if not source.is_shareable]
    names = [source.subgraph.name for source in resolving]
    merging.findings.add(
        "INVALID_FIELD_SHARING",
        f'"{coordinate}" is resolved in {named(names)}, but is not @shareable in '
        + ("any of them." if len(selfish) == len(names) else f"{named(selfish)}."),
        coordinate,
        names,
    )


def _joins(merging: Merging, type_name: str, type_: MergedType, sources: Sequence[FieldSource]) -> list[Directive]:
    present = [source for source in sources if not source.is_gone]
    if not _needs_joins(merging, type_name, type_, sources):
        return []
    return [_join(type_, source, sources) for source in present]


def _needs_joins(merging: Merging, type_name: str, type_: MergedType, sources: Sequence[FieldSource]) -> bool:
    """Without joins a field is in all of its type's subgraphs alike, so say nothing where that is so."""
    if len(sources) < len(merging.sources(type_name)):
        return True
    return any(
        source.is_external
        or source.label is not None
        or source.field.type != type_.reference
        or source.field.has("requires")
        or source.field.has("provides")
        or any(True for _ in context_selections(source.field))
        for source in sources
    )


def _join(type_: MergedType, source: FieldSource, sources: Sequence[FieldSource]) -> Directive:
    arguments: list[tuple[str, str]] = [("graph", source.subgraph.graph)]
    for name in ("requires", "provides"):
        applied = source.field.first(name)
        if applied:
            arguments.append((name, quoted(applied.text("fields"))))
    if any(other.field.type != type_.reference for other in sources):
        arguments.append(("type", quoted(source.field.type)))
    if source.is_external:
        arguments.append(("external", "true"))
    override = source.field.first("override")
    if override:
        arguments.append(("override", quoted(override.text("from"))))
    if source.label == "":
        arguments.append(("usedOverridden", "true"))
    label = source.label or next((other.label for other in sources if override and other.label), None)
    if label:
        arguments.append(("overrideLabel", quoted(label)))
    contextual = ", ".join(
        f'{{context: "{source.subgraph.name}__{context}", name: "{argument}",'
        f" type: {quoted(source.field.arguments[argument].type)}, selection: {quoted(selection)}}}"
        for argument, context, selection in context_selections(source.field)
    )
    if contextual:
        arguments.append(("contextArguments", f"[{contextual}]"))
    return Directive("join__field", tuple(arguments))


def _check_externals(merging: Merging, coordinate: str, merged: Field, sources: Sequence[FieldSource]) -> None:
    """An external field is written as its owner writes it."""
    externals = [source for source in sources if source.is_external]
    if not externals:
        return
    owners = [source for source in sources if not source.is_external]
    differing = [source for source in externals if source.field.type != merged.type]
    if differing and owners:
        names = [source.subgraph.name for source in (*owners, *differing)]
        merging.findings.add(
            "EXTERNAL_TYPE_MISMATCH",
            f'The type of "{coordinate}" differs where it is @external: it is '
            + told([(f'"{source.field.type}"', source.subgraph.name) for source in (*owners, *differing)])
            + ".",
            coordinate,
            names,
        )
    for name, argument in merged.arguments.items():
        place = f"{coordinate}({name}:)"
        for source in externals:
            theirs = source.field.arguments.get(name)
            if theirs is None:
                merging.findings.add(
                    "EXTERNAL_ARGUMENT_MISSING",
                    f'"{place}" is missing in {named([source.subgraph.name])}, where the field is @external.',
                    place,
                    [source.subgraph.name],
                )
            elif not merging.is_subtype(argument.type, theirs.type):
                merging.findings.add(
                    "EXTERNAL_ARGUMENT_TYPE_MISMATCH",
                    f'"{place}" is of type "{theirs.type}" in {named([source.subgraph.name])}, where the field is @external,'
                    f' but of type "{argument.type}" elsewhere.',
                    place,
                    [source.subgraph.name],
                )
            elif _value(theirs.default) != _value(argument.default):
                merging.findings.add(
                    "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH",
                    f'"{place}" has another default value in {named([source.subgraph.name])}, where the field is @external.',
                    place,
                    [source.subgraph.name],
                )


def _value(default: str | None) -> tuple[bool, object]:
    return default is not None, constant(default) if default is not None else None


def interface_object_join() -> Directive:
    """The join of a field that an object has only through an interface object: it names no subgraph."""
    return join("field")

"""Merging subgraphs to a supergraph, one rule a kind of type."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .custom_directives import plan_custom_directives
from .errors import Findings
from .merge_directives import merge_directives
from .merge_inputs import merge_input_object
from .merge_leaves import merge_enum, merge_scalar, merge_union
from .merge_objects import lend_interface_object_fields, merge_object
from .merging import Merging, find_subtypes, find_uses, merge_description, told
from .model import Element, Kind, Subgraph, Supergraph, TypeDefinition
from .overrides import find_overrides
from .protection import protect_interfaces
from .roles import find_roles
from .specification_links import merged_links


def begin(subgraphs: Sequence[Subgraph], findings: Findings) -> Merging:
    """Gather what the merge rules need to know of all subgraphs together."""
    roles = {subgraph.name: find_roles(subgraph) for subgraph in subgraphs}
    return Merging(
        subgraphs=subgraphs,
        roles=roles,
        overrides=find_overrides(subgraphs, roles, findings),
        custom=plan_custom_directives(subgraphs, findings),
        subtypes=find_subtypes(subgraphs),
        findings=findings,
    )


def merge(merging: Merging) -> Supergraph:
    """The supergraph's types with their joins. What does not fit together goes to `merging.findings`."""
    names = sorted({name for subgraph in merging.subgraphs for name in subgraph.types})
    kinds = {name: kind for name in names if (kind := _kind(merging, name)) is not None}
    types = {name: _merge_type(merging, name, kind) for name, kind in kinds.items() if kind is not Kind.ENUM}
    # What an enum's values are depends on how it is used: by merged arguments, and by fields wherever they are.
    inputs, outputs = find_uses((*types.values(), *_without_arguments(merging)))
    for name, kind in kinds.items():
        if kind is Kind.ENUM:
            types[name] = merge_enum(merging, name, as_input=name in inputs, as_output=name in outputs)
    types = {name: types[name] for name in kinds}
    for name, definition in types.items():
        if definition.kind is Kind.OBJECT and definition.interfaces:
            types[name] = lend_interface_object_fields(merging, types, definition)
    if not any(subgraph.types["Query"].fields for subgraph in merging.subgraphs):
        merging.findings.add("NO_QUERIES", "No subgraph has a query.", "Query")
    types = protect_interfaces(merging, types)
    schemas = [(subgraph, subgraph.schema) for subgraph in merging.subgraphs]
    schema = Element(
        name="schema",
        description=merge_description([element for _, element in schemas]),
        directives=merge_directives(merging, schemas),
    )
    links, directives = merged_links(merging, schema, types)
    return Supergraph(schema, types, directives, links)


def _without_arguments(merging: Merging) -> Iterator[TypeDefinition]:
    """The subgraphs' types, their fields without arguments: one that not all subgraphs have is no use that counts."""
    for subgraph in merging.subgraphs:
        for definition in subgraph.types.values():
            fields = {field.name: replace(field, arguments={}) for field in definition.fields.values()}
            yield replace(definition, fields=fields)


def _merge_type(merging: Merging, name: str, kind: Kind) -> TypeDefinition:
    match kind:
        case Kind.OBJECT | Kind.INTERFACE:
            return merge_object(merging, name, kind)
        case Kind.UNION:
            return merge_union(merging, name)
        case Kind.INPUT:
            return merge_input_object(merging, name)
        case _:
            return merge_scalar(merging, name)


def _kind(merging: Merging, name: str) -> Kind | None:
    """A type's kind, which all subgraphs must agree on; an interface object counts as the interface."""
    sources = merging.sources(name)
    kinds = [
        (Kind.INTERFACE if definition.is_interface_object else definition.kind, subgraph.name) for subgraph, definition in sources
    ]
    if len({kind for kind, _ in kinds}) > 1:
        merging.findings.add(
            "TYPE_KIND_MISMATCH",
            f'"{name}" is not of one kind everywhere: it is {told([(f"of kind {kind}", holder) for kind, holder in kinds])}.',
            name,
            [subgraph for _, subgraph in kinds],
        )
        return None
    if all(definition.is_interface_object for _, definition in sources):
        merging.findings.add(
            "INTERFACE_OBJECT_USAGE_ERROR",
            f'"{name}" is an interface object in every subgraph that has it; one must define the interface.',
            name,
            [subgraph.name for subgraph, _ in sources],
        )
        return None
    return kinds[0][0]

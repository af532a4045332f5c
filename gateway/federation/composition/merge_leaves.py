"""Merging scalars, enums and unions."""

from .constants import quoted
from .merge_directives import merge_directives
from .merging import Merging, join, merge_description, named
from .model import Directive, Element, Kind, TypeDefinition


def _base(merging: Merging, name: str, kind: Kind, joins: tuple[Directive, ...] = ()) -> TypeDefinition:
    sources = merging.sources(name)
    return TypeDefinition(
        name=name,
        kind=kind,
        description=merge_description([definition for _, definition in sources]),
        directives=(
            *(join("type", graph=subgraph.graph) for subgraph, _ in sources),
            *joins,
            *merge_directives(merging, sources),
        ),
    )


def merge_scalar(merging: Merging, name: str) -> TypeDefinition:
    return _base(merging, name, Kind.SCALAR)


def merge_union(merging: Merging, name: str) -> TypeDefinition:
    """A union of all members that any subgraph names."""
    sources = merging.sources(name)
    members = tuple(dict.fromkeys(member for _, definition in sources for member in definition.members))
    joins = tuple(
        join("unionMember", graph=subgraph.graph, member=quoted(member))
        for member in members
        for subgraph, definition in sources
        if member in definition.members
    )
    base = _base(merging, name, Kind.UNION, joins)
    return TypeDefinition(name=name, kind=Kind.UNION, description=base.description, directives=base.directives, members=members)


def merge_enum(merging: Merging, name: str, *, as_input: bool, as_output: bool) -> TypeDefinition:
    """An enum: all values where it is only given out, the shared ones where it is only taken in, equal ones where both.

    `as_input` and `as_output` tell how the merged types use it.
    """
    sources = merging.sources(name)
    values: dict[str, Element] = {}
    for value in dict.fromkeys(value for _, definition in sources for value in definition.values):
        having = [(subgraph, definition.values[value]) for subgraph, definition in sources if value in definition.values]
        directives = merge_directives(merging, having)
        if len(having) < len(sources) and as_input:
            if as_output and not any(applied.name == "inaccessible" for applied in directives):
                _mismatch(merging, f"{name}.{value}", [subgraph.name for subgraph, _ in having], name)
            if not as_output:
                continue
        values[value] = Element(
            name=value,
            description=merge_description([element for _, element in having]),
            directives=(*(join("enumValue", graph=subgraph.graph) for subgraph, _ in having), *directives),
        )
    if not values:
        names = [subgraph.name for subgraph, _ in sources]
        merging.findings.add("EMPTY_MERGED_ENUM_TYPE", f'No value of the enum "{name}" is in all of {named(names)}.', name, names)
    base = _base(merging, name, Kind.ENUM)
    return TypeDefinition(name=name, kind=Kind.ENUM, description=base.description, directives=base.directives, values=values)


def _mismatch(merging: Merging, coordinate: str, having: list[str], name: str) -> None:
    lacking = [subgraph.name for subgraph, _ in merging.sources(name) if subgraph.name not in having]
    merging.findings.add(
        "ENUM_VALUE_MISMATCH",
        f'"{name}" is used both as input and as output, so all its values must be in all subgraphs;'
        f' "{coordinate}" is in {named(having)} but not in {named(lacking)}.',
        coordinate,
        [*having, *lacking],
    )

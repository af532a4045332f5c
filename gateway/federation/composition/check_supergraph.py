"""The rules that only show once all subgraphs are merged."""

from collections.abc import Iterator

from graphql import GraphQLError, parse
from graphql.validation.validate import validate_sdl

from .check_graphql import schema_problems
from .merge_fields import FieldSource, field_sources
from .merging import Merging, named
from .model import Kind, Supergraph, TypeDefinition
from .print_supergraph import print_bare_types
from .type_refs import base_name


def check_interfaces(merging: Merging, supergraph: Supergraph) -> None:
    """Findings for interfaces that are entered by a key, as interfaces or as interface objects."""
    for definition in supergraph.types.values():
        if definition.kind is Kind.INTERFACE:
            _check_interface_keys(merging, supergraph, definition)
            _check_interface_objects(merging, supergraph, definition)


def check_supergraph(merging: Merging, supergraph: Supergraph) -> None:
    """Findings for merged types that do not hold together."""
    for definition in supergraph.types.values():
        _check_implementations(merging, supergraph, definition)


def check_shared_types(merging: Merging, supergraph: Supergraph) -> None:
    """Findings for shared fields whose subgraphs know no type in common."""
    for definition in supergraph.types.values():
        if definition.kind is Kind.OBJECT:
            _check_shared_types(merging, definition)


def check_printed(merging: Merging, supergraph: Supergraph, sdl: str) -> None:
    """What still is no valid GraphQL, such as an argument of an interface that an implementation elsewhere does not take.

    Directives can only be wrong where subgraphs bring their own, so without those the bare types are looked at.
    """
    document = parse(sdl if merging.custom.links else print_bare_types(supergraph), no_location=True)
    try:
        problems = [*(validate_sdl(document) if merging.custom.links else ()), *schema_problems(document)[1]]
    except (GraphQLError, TypeError) as error:
        merging.findings.add("INVALID_GRAPHQL", str(error))
        return
    for problem in problems:
        merging.findings.add("INVALID_GRAPHQL", problem.message)


def _implementations(supergraph: Supergraph, interface: str) -> Iterator[TypeDefinition]:
    return (
        definition
        for definition in supergraph.types.values()
        if definition.kind is Kind.OBJECT and interface in definition.interfaces
    )


def _check_interface_keys(merging: Merging, supergraph: Supergraph, definition: TypeDefinition) -> None:
    """A subgraph that can be entered by an interface's key must know whatever may come in."""
    for subgraph, source in merging.sources(definition.name):
        keys = [key for key in source.all("key") if key.value("resolvable") is not False]
        if source.kind is not Kind.INTERFACE or not keys or subgraph.is_federation_1:
            continue
        known = subgraph.possible_types(definition.name)
        missing = [other.name for other in _implementations(supergraph, definition.name) if other.name not in known]
        if missing:
            merging.findings.add(
                "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
                f'[{subgraph.name}] "{definition.name}" has {keys[0]}, so the subgraph must know all of its implementations;'
                f" it lacks {', '.join(missing)}.",
                definition.name,
                [subgraph.name],
            )


def _check_interface_objects(merging: Merging, supergraph: Supergraph, definition: TypeDefinition) -> None:
    """A subgraph that has the interface as an object does not know the implementations."""
    for subgraph, source in merging.sources(definition.name):
        if not source.is_interface_object:
            continue
        known = [other.name for other in _implementations(supergraph, definition.name) if other.name in subgraph.types]
        if known:
            merging.findings.add(
                "INTERFACE_OBJECT_USAGE_ERROR",
                f'[{subgraph.name}] "{definition.name}" is an @interfaceObject, so its implementations must not be defined'
                f" beside it; {', '.join(known)} is.",
                definition.name,
                [subgraph.name],
            )


def _check_implementations(merging: Merging, supergraph: Supergraph, definition: TypeDefinition) -> None:
    for interface in definition.interfaces:
        for field in supergraph.types[interface].fields.values():
            if field.name in definition.fields:
                continue
            having = [source.subgraph.name for source in field_sources(merging, interface, field.name)]
            implementing = [
                subgraph.name for subgraph, source in merging.sources(definition.name) if interface in source.interfaces
            ]
            merging.findings.add(
                "INTERFACE_FIELD_NO_IMPLEM",
                f'"{interface}.{field.name}" is in {named(having)}, but "{definition.name}", which implements "{interface}"'
                f" in {named(implementing)}, does not have it.",
                f"{definition.name}.{field.name}",
                implementing,
            )


def _check_shared_types(merging: Merging, definition: TypeDefinition) -> None:
    """A shared field of an interface or union must be able to give the same object wherever it is resolved."""
    for field in definition.fields:
        sources = [source for source in field_sources(merging, definition.name, field) if source.is_resolving]
        if len(sources) < 2:
            continue
        if len({base_name(source.field.type) for source in sources}) > 1 or not all(_is_abstract(source) for source in sources):
            continue
        possible = [(source, set(_possible(source))) for source in sources]
        if any(types for _, types in possible) and not set.intersection(*(types for _, types in possible)):
            merging.findings.add(
                "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES",
                f'"{definition.name}.{field}" is shared, but no type is possible in all of its subgraphs: '
                + "; ".join(
                    f"{', '.join(sorted(types)) or 'none'} in {named([source.subgraph.name])}" for source, types in possible
                )
                + ".",
                f"{definition.name}.{field}",
                [source.subgraph.name for source in sources],
            )


def _is_abstract(source: FieldSource) -> bool:
    definition = source.subgraph.types.get(base_name(source.field.type))
    return definition is not None and definition.kind in (Kind.INTERFACE, Kind.UNION)


def _possible(source: FieldSource) -> tuple[str, ...]:
    definition = source.subgraph.types.get(base_name(source.field.type))
    return source.subgraph.possible_types(definition.name) if definition and definition.is_composite else ()

"""Merging objects and interfaces: all fields that any subgraph has."""

from dataclasses import replace

from .constants import quoted
from .merge_directives import merge_directives
from .merge_fields import FieldSource, field_sources, interface_object_join, merge_field
from .merging import Merging, join, merge_description
from .model import Directive, Element, Field, Kind, Subgraph, TypeDefinition

_ROOT_NAMES = frozenset({"Query", "Mutation", "Subscription"})


def type_joins(subgraph: Subgraph, definition: TypeDefinition) -> list[Directive]:
    """`join__type` of an object or interface in one subgraph: one a key, or one."""
    traits: list[tuple[str, str]] = []
    if definition.extension and definition.name not in _ROOT_NAMES:
        traits.append(("extension", "true"))
    interface_object = [("isInterfaceObject", "true")] if definition.is_interface_object else []
    joins: list[Directive] = []
    for key in definition.all("key"):
        unresolvable = [("resolvable", "false")] if key.value("resolvable") is False else []
        arguments = [
            ("graph", subgraph.graph),
            ("key", quoted(key.text("fields"))),
            *traits,
            *unresolvable,
            *interface_object,
        ]
        joins.append(Directive("join__type", tuple(arguments)))
    return joins or [Directive("join__type", (("graph", subgraph.graph), *interface_object))]


def merge_object(merging: Merging, name: str, kind: Kind) -> TypeDefinition:
    """An object, or an interface (some subgraphs may have it as an interface object), with its joins."""
    sources = merging.sources(name)
    interfaces = tuple(dict.fromkeys(interface for _, definition in sources for interface in definition.interfaces))
    fields: dict[str, Field] = {}
    for field in dict.fromkeys(field for _, definition in sources for field in definition.fields):
        if all(source.is_gone for source in field_sources(merging, name, field)):
            continue
        lent = _lent(merging, name, interfaces, field) if kind is Kind.OBJECT else []
        merged = merge_field(merging, name, field, lent)
        if merged is not None:
            fields[field] = merged
    elements: list[tuple[Subgraph, Element]] = list(sources)
    return TypeDefinition(
        name=name,
        kind=kind,
        description=merge_description([element for _, element in elements]),
        directives=(
            *(
                join("implements", graph=subgraph.graph, interface=quoted(interface))
                for subgraph, definition in sources
                for interface in definition.interfaces
            ),
            *(applied for subgraph, definition in sources for applied in type_joins(subgraph, definition)),
            *merge_directives(merging, elements),
        ),
        interfaces=interfaces,
        fields=fields,
    )


def _lent(merging: Merging, type_name: str, interfaces: tuple[str, ...], field: str) -> list[FieldSource]:
    """The field where interface objects of these interfaces have it: they resolve it for all implementations."""
    return [
        source
        for interface in interfaces
        for source in field_sources(merging, interface, field)
        if source.parent.is_interface_object and type_name not in source.subgraph.types
    ]


def lend_interface_object_fields(
    merging: Merging, types: dict[str, TypeDefinition], definition: TypeDefinition
) -> TypeDefinition:
    """Give an object the fields that only interface objects of its interfaces have."""
    fields = dict(definition.fields)
    for interface in definition.interfaces:
        for name, field in types[interface].fields.items() if interface in types else ():
            if name not in fields and _lent(merging, definition.name, (interface,), name):
                kept = tuple(applied for applied in field.directives if not applied.name.startswith("join__"))
                fields[name] = replace(field, directives=(interface_object_join(), *kept))
    return replace(definition, fields=fields)

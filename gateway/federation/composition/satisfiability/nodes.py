"""Where a query can stand: a type as one subgraph sees it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..field_sets import FieldSet, Narrowed, Selected
from ..merging import Merging
from ..model import Directive, Field, Kind, Subgraph, TypeDefinition
from ..type_refs import base_name


@dataclass(frozen=True, slots=True)
class Node:
    """A type in a subgraph; `provided` is what `@provides` on the way makes resolvable from here."""

    subgraph: str
    type: str
    provided: FieldSet = ()


@dataclass(frozen=True, slots=True)
class KeyEdge:
    """A way into a subgraph: the type that is entered there and the key that it asks for.

    One that is not resolvable leads back only: to a subgraph that the query came from, with what it required there.
    """

    subgraph: str
    type: str
    key: Directive
    fields: FieldSet
    is_resolvable: bool


class View:
    """The subgraphs as nodes see them, under one setting of the override labels."""

    def __init__(self, merging: Merging, labels_on: frozenset[str]) -> None:
        self._merging: Merging = merging
        self._labels_on: frozenset[str] = labels_on
        self._subgraphs: Mapping[str, Subgraph] = {subgraph.name: subgraph for subgraph in merging.subgraphs}

    def subgraph(self, name: str) -> Subgraph:
        return self._subgraphs[name]

    def all_subgraphs(self) -> Iterable[Subgraph]:
        return self._merging.subgraphs

    def definition(self, node: Node) -> TypeDefinition:
        return self._subgraphs[node.subgraph].types[node.type]

    def is_interface_object(self, node: Node) -> bool:
        return self.definition(node).is_interface_object

    def is_abstract(self, node: Node) -> bool:
        return self.definition(node).kind in (Kind.INTERFACE, Kind.UNION)

    def is_subtype(self, narrow: str, wide: str) -> bool:
        return narrow == wide or (narrow, wide) in self._merging.subtypes

    def provided_below(self, node: Node, field: str) -> FieldSet | None:
        """What is provided below a field, None where the field itself is not provided."""
        found: list[Selected] = [selection for selection in self._flat(node, node.provided) if selection.name == field]
        return tuple(inner for selection in found for inner in selection.selections) if found else None

    def _flat(self, node: Node, provided: FieldSet) -> list[Selected]:
        flat: list[Selected] = []
        for selection in provided:
            if isinstance(selection, Selected):
                flat.append(selection)
            elif self._applies(node, selection):
                flat.extend(self._flat(node, selection.selections))
        return flat

    def _applies(self, node: Node, fragment: Narrowed) -> bool:
        return not fragment.type_name or self.is_subtype(node.type, fragment.type_name)

    def is_external(self, node: Node, field: str) -> bool:
        return (node.type, field) in self._merging.roles[node.subgraph].external

    def is_overridden(self, node: Node, field: str) -> bool:
        """Whether, as the labels stand, another subgraph has taken the field over, or this one has not yet."""
        coordinate = (node.type, field)
        label = self._merging.overrides.label(coordinate, node.subgraph)
        if label is not None and (label == "" or label in self._labels_on):
            return True
        applied = self.definition(node).fields[field].first("override")
        waiting = self._merging.overrides.label(coordinate, applied.text("from")) if applied else None
        return bool(waiting) and waiting not in self._labels_on

    def resolvable_field(self, node: Node, name: str) -> Field | None:
        """The field, where this subgraph resolves it on this type (its requirements left aside)."""
        field = self.definition(node).fields.get(name)
        if field is None or self.is_overridden(node, name):
            return None
        if self.is_external(node, name) and self.provided_below(node, name) is None:
            return None
        if self.definition(node).kind is Kind.INTERFACE:
            members = self._subgraphs[node.subgraph].possible_types(node.type)
            if any(not self._is_plain(Node(node.subgraph, member, node.provided), name) for member in members):
                return None
        return field

    def _is_plain(self, node: Node, name: str) -> bool:
        """Whether an implementation resolves a field without a condition, so that it may be asked of the interface."""
        field = self.resolvable_field(node, name)
        return field is not None and not field.has("requires")

    def target(self, node: Node, field: Field) -> Node | None:
        """Where following a field leads, None for leaves."""
        name = base_name(field.type)
        definition = self._subgraphs[node.subgraph].types.get(name)
        if definition is None or not definition.is_composite:
            return None
        below = self.provided_below(node, field.name) or ()
        return Node(node.subgraph, name, (*below, *self._provisions(field)))

    def _provisions(self, field: Field) -> FieldSet:
        return tuple(
            selection for applied in field.all("provides") for selection in self._merging.field_set(applied.text("fields"))
        )

    def key_edges(self, type_name: str) -> list[KeyEdge]:
        """All ways to enter a type: by its own keys, and where it is known only through an interface object, by that's."""
        edges: list[KeyEdge] = []
        for subgraph in self._merging.subgraphs:
            for definition in subgraph.types.values():
                if definition.name != type_name and not (
                    definition.is_interface_object and self.is_subtype(type_name, definition.name)
                ):
                    continue
                edges.extend(
                    KeyEdge(
                        subgraph.name,
                        definition.name,
                        key,
                        self._merging.field_set(key.text("fields")),
                        key.value("resolvable") is not False,
                    )
                    for key in definition.all("key")
                )
        return edges

    def cast(self, node: Node, type_name: str) -> Node | None:
        """The node narrowed to an object type, None where the subgraph can not have it there.

        An interface object stays as it is: it stands for all implementations.
        """
        definition = self.definition(node)
        if definition.is_interface_object:
            return node if self.is_subtype(type_name, node.type) else None
        if type_name in self._subgraphs[node.subgraph].possible_types(node.type):
            return Node(node.subgraph, type_name, node.provided)
        return None

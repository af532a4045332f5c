"""The labels of progressive overrides, and which of them matter to an operation."""

from collections.abc import Iterable, Iterator

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode

from ..supergraph import FieldSet, Supergraph
from .operation import PossibleTypes, Selected


class Labels:
    """Those of a supergraph; false where it has none."""

    def __init__(self, supergraph: Supergraph, possible: PossibleTypes) -> None:
        self._of_fields: dict[str, list[tuple[frozenset[str], str]]] = {}
        for subgraph in supergraph.subgraphs.values():
            for declared in subgraph.types.values():
                for field in declared.fields.values():
                    if field.label is not None:
                        self._of_fields.setdefault(field.name, []).append((possible.of(declared.name), field.label))
        inputs = {name for fields in _field_sets(supergraph) for name in _names(fields.node)} if self._of_fields else set[str]()
        self._of_inputs = frozenset(label for name in inputs for _, label in self._of_fields.get(name, ()))

    def __bool__(self) -> bool:
        return bool(self._of_fields)

    def touched(self, selections: Iterable[Selected]) -> frozenset[str]:
        """Those on which a plan for the selections may hang: of their fields, and of all that keys and requirements name."""
        found = {*self._of_inputs}
        pending = [*selections] if self._of_fields else []
        while pending:
            selected = pending.pop()
            found.update(label for types, label in self._of_fields.get(selected.name, ()) if types & selected.types)
            pending += selected.children
        return frozenset(found)


def _field_sets(supergraph: Supergraph) -> Iterator[FieldSet]:
    for subgraph in supergraph.subgraphs.values():
        for declared in subgraph.types.values():
            yield from (key.fields for key in declared.keys)
            for field in declared.fields.values():
                yield from (fields for fields in (field.requires, field.provides) if fields)
                yield from (each.selection for each in field.contextual)


def _names(node: SelectionSetNode) -> Iterator[str]:
    for selection in node.selections:
        if isinstance(selection, FieldNode):
            yield selection.name.value
        if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
            yield from _names(selection.selection_set)

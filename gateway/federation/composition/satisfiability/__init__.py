"""The proof that every query of the supergraph's API can be answered.

The API schema is walked breadth first from its roots. A state is a type and all the nodes (type and subgraph) that the
query may stand on by now; from it every field must be reachable. A state is not visited again when the same type was
visited with no more nodes than these: whoever can do with less can do with more. This keeps the walk small.

An object type is visited as itself; an interface or union through each of the objects that it may be.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from ..merging import Merging, named
from ..model import Element, Field, Kind, Supergraph, TypeDefinition
from ..type_refs import base_name
from .explain import Step, explain_field, print_query
from .nodes import Node, View
from .reach import Contexts, Nodes, Reachability

# How many sets of nodes, none within another, one type may be visited with. A schema that people write has a few.
MAX_STATES_PER_TYPE = 500

# How many combinations of override labels are proved: all of six labels; of more, those with the fewest active or not.
MAX_LABEL_SETTINGS = 64


class _TooManyStates(Exception):
    """The walk would not end in reasonable time; says the type's name."""


@dataclass(frozen=True, slots=True)
class _State:
    """`entries` are where the last field arrived, `nodes` also what keys lead to from there."""

    type: str
    entries: Nodes
    nodes: Nodes
    contexts: Contexts
    operation: str
    path: tuple[Step, ...]


def prove_satisfiability(merging: Merging, supergraph: Supergraph) -> None:
    """Findings `SATISFIABILITY_ERROR`, one a field that some query can not reach, with the shortest such query."""
    labels = sorted({label for by_name in merging.overrides.labels.values() for label in by_name.values() if label})
    for labels_on in islice(_settings(labels), MAX_LABEL_SETTINGS):
        try:
            _Walk(merging, supergraph, labels_on).run()
        except _TooManyStates as explosion:
            merging.findings.add(
                "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED",
                f'"{explosion}" can be reached in more than {MAX_STATES_PER_TYPE} combinations of subgraphs.',
                str(explosion),
            )
            return


def _settings(labels: Sequence[str]) -> Iterator[frozenset[str]]:
    """All combinations of active labels, first those with few active and those with few that are not."""
    for few in range(len(labels) // 2 + 1):
        for chosen in combinations(labels, few):
            yield frozenset(chosen)
            if 2 * few < len(labels):
                yield frozenset(labels).difference(chosen)


class _Walk:
    def __init__(self, merging: Merging, supergraph: Supergraph, labels_on: frozenset[str]) -> None:
        self._merging: Merging = merging
        self._types = supergraph.types
        self._view: View = View(merging, labels_on)
        self._reachability: Reachability = Reachability(self._view)
        self._seen: dict[str, list[int]] = {}
        self._bits: dict[tuple[Node | str, bool], int] = {}
        self._queue: deque[_State] = deque()
        self._broken: set[str] = set()

    def run(self) -> None:
        for root in ("Query", "Mutation", "Subscription"):
            if root in self._types:
                entries = frozenset(Node(subgraph.name, root) for subgraph, _ in self._merging.sources(root))
                self._enter(_State(root, entries, entries, frozenset(), root.lower(), ()))
        while self._queue:
            state = self._queue.popleft()
            if self._types[state.type].kind is Kind.OBJECT:
                self._visit_object(state)
            else:
                self._visit_abstract(state)

    def _enter(self, state: _State) -> None:
        seen = self._seen.setdefault(state.type, [])
        standing = self._mask(state)
        if any(less & standing == less for less in seen):
            return
        seen.append(standing)
        if len(seen) > MAX_STATES_PER_TYPE:
            raise _TooManyStates(state.type)
        self._queue.append(state)

    def _mask(self, state: _State) -> int:
        """Where a state stands, as bits: its nodes, its contexts, and for an abstract type which nodes are entries.

        What an abstract type may be follows from the entries, so there having more nodes is not all.
        """
        entries = state.entries if self._types[state.type].kind is not Kind.OBJECT else ()
        marks: list[tuple[Node | str, bool]] = [
            *((node, False) for node in state.nodes),
            *((context, False) for context in state.contexts),
            *((node, True) for node in entries),
        ]
        mask = 0
        for mark in marks:
            mask |= 1 << self._bits.setdefault(mark, len(self._bits))
        return mask

    def _visit_object(self, state: _State) -> None:
        definition = self._types[state.type]
        below = state.contexts | self._contexts_set_by(definition)
        for field in definition.fields.values():
            if _is_hidden(field) or _is_hidden(self._types.get(base_name(field.type))):
                continue
            followed = [
                (node, found) for node in state.nodes if (found := self._reachability.follow(node, field.name, state.contexts))
            ]
            if not followed:
                self._tell_field(state, field)
                continue
            targets = [self._view.target(node, found) for node, found in followed]
            entries = frozenset(target for target in targets if target is not None)
            if entries:
                step = Step(field.name, has_required_arguments=any(a.is_required for a in field.arguments.values()))
                self._enter(
                    _State(
                        base_name(field.type),
                        entries,
                        self._reachability.reach_all(entries),
                        below,
                        state.operation,
                        (*state.path, step),
                    )
                )

    def _visit_abstract(self, state: _State) -> None:
        only_interface_objects = all(self._view.is_interface_object(node) for node in state.nodes)
        for name in self._possible_types(state.type):
            if only_interface_objects:
                self._tell_implementation(state, name)
                continue
            if any(self._view.cast(node, name) is None for node in state.entries):
                continue  # A shared field gives the same object everywhere, so one of a type that all of its subgraphs know.
            casts = {node: self._view.cast(node, name) for node in state.nodes}
            if all(cast is None or self._view.is_interface_object(cast) for cast in casts.values()):
                continue
            entries = frozenset(cast for cast in casts.values() if cast is not None)
            path = (*state.path, Step(name, is_fragment=True))
            nodes = self._reachability.reach_all(entries)
            self._enter(_State(name, entries, nodes, state.contexts, state.operation, path))

    def _possible_types(self, name: str) -> Iterator[str]:
        definition = self._types[name]
        if definition.kind is Kind.UNION:
            names = definition.members
        else:
            names = tuple(other.name for other in self._types.values() if other.kind is Kind.OBJECT and name in other.interfaces)
        return (member for member in names if not _is_hidden(self._types[member]))

    def _contexts_set_by(self, definition: TypeDefinition) -> Contexts:
        """The contexts that this type sets for what is below it, by subgraph: its own and those of its interfaces and unions."""
        return frozenset(
            f"{subgraph.name}.{applied.text('name')}"
            for subgraph in self._merging.subgraphs
            for other in subgraph.types.values()
            if self._view.is_subtype(definition.name, other.name)
            for applied in other.all("context")
        )

    def _tell_field(self, state: _State, field: Field) -> None:
        coordinate = f"{state.type}.{field.name}"
        if coordinate in self._broken:
            return
        self._broken.add(coordinate)
        below = self._types.get(base_name(field.type))
        query = print_query(state.operation, (*state.path, Step(field.name)), is_leaf=below is None or not below.is_composite)
        reasons = explain_field(self._merging, self._reachability, state.entries, state.type, field.name, state.contexts)
        self._merging.findings.add(
            "SATISFIABILITY_ERROR",
            f'"{coordinate}" can not be reached by the query\n{query}\nbecause\n{reasons}',
            coordinate,
            sorted({node.subgraph for node in state.entries}),
        )

    def _tell_implementation(self, state: _State, name: str) -> None:
        if state.type in self._broken:
            return
        self._broken.add(state.type)
        subgraphs = sorted({node.subgraph for node in state.nodes})
        query = print_query(state.operation, (*state.path, Step(name, is_fragment=True)), is_leaf=False)
        self._merging.findings.add(
            "SATISFIABILITY_ERROR",
            f'The query\n{query}\ncan not be answered: from {named(subgraphs)}, where "{state.type}" is an @interfaceObject,'
            " no subgraph can be reached that knows its implementations.",
            state.type,
            subgraphs,
        )


def _is_hidden(element: Element | None) -> bool:
    return element is not None and element.has("inaccessible")

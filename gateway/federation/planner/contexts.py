"""What of the enclosing objects fills a field's contextual arguments."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from ..supergraph import ContextArgument, FieldSet, SubgraphField
from .node import Enclosing, Node
from .operation import Selected
from .query_graph import QueryGraph
from .resolution import ContextValue, Drawn, Given, Resolution

Read = Callable[[FieldSet, str], tuple[Selected, ...]]
Find = Callable[[Node, tuple[Selected, ...]], Resolution]


class ContextFinder:
    """Resolves values of contexts by `find`, their selections read by `read`.

    A value that hangs on itself is none: what is being looked for is not looked for again.
    """

    def __init__(self, graph: QueryGraph, read: Read, find: Find) -> None:
        self._graph = graph
        self._read = read
        self._find = find
        self._sought: set[tuple[object, ...]] = set()

    def values(self, node: Node, field: SubgraphField) -> tuple[ContextValue, ...] | None:
        """The values for an object at `node`; None where one of them can't be had for each object there."""
        values: list[ContextValue] = []
        for argument in field.contextual:
            sources = self._sources(node, argument)
            if sources is None:
                return None
            values.append(ContextValue(argument, sources))
        return tuple(values)

    def _sources(self, node: Node, argument: ContextArgument) -> tuple[Drawn, ...] | None:
        setters = self._graph.contexts[argument.context]
        sources: list[Drawn] = []
        for enclosing in node.scope:
            types = enclosing.types & setters
            if not types:
                continue
            given = self._given(enclosing, types, argument)
            if given is None:
                return None
            sources.append(Drawn(enclosing.up, enclosing.types, types, given))
            if types == enclosing.types:
                return tuple(sources)
        return None

    def _given(self, enclosing: Enclosing, types: frozenset[str], argument: ContextArgument) -> Given | None:
        identity = (enclosing.node.identity, argument)
        if identity in self._sought:
            return None
        self._sought.add(identity)
        try:
            selections = tuple(self._selections(enclosing.node.type, types, argument))
            resolution = self._find(enclosing.node, selections)
        finally:
            self._sought.remove(identity)
        return None if resolution.missing else Given(argument.selection, enclosing.node.type, selections, resolution)

    def _selections(self, type_name: str, types: frozenset[str], argument: ContextArgument) -> Iterator[Selected]:
        """Read once for each type that sets the context: a union's members have fields that it has not itself."""
        setters = self._graph.supergraph.contexts[argument.context]
        for setter in (type_name,) if type_name in setters else setters:
            for selected in self._read(argument.selection, setter):
                meant = selected.types & types
                if meant == selected.types:
                    yield selected
                elif meant:
                    yield replace(selected, types=meant)

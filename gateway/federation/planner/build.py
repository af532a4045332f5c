"""An operation to its plan: paths, fetch graph, layers, documents."""

from collections.abc import Iterable
from collections.abc import Sequence as Items

from graphql import OperationType

from .alike import Alike, join_alike
from .batch import Batch, batch
from .documents import ENTITIES, Part, document_name, print_document, rename_clashes
from .fetch_graph import FetchGraph, Step
from .layers import arrange
from .node import Node as Place
from .operation import Budget, Keys, Operation, Selected
from .operation import Condition as AllOf
from .optimise import optimise
from .paths import PathFinder
from .plan import Condition, Fetch, Flatten, Node, QueryPlan, Sequence, Subscription
from .query_graph import QueryGraph
from .resolution import Resolution


class Unplannable(Exception):
    """No path of fetches reaches the field that the message names."""


def build_plan(graph: QueryGraph, operation: Operation, keys: Keys, budget: Budget) -> tuple[tuple[FetchGraph, ...], QueryPlan]:
    """The cheapest plan that is known for `operation`, after the fetch graphs that it was made of.

    There is one graph, but for a mutation, whose root fields have one for each turn. Raises Unplannable, BudgetExceeded.
    """
    builder = _Builder(graph, operation, keys, budget)
    root = builder.build()
    return tuple(builder.fetch_graphs), QueryPlan(root)


class _Builder:
    def __init__(self, graph: QueryGraph, operation: Operation, keys: Keys, budget: Budget) -> None:
        self._graph = graph
        self._operation = operation
        self._budget = budget
        self._finder = PathFinder(graph, keys, budget)
        self._fetched = tuple(each for each in operation.selections if not each.name.startswith("__"))
        self.fetch_graphs: list[FetchGraph] = []
        self._fetches = 0
        self._representations = _free("representations", operation.variable_types)
        self._context = _free("context", operation.variable_types)

    def build(self) -> Node | None:
        match self._operation.kind:
            case OperationType.QUERY:
                return self._arrange(self._graph_of(self._resolve(self._fetched)))
            case OperationType.MUTATION:
                nodes = [self._arrange(self._graph_of(each)) for each in self._in_order()]
                return _sequence([node for node in nodes if node])
            case OperationType.SUBSCRIPTION:
                graph = self._graph_of(self._resolve(self._fetched))
                if not graph.steps:
                    raise Unplannable("The subscription asks for nothing.")
                primary = graph.steps[0]
                return Subscription(self._fetch([primary]), self._arrange(graph, leave=primary))

    def _resolve(self, selections: tuple[Selected, ...]) -> Resolution:
        root = self._operation.root
        resolution = self._finder.find(Place(None, root, frozenset((root,))), selections)
        if resolution.missing:
            raise Unplannable(f"The field {_coordinate(root, resolution.missing[0])} can't be reached in any subgraph.")
        return resolution

    def _in_order(self) -> list[Resolution]:
        """A mutation's root fields one after another, neighbours of one subgraph together."""
        runs: list[tuple[str, tuple[Selected, ...]]] = []
        for selected in self._fetched:
            resolution = self._resolve((selected,))
            subgraph = resolution.taken[0].jump.subgraph
            if len(resolution.taken) > 1:
                raise Unplannable(f"The mutation {selected.name} would have to run in more than one subgraph.")
            if runs and runs[-1][0] == subgraph:
                runs[-1] = (subgraph, (*runs[-1][1], selected))
            else:
                runs.append((subgraph, (selected,)))
        return [self._resolve(selections) for _, selections in runs]

    def _graph_of(self, resolution: Resolution) -> FetchGraph:
        graph = FetchGraph(self._graph)
        graph.add_root(resolution, self._operation.root, self._operation.kind.value)
        optimise(graph.steps, self._budget)
        self.fetch_graphs.append(graph)
        return graph

    def _arrange(self, graph: FetchGraph, leave: Step | None = None) -> Node | None:
        return arrange(batch(step for step in graph.steps if step is not leave), self._make)

    def _make(self, made: Batch) -> Node:
        fetch = self._fetch(made.steps, made.conditions)
        return Condition(made.conditions, fetch) if made.conditions else fetch

    def _fetch(self, steps: Items[Step], conditions: tuple[AllOf, ...] = ()) -> Fetch:
        self._fetches += 1
        alike = join_alike(steps)
        parts = [self._part(same, number, conditions, alone=len(alike) == 1) for number, same in enumerate(alike)]
        drafts = [
            Part(same.draft, part.alias, part.variable, tuple(zip(part.context_variables, _declared(part), strict=True)))
            for same, part in zip(alike, parts, strict=True)
        ]
        name = document_name(self._operation.name, steps[0].subgraph, self._fetches)
        text, variables = print_document(drafts, steps[0].kind, name, self._operation.variable_types, self._operation.directives)
        return Fetch(
            subgraph=steps[0].subgraph,
            kind=steps[0].kind,
            document=text.document([1] * len(parts)),
            operation_name=name,
            variables=variables,
            parts=tuple(parts),
            text=text if any(part.contexts for part in parts) else None,
        )

    def _part(self, alike: Alike, number: int, conditions: tuple[AllOf, ...], *, alone: bool) -> Flatten:
        entities = bool(alike.representations)
        suffix = "" if alone else f"_{number}"
        return Flatten(
            paths=alike.paths,
            representations=alike.representations,
            selection=alike.selection,
            brought=alike.draft.brought(),
            renames=rename_clashes(alike.draft, self._graph.field_names),
            alias=f"{ENTITIES}{suffix}" if entities else "",
            variable=f"{self._representations}{suffix}" if entities else "",
            any_of=alike.conditions if entities and alike.conditions != conditions else (),
            contexts=alike.contexts,
            context_variables=tuple(f"{self._context}{suffix}_{each}" for each in range(len(alike.contexts))),
        )


def _free(name: str, taken: Iterable[str]) -> str:
    """A name with which no taken one begins."""
    taken = tuple(taken)
    while any(each.startswith(name) for each in taken):
        name += "_"
    return name


def _declared(part: Flatten) -> list[str]:
    return [each.declared for each in part.contexts]


def _sequence(nodes: Items[Node]) -> Node | None:
    if len(nodes) < 2:
        return nodes[0] if nodes else None
    return Sequence(tuple(part for node in nodes for part in (node.nodes if isinstance(node, Sequence) else (node,))))


def _coordinate(parent: str, selected: Selected) -> str:
    if selected.children:
        child = selected.children[0]
        return _coordinate(min(child.types), child)
    return f"{parent}.{selected.name}"

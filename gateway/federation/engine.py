"""The engine's front: prepare a document once, execute it often."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from random import random
from typing import Generic, Literal, TypeVar

from graphql import DocumentNode, FragmentDefinitionNode, GraphQLError, GraphQLSyntaxError, OperationDefinitionNode

from .executor.complete import Completer
from .executor.executable import Executable, Response, formatted
from .executor.introspect import Introspection
from .executor.prepare import prepare
from .executor.transport import Transport
from .executor.variables import Variables
from .overrides import ActiveLabels, LabelsOf
from .planner import (
    Budget,
    BudgetExceeded,
    FetchGraph,
    Keys,
    Operation,
    QueryGraph,
    QueryPlan,
    SelectionReader,
    Unplannable,
    build_plan,
    normalise,
)
from .planner.plan import Subscription
from .planner.validation import parse_document, validate_document
from .supergraph import Supergraph
from .supergraph.schema_types import hidden_values

_K = TypeVar("_K", bound=Hashable)
_T = TypeVar("_T")
_Identity = tuple[str, str | None]
_Planned = tuple[str, str | None, frozenset[str]]

_NO_LABELS = frozenset[str]()
_MOST_GRAPHS = 64  # one for each set of active labels


class RequestRefused(Exception):
    """The document can't be executed; `errors` are formatted as the GraphQL specification has them."""

    def __init__(self, errors: list[Response]) -> None:
        super().__init__("; ".join(str(error.get("message")) for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True, eq=False)
class PreparedOperation:
    """An operation of a document, validated and planned; independent of variable values, so it is kept and shared."""

    kind: Literal["query", "mutation", "subscription"]
    name: str | None
    plan: QueryPlan
    executable: Executable = field(repr=False)

    @property
    def root_fields(self) -> frozenset[str]:
        """The fields of the root type that it selects, by their names in the schema."""
        return frozenset(each.name for each in self.executable.operation.selections)


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """What planning an operation passes through; `operation`, each of `fetch_graphs` and `plan` print."""

    operation: Operation
    fetch_graphs: tuple[FetchGraph, ...]
    plan: QueryPlan
    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]


class Engine:
    """Executes operations over a supergraph's subgraphs.

    `transports` has one for each subgraph. Plans are kept up to `plan_cache_size` of them and up to `plan_cache_bytes`
    of text in their documents and fetches; refusals up to a tenth of both. A document of more than `max_tokens` tokens
    or `max_operations` operations, or nested deeper than `max_depth`, is refused, as is one whose planning would take
    more than `planning_budget` units of work (about five microseconds each).
    `override_labels` are those of progressive overrides that are active, or name them by the context of a request;
    `draw` gives numbers of [0, 1) that decide for labels `percent(n)`. A request's labels are decided when it is prepared.
    """

    def __init__(
        self,
        supergraph: Supergraph,
        transports: Mapping[str, Transport],
        *,
        plan_cache_size: int = 1000,
        plan_cache_bytes: int = 8 << 20,
        max_tokens: int = 10_000,
        max_depth: int = 60,
        max_operations: int = 50,
        planning_budget: int = 150_000,
        override_labels: Collection[str] | LabelsOf = (),
        draw: Callable[[], float] = random,
        name_services_in_errors: bool = False,
    ) -> None:
        if missing := [name for name in supergraph.subgraphs if name not in transports]:
            raise ValueError(f"no transport for the subgraphs {', '.join(missing)}")
        self.api_schema = supergraph.api_schema
        self._hidden = hidden_values(supergraph.schema, supergraph.api_schema)
        self._supergraph = supergraph
        self._graph = QueryGraph(supergraph)
        self._graphs = _Bounded[frozenset[str], QueryGraph](_MOST_GRAPHS, _MOST_GRAPHS)
        self._active = ActiveLabels(override_labels, draw)
        self._transports = transports
        self._max_tokens = max_tokens
        self._max_depth = max_depth
        self._max_operations = max_operations
        self._planning_budget = planning_budget
        self._name_services = name_services_in_errors
        self._touched = _Bounded[_Identity, frozenset[str]](plan_cache_size, plan_cache_bytes)
        self._prepared = _Bounded[_Planned, PreparedOperation](plan_cache_size, plan_cache_bytes)
        self._refused = _Bounded[_Planned, list[Response]](max(plan_cache_size // 10, 1), plan_cache_bytes // 10)

    def prepare(self, document: str, operation_name: str | None = None, context: object = None) -> PreparedOperation:
        """The operation, ready to execute once or more. Raises RequestRefused for syntax, validation and planning errors.

        `context` is the request's, where it decides about overrides.
        """
        identity = (document, operation_name)
        touched = self._touched.get(identity) if self._graph.labels else _NO_LABELS
        active = _NO_LABELS if touched is None else self._active.among(touched, context)
        if prepared := self._prepared.get((*identity, active)):
            return prepared
        if errors := self._refused.get((*identity, active)):
            raise RequestRefused(errors)
        try:
            read = self._read(document, operation_name)
            if touched is None:
                self._touched.put(identity, read.touched, len(document))
                active = self._active.among(read.touched, context)
            prepared = self._make_ready(self._plan(read, active))
        except RequestRefused as refused:
            self._refused.put((*identity, active), refused.errors, len(document) + len(str(refused)))
            raise
        weight = len(document) + sum(len(each.document) for each in prepared.plan.fetches())
        self._prepared.put((*identity, active), prepared, weight)
        return prepared

    def explain(self, document: str, operation_name: str | None = None, context: object = None) -> Stages:
        """The stages of planning, for people to read; nothing is kept. Raises RequestRefused like `prepare`."""
        read = self._read(document, operation_name)
        return self._plan(read, self._active.among(read.touched, context))

    async def execute(self, operation: PreparedOperation, variables: Mapping[str, object] | None, context: object) -> Response:
        """The response to a query or mutation; without "data" when the variable values are refused."""
        return await operation.executable.execute(variables, context)

    def subscribe(
        self, operation: PreparedOperation, variables: Mapping[str, object] | None, context: object
    ) -> AsyncGenerator[Response, None]:
        """A response for each event, until the subgraph ends the stream; closing the iterator unsubscribes.

        Refused variable values are a single response without "data"; a broken stream is a last response with an error.
        """
        return operation.executable.subscribe(variables, context)

    def _read(self, text: str, operation_name: str | None) -> "_Read":
        budget = Budget(self._planning_budget)
        try:
            document = parse_document(text, self._max_tokens, self._max_depth)
            errors = validate_document(self.api_schema, document, self._max_depth, self._max_operations, budget)
            if errors:
                raise RequestRefused([formatted(error, "GRAPHQL_VALIDATION_FAILED") for error in errors])
            node = _choose(document, operation_name)
            fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
            keys = Keys(self._graph.field_names)
            reader = SelectionReader(self._graph.schema, self._graph.possible, keys, budget, fragments, self._graph.directives)
            operation = normalise(self._graph.schema, node, reader, keys, self._graph.directives)
        except GraphQLSyntaxError as error:
            raise RequestRefused([formatted(error, "GRAPHQL_PARSE_FAILED")]) from error
        except GraphQLError as error:
            raise RequestRefused([formatted(error, "GRAPHQL_VALIDATION_FAILED")]) from error
        except (BudgetExceeded, RecursionError) as error:
            raise _too_complex() from error
        return _Read(operation, node, fragments, keys, budget, self._graph.labels.touched(operation.selections))

    def _plan(self, read: "_Read", labels: frozenset[str]) -> Stages:
        graph = self._graph
        if labels:
            graph = self._graphs.get(labels) or QueryGraph(self._supergraph, labels)
            self._graphs.put(labels, graph, 1)
        try:
            fetch_graphs, plan = build_plan(graph, read.operation, read.keys, read.budget)
        except (BudgetExceeded, RecursionError) as error:
            raise _too_complex() from error
        except Unplannable as error:
            raise _refused(str(error)) from error
        return Stages(read.operation, fetch_graphs, plan, read.node, read.fragments)

    def _make_ready(self, stages: Stages) -> PreparedOperation:
        operation, node = stages.operation, stages.node
        root, primary = stages.plan.root, None
        if isinstance(root, Subscription):
            root, primary = root.rest, (root.primary, self._transports[root.primary.subgraph])
        executable = Executable(
            operation=operation,
            variables=Variables(self.api_schema, node.variable_definitions) if node.variable_definitions else None,
            run=prepare(root, self._transports) if root else None,
            primary=primary,
            completer=Completer(self.api_schema, operation, self._hidden),
            introspection=Introspection(self.api_schema, node, stages.fragments) if operation.introspects else None,
            name_services=self._name_services,
        )
        return PreparedOperation(operation.kind.value, operation.name, stages.plan, executable)


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A valid operation, before any label is decided; `touched` are those on which its plan may hang."""

    operation: Operation
    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    keys: Keys
    budget: Budget
    touched: frozenset[str]


class _Bounded(Generic[_K, _T]):
    """The values used last, at most `size` of them and together of at most the weight `limit`."""

    def __init__(self, size: int, limit: int) -> None:
        self._size = size
        self._limit = limit
        self._weight = 0
        self._kept: OrderedDict[_K, tuple[_T, int]] = OrderedDict()

    def get(self, identity: _K) -> _T | None:
        found = self._kept.get(identity)
        if found is None:
            return None
        self._kept.move_to_end(identity)
        return found[0]

    def put(self, identity: _K, value: _T, weight: int) -> None:
        if weight > self._limit:
            return
        if known := self._kept.pop(identity, None):
            self._weight -= known[1]
        self._kept[identity] = (value, weight)
        self._weight += weight
        while len(self._kept) > self._size or self._weight > self._limit:
            self._weight -= self._kept.popitem(last=False)[1][1]


def _choose(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if name:
        operations = [each for each in operations if each.name and each.name.value == name]
        if not operations:
            raise _refused(f"The document has no operation named {name}.")
    if len(operations) > 1:
        raise _refused("The document has several operations; name the one to execute.")
    if not operations:
        raise _refused("The document has no operation.")
    return operations[0]


def _too_complex() -> RequestRefused:
    return _refused("The operation is too complex to plan.")


def _refused(message: str) -> RequestRefused:
    return RequestRefused([{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}])

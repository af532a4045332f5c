"""The engine's front: prepare a document once, execute it often."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from graphql import DocumentNode, FragmentDefinitionNode, GraphQLError, GraphQLSyntaxError, OperationDefinitionNode

from .executor.complete import Completer
from .executor.executable import Executable, Response, formatted
from .executor.introspect import Introspection
from .executor.prepare import prepare
from .executor.transport import Transport
from .executor.variables import Variables
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

_T = TypeVar("_T")


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
    `override_labels` are those of progressive overrides that are active.
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
        override_labels: Collection[str] = (),
        name_services_in_errors: bool = False,
    ) -> None:
        if missing := [name for name in supergraph.subgraphs if name not in transports]:
            raise ValueError(f"no transport for the subgraphs {', '.join(missing)}")
        self.api_schema = supergraph.api_schema
        self._hidden = hidden_values(supergraph.schema, supergraph.api_schema)
        self._graph = QueryGraph(supergraph, override_labels)
        self._transports = transports
        self._max_tokens = max_tokens
        self._max_depth = max_depth
        self._max_operations = max_operations
        self._planning_budget = planning_budget
        self._name_services = name_services_in_errors
        self._prepared: _Bounded[PreparedOperation] = _Bounded(plan_cache_size, plan_cache_bytes)
        self._refused: _Bounded[list[Response]] = _Bounded(max(plan_cache_size // 10, 1), plan_cache_bytes // 10)

    def prepare(self, document: str, operation_name: str | None = None) -> PreparedOperation:
        """The operation, ready to execute. Raises RequestRefused for syntax, validation and planning errors."""
        identity = (document, operation_name)
        if prepared := self._prepared.get(identity):
            return prepared
        if errors := self._refused.get(identity):
            raise RequestRefused(errors)
        try:
            prepared = self._prepare(document, operation_name)
        except RequestRefused as refused:
            self._refused.put(identity, refused.errors, len(document) + len(str(refused)))
            raise
        self._prepared.put(identity, prepared, len(document) + sum(len(each.document) for each in prepared.plan.fetches()))
        return prepared

    def explain(self, document: str, operation_name: str | None = None) -> Stages:
        """The stages of planning, for people to read; nothing is kept. Raises RequestRefused like `prepare`."""
        try:
            parsed = parse_document(document, self._max_tokens, self._max_depth)
        except GraphQLSyntaxError as error:
            raise RequestRefused([formatted(error, "GRAPHQL_PARSE_FAILED")]) from error
        except GraphQLError as error:
            raise RequestRefused([formatted(error, "GRAPHQL_VALIDATION_FAILED")]) from error
        budget = Budget(self._planning_budget)
        try:
            errors = validate_document(self.api_schema, parsed, self._max_depth, self._max_operations, budget)
            if errors:
                raise RequestRefused([formatted(error, "GRAPHQL_VALIDATION_FAILED") for error in errors])
            return self._plan(parsed, _choose(parsed, operation_name), budget)
        except (BudgetExceeded, RecursionError) as error:
            raise _refused("The operation is too complex to plan.") from error
        except Unplannable as error:
            raise _refused(str(error)) from error

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

    def _prepare(self, text: str, operation_name: str | None) -> PreparedOperation:
        stages = self.explain(text, operation_name)
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

    def _plan(self, document: DocumentNode, node: OperationDefinitionNode, budget: Budget) -> Stages:
        fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
        keys = Keys(self._graph.field_names)
        reader = SelectionReader(self._graph.schema, self._graph.possible, keys, budget, fragments, self._graph.directives)
        operation = normalise(self._graph.schema, node, reader, keys)
        fetch_graphs, plan = build_plan(self._graph, operation, keys, budget)
        return Stages(operation, fetch_graphs, plan, node, fragments)


class _Bounded(Generic[_T]):
    """The values used last, at most `size` of them and together of at most the weight `limit`."""

    def __init__(self, size: int, limit: int) -> None:
        self._size = size
        self._limit = limit
        self._weight = 0
        self._kept: OrderedDict[tuple[str, str | None], tuple[_T, int]] = OrderedDict()

    def get(self, identity: tuple[str, str | None]) -> _T | None:
        found = self._kept.get(identity)
        if found is None:
            return None
        self._kept.move_to_end(identity)
        return found[0]

    def put(self, identity: tuple[str, str | None], value: _T, weight: int) -> None:
        if weight > self._limit:
            return
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


def _refused(message: str) -> RequestRefused:
    return RequestRefused([{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}])

"""Query plan to functions that run it: whatever a plan alone decides is decided here, once."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass, field, replace

from ..planner.plan import Condition, DocumentText, Fetch, Node, Parallel, Sequence, Subscription
from .collect import Tree, TreePath
from .contextual import Group, Grouping
from .parts import EntitiesPart, FetchPart, RootPart, Targets, holds
from .problems import Problem, reported, unreachable
from .transport import SubgraphRequest, Transport, TransportError

_MOST_COPIES = 20  # in one request: enough to save calls, too few to run into a subgraph's limits
_MOST_DOCUMENTS = 100  # that are kept of one fetch

_NO_DATA = "The subgraph's answer holds no data."


@dataclass(slots=True)
class Execution:
    """One response in the making."""

    tree: Tree
    variables: Mapping[str, object]
    context: object
    problems: list[Problem] = field(default_factory=list)


Run = Callable[[Execution], Awaitable[None]]
_Send = Callable[[Execution, Tree, Items[Targets]], Awaitable[None]]


def prepare(node: Node, transports: Mapping[str, Transport]) -> Run:
    """A function that runs `node`, a plan without Subscription, on an execution."""
    match node:
        case Fetch():
            return _prepare_fetch(node, transports[node.subgraph])
        case Sequence():
            return _in_sequence([prepare(each, transports) for each in node.nodes])
        case Parallel():
            return _in_parallel([prepare(each, transports) for each in node.nodes])
        case Condition():
            return _conditional(node, prepare(node.node, transports))
        case Subscription():
            raise ValueError("a subscription is not run but followed")


def _in_sequence(runs: list[Run]) -> Run:
    async def run(execution: Execution) -> None:
        for each in runs:
            await each(execution)

    return run


def _in_parallel(runs: list[Run]) -> Run:
    async def run(execution: Execution) -> None:
        await gather(*[each(execution) for each in runs])

    return run


def _conditional(node: Condition, inner: Run) -> Run:
    async def run(execution: Execution) -> None:
        if holds(node.any_of, execution.variables):
            await inner(execution)

    return run


def _prepare_fetch(fetch: Fetch, transport: Transport) -> Run:
    if fetch.text:
        return _prepare_copies(fetch, fetch.text, transport)
    parts = [RootPart(part) if not part.representations else EntitiesPart(part) for part in fetch.parts]
    send = _prepare_request(fetch, parts, transport)

    async def run(execution: Execution) -> None:
        variables = _given(fetch, execution)
        targets = [part.gather(execution.tree, variables, execution.variables) for part in parts]
        if any(targets):
            await send(execution, variables, targets)

    return run


def _prepare_copies(fetch: Fetch, text: DocumentText, transport: Transport) -> Run:
    """A fetch whose parts travel in a copy for each set of values, a bounded number of them in one request."""
    groupings = [Grouping(part) for part in fetch.parts]
    requests: dict[tuple[int, ...], _Send] = {}

    def request(copies: tuple[int, ...]) -> _Send:
        if copies not in requests:
            if len(requests) >= _MOST_DOCUMENTS:
                requests.pop(next(iter(requests)))
            parts = tuple(part.copy(each) for part, count in zip(fetch.parts, copies, strict=True) for each in range(count))
            copied = replace(fetch, document=text.document(copies), parts=parts, text=None)
            requests[copies] = _prepare_request(copied, [EntitiesPart(part) for part in parts], transport)
        return requests[copies]

    async def send(execution: Execution, groups: Items[tuple[int, Group]]) -> None:
        variables = _given(fetch, execution)
        copies = [0] * len(fetch.parts)
        for number, group in groups:
            variables.update(group.variables(fetch.parts[number].copy(copies[number])))
            copies[number] += 1
        await request(tuple(copies))(execution, variables, [group.targets for _, group in groups])

    async def run(execution: Execution) -> None:
        groups = [
            (number, group) for number, each in enumerate(groupings) for group in each.gather(execution.tree, execution.variables)
        ]
        chunks = [groups[start : start + _MOST_COPIES] for start in range(0, len(groups), _MOST_COPIES)]
        await gather(*[send(execution, chunk) for chunk in chunks])

    return run


def _given(fetch: Fetch, execution: Execution) -> Tree:
    given = execution.variables
    return {each: given[each] for each in fetch.variables if each in given} if fetch.variables else {}


def _prepare_request(fetch: Fetch, parts: Items[FetchPart], transport: Transport) -> _Send:
    document, name, kind = fetch.document, fetch.operation_name, fetch.kind

    async def send(execution: Execution, variables: Tree, targets: Items[Targets]) -> None:
        tree = execution.tree
        try:
            response = await transport.fetch(SubgraphRequest(document, name, variables, kind), execution.context)
        except TransportError as error:
            execution.problems.append(_nothing(fetch, parts, targets, tree, str(error)))
            return
        data, errors = response.data, response.errors
        places = _places(parts, targets, tree) if errors else []
        if data.__class__ is dict:
            for part, target in zip(parts, targets, strict=True):
                if not part.spread(data, target) and not errors:
                    execution.problems.append(_nothing(fetch, parts, targets, tree, _NO_DATA))
        elif not errors:
            execution.problems.append(_nothing(fetch, parts, targets, tree, _NO_DATA))
        if errors:
            execution.problems += (
                reported(fetch, error, places, answered=data is not None)
                for error in errors
                if not any(part.withholds(error.get("path"), target) for part, target in zip(parts, targets, strict=True))
            )

    return send


def _nothing(fetch: Fetch, parts: Items[FetchPart], targets: Items[Targets], tree: Tree, message: str) -> Problem:
    places = [[place for same in own for place in same] for own in _places(parts, targets, tree)]
    return unreachable(fetch, places, message)


def _places(parts: Items[FetchPart], targets: Items[Targets], tree: Tree) -> list[list[list[TreePath]]]:
    return [part.places(tree, target) for part, target in zip(parts, targets, strict=True)]

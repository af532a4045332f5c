"""Query plan to functions that run it: whatever a plan alone decides is decided here, once."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass, field

from ..planner.plan import Condition, Fetch, Node, Parallel, Sequence, Subscription
from .collect import Tree, TreePath
from .parts import EntitiesPart, FetchPart, RootPart, Targets, holds
from .problems import Problem, reported, unreachable
from .transport import SubgraphRequest, Transport, TransportError

_NO_DATA = "The subgraph's answer holds no data."


@dataclass(slots=True)
class Execution:
    """One response in the making."""

    tree: Tree
    variables: Mapping[str, object]
    context: object
    problems: list[Problem] = field(default_factory=list)


Run = Callable[[Execution], Awaitable[None]]


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
    parts = [RootPart(part) if not part.representations else EntitiesPart(part) for part in fetch.parts]
    document, name, names, kind = fetch.document, fetch.operation_name, fetch.variables, fetch.kind

    async def run(execution: Execution) -> None:
        tree, given = execution.tree, execution.variables
        variables: Tree = {each: given[each] for each in names if each in given} if names else {}
        targets = [part.gather(tree, variables, given) for part in parts]
        if not any(targets):
            return
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

    return run


def _nothing(fetch: Fetch, parts: Items[FetchPart], targets: Items[Targets], tree: Tree, message: str) -> Problem:
    places = [[place for same in own for place in same] for own in _places(parts, targets, tree)]
    return unreachable(fetch, places, message)


def _places(parts: Items[FetchPart], targets: Items[Targets], tree: Tree) -> list[list[list[TreePath]]]:
    return [part.places(tree, target) for part, target in zip(parts, targets, strict=True)]

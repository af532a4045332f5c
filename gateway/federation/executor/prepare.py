"""Query plan to functions that run it: whatever a plan alone decides is decided here, once."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from ..planner.plan import Condition, Fetch, Flatten, Node, Parallel, Path, Sequence
from .collect import Tree, TreePath, locate, make_collector
from .merge import merge, rename
from .problems import Problem, reported, unreachable
from .represent import make_representer
from .transport import SubgraphRequest, SubgraphResponse, Transport, TransportError


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
        case Fetch() if node.representations:
            raise ValueError("a fetch of entities stands under a Flatten")
        case Fetch():
            return _prepare_root(node, (), transports[node.subgraph])
        case Flatten() if node.node.representations:
            return _prepare_entities(node.node, node.path, transports[node.node.subgraph])
        case Flatten():
            return _prepare_root(node.node, node.path, transports[node.node.subgraph])
        case Sequence():
            return _in_sequence([prepare(each, transports) for each in node.nodes])
        case Parallel():
            return _in_parallel([prepare(each, transports) for each in node.nodes])
        case Condition():
            return _conditional(node, prepare(node.node, transports))
        case _:
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
        variables = execution.variables
        for all_of in node.any_of:
            if all((variables.get(name) is True) is wanted for name, wanted in all_of):
                await inner(execution)
                return

    return run


def _prepare_root(fetch: Fetch, path: Path, transport: Transport) -> Run:
    """A fetch of root fields, merged into the tree's root or, below a field of the root's type, into each object."""
    collect = make_collector(path)
    make_request = _requests(fetch)

    async def run(execution: Execution) -> None:
        objects = collect(execution.tree)
        if not objects:
            return
        response = await _ask(fetch, transport, make_request(execution, None), execution, path)
        if response is None:
            return
        if isinstance(data := response.data, dict):
            if fetch.renames:
                rename(data, fetch.renames)
            for each in objects:
                merge(each, data)
        elif not response.errors:
            _report_nothing(fetch, execution, path)
        for error in response.errors:
            places = [place for place, _ in locate(execution.tree, path)]
            execution.problems.append(reported(fetch, error, None, places))

    return run


def _prepare_entities(fetch: Fetch, path: Path, transport: Transport) -> Run:
    collect = make_collector(path)
    represent = make_representer(fetch.representations)
    make_request = _requests(fetch)

    async def run(execution: Execution) -> None:
        objects = collect(execution.tree)
        if not objects:
            return
        representations, standing = represent(objects)
        if not representations:
            return
        response = await _ask(fetch, transport, make_request(execution, representations), execution, path)
        if response is None:
            return
        data = response.data
        entities = data.get("_entities") if isinstance(data, dict) else None
        if isinstance(entities, list) and len(entities) == len(standing):
            if fetch.renames:
                rename(entities, fetch.renames)
            for entity, same in zip(entities, standing, strict=True):
                if entity.__class__ is dict:
                    for each in same:
                        merge(each, entity)
        elif not response.errors:
            _report_nothing(fetch, execution, path)
        if response.errors:
            places = _places(execution.tree, path, standing)
            everywhere = [place for same in places for place in same]
            execution.problems += (reported(fetch, error, places, everywhere) for error in response.errors)

    return run


def _requests(fetch: Fetch) -> Callable[[Execution, list[Tree] | None], SubgraphRequest]:
    document, name, names, kind = fetch.document, fetch.operation_name, fetch.variables, fetch.kind
    own_variable = fetch.representations_variable

    def make(execution: Execution, representations: list[Tree] | None) -> SubgraphRequest:
        given = execution.variables
        variables = {each: given[each] for each in names if each in given} if names else {}
        if representations is not None:
            variables[own_variable] = representations
        return SubgraphRequest(document, name, variables, kind)

    return make


async def _ask(
    fetch: Fetch, transport: Transport, request: SubgraphRequest, execution: Execution, path: Path
) -> SubgraphResponse | None:
    try:
        return await transport.fetch(request, execution.context)
    except TransportError as error:
        places = [place for place, _ in locate(execution.tree, path)]
        execution.problems.append(unreachable(fetch, places, str(error), "UNAVAILABLE"))
        return None


def _report_nothing(fetch: Fetch, execution: Execution, path: Path) -> None:
    places = [place for place, _ in locate(execution.tree, path)]
    execution.problems.append(unreachable(fetch, places, "The subgraph's answer holds no data.", "UNAVAILABLE"))


def _places(tree: Tree, path: Path, standing: list[list[Tree]]) -> list[list[TreePath]]:
    """The paths of the objects that each representation stands for."""
    paths: dict[int, list[TreePath]] = {}
    for at, found in locate(tree, path):
        paths.setdefault(id(found), []).append(at)
    return [[at for each in same for at in paths.get(id(each), [])] for same in standing]

"""Follows a subscription: its primary fetch is a stream, and each event becomes an execution."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing

from ..planner.plan import Fetch
from .merge import rename
from .prepare import Execution, Run
from .problems import reported, unreachable
from .transport import SubgraphRequest, SubgraphResponse, SubscriptionTransport, Transport, TransportError


async def follow(
    fetch: Fetch, rest: Run | None, transport: Transport, variables: Mapping[str, object], context: object
) -> AsyncGenerator[Execution, None]:
    """One finished execution for each event, in order; after a broken stream one that holds the error, and the end."""
    given = {name: variables[name] for name in fetch.variables if name in variables}
    request = SubgraphRequest(fetch.document, fetch.operation_name, given, "subscription")
    try:
        async with aclosing(_events(transport, request, context)) as events:
            async for event in events:
                execution = _begin(fetch, event, variables, context)
                if rest:
                    await rest(execution)
                yield execution
    except TransportError as error:
        execution = Execution({}, variables, context)
        execution.problems.append(unreachable(fetch, [[()]], str(error)))
        yield execution


async def _events(transport: Transport, request: SubgraphRequest, context: object) -> AsyncGenerator[SubgraphResponse, None]:
    subscribe: Callable[[SubgraphRequest, object], AsyncIterator[SubgraphResponse]] | None = getattr(
        transport, SubscriptionTransport.subscribe.__name__, None
    )
    if subscribe is None:
        raise TransportError("This subgraph offers no subscriptions.")
    events = subscribe(request, context)
    try:
        async for event in events:
            yield event
    finally:
        if close := getattr(events, "aclose", None):
            await close()


def _begin(fetch: Fetch, event: SubgraphResponse, variables: Mapping[str, object], context: object) -> Execution:
    part = fetch.parts[0]
    tree = event.data if isinstance(event.data, dict) else {}
    if part.renames:
        rename(tree, part.renames)
    execution = Execution(tree, variables, context)
    execution.problems += (reported(fetch, error, [[[()]]], answered=event.data is not None) for error in event.errors)
    return execution

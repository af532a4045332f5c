"""A subgraph's own time-out and the request's deadline, whichever comes first."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from gateway.federation.executor.transport import SubgraphRequest, TransportError
from gateway.transports.context import RequestContext

T = TypeVar("T")


async def within(answer: Awaitable[T], seconds: float, request: SubgraphRequest, context: RequestContext) -> T:
    """The answer. Raises TransportError when it has not come in time; it is cancelled then."""
    latest = asyncio.get_running_loop().time() + seconds
    try:
        async with asyncio.timeout_at(min(latest, context.deadline)):
            return await answer
    except TimeoutError as error:
        doubt = "; what was asked may or may not have been done" if request.kind == "mutation" else ""
        raise TransportError(f"a part of the platform did not answer in time{doubt}") from error

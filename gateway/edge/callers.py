"""The port through which the edge learns who sends a request, and what subgraphs are told of it."""

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol

from gateway.transports.context import RequestContext


class Callers(Protocol):
    """`tokens.py` knows Murmur's own; `forwarding.py` leaves it to the subgraphs, and passes headers on."""

    def context(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], deadline: float
    ) -> RequestContext | Awaitable[RequestContext]:
        """The context of a request, of which nothing but its headers was read. Raises Refusal where it may not go on.

        To be awaited in the rare case that something must be asked first; that may raise Refusal as well.

        `scope` is ASGI's; `headers` are its headers by name, in lower case, the last one of each name. `deadline` is in
        seconds of the event loop's clock.
        """
        ...


async def context_of(
    callers: Callers, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], deadline: float
) -> RequestContext:
    """The context of a request, whatever must be asked first. Raises Refusal."""
    context = callers.context(scope, headers, deadline)
    return context if isinstance(context, RequestContext) else await context

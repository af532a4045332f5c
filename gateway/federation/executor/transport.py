"""What the executor asks of the outside: one way to reach each subgraph."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class SubgraphRequest:
    """One operation for a subgraph.

    `document` is the same object for every execution of one plan, so it can be cached by. `variables` are JSON values.
    """

    document: str
    operation_name: str | None
    variables: Mapping[str, object]
    kind: Literal["query", "mutation", "subscription"]


@dataclass(frozen=True, slots=True)
class SubgraphResponse:
    """What a subgraph answered: a response map of the GraphQL specification.

    The data belongs to whoever asked, who may change it in place.
    """

    data: Any
    errors: Sequence[Mapping[str, object]] = ()
    extensions: Mapping[str, object] = field(default_factory=dict)


class TransportError(Exception):
    """The subgraph could not be asked, or what it answered is no GraphQL response; `str(error)` may be told to clients."""


class Transport(Protocol):
    """Reaches one subgraph. Called concurrently; raises nothing but TransportError."""

    async def fetch(self, request: SubgraphRequest, context: object) -> SubgraphResponse:
        """Runs a query or mutation once; it is not retried by the caller. `context` is the caller's, handed through."""
        ...


class SubscriptionTransport(Transport, Protocol):
    """A transport that can also follow a subscription."""

    def subscribe(self, request: SubgraphRequest, context: object) -> AsyncIterator[SubgraphResponse]:
        """Every event in order until the subgraph completes it; closing the iterator unsubscribes."""
        ...

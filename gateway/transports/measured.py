"""Counts and times the fetches of one subgraph."""

from collections.abc import AsyncIterator, Callable
from time import perf_counter

from gateway.federation.executor.transport import SubgraphRequest, SubgraphResponse, Transport, TransportError
from murmur.telemetry.metrics import Metrics


class MeasuredTransport:
    """Passes everything through to `transport`. Outcomes: `ok`, `errors` (the subgraph reported some), `failed`."""

    def __init__(self, name: str, transport: Transport, metrics: Metrics) -> None:
        self._name = name
        self._transport = transport
        self._metrics = metrics

    async def fetch(self, request: SubgraphRequest, context: object) -> SubgraphResponse:
        started = perf_counter()
        outcome = "failed"
        try:
            response = await self._transport.fetch(request, context)
            outcome = "errors" if response.errors else "ok"
            return response
        finally:
            self._metrics.count("murmur_subgraph_fetches_total", self._name, outcome)
            self._metrics.observe("murmur_subgraph_fetch_seconds", perf_counter() - started, self._name)

    def subscribe(self, request: SubgraphRequest, context: object) -> AsyncIterator[SubgraphResponse]:
        """Raises TransportError where the transport follows no subscriptions."""
        subscribe: Callable[[SubgraphRequest, object], AsyncIterator[SubgraphResponse]] | None
        subscribe = getattr(self._transport, "subscribe", None)
        if subscribe is None:
            raise TransportError("a part of the platform offers no subscriptions")
        return subscribe(request, context)

"""Whether a process may be sent requests, and why not: `/health/live`, `/health/ready` and `/metrics` of every role."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from murmur.telemetry.metrics import Metrics

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _State:
    reason: str | None
    essential: bool


class Health:
    """What the parts of a process, and the engines that it uses, say of themselves.

    A process is alive as long as it answers. It is ready while it is not `draining` and no essential part has a reason.
    """

    def __init__(self) -> None:
        self._parts: dict[str, _State] = {}
        self.draining = False

    def tell(self, part: str, reason: str | None, *, essential: bool = True) -> None:
        """`reason` is why `part` does not work, for an operator to read; None when it works. What changes is logged."""
        before = self._parts.get(part)
        self._parts[part] = _State(reason, essential)
        if before is None or before.reason == reason:
            return
        if reason is None:
            _log.info("works", part=part)
        else:
            _log.warning("does not work", part=part, reason=reason)

    def forget(self, part: str) -> None:
        self._parts.pop(part, None)

    @property
    def reasons(self) -> list[str]:
        """Why the process is not ready; none when it is."""
        failing = [f"{name}: {state.reason}" for name, state in self._parts.items() if state.essential and state.reason]
        return [*failing, *(["draining"] if self.draining else [])]

    @property
    def parts(self) -> Mapping[str, str]:
        return {name: state.reason or "ok" for name, state in self._parts.items()}


def health_routes(health: Health, metrics: Metrics) -> list[Route]:
    """What probes and Prometheus ask. None of it does I/O, so that a slow engine can't make a process look dead."""

    async def live(_request: Request) -> Response:
        return _json({"status": "ok"})

    async def ready(_request: Request) -> Response:
        reasons = health.reasons
        answer = {"status": "not ready", "reasons": reasons} if reasons else {"status": "ok"}
        return _json({**answer, "parts": health.parts}, 503 if reasons else 200)

    async def exposition(_request: Request) -> Response:
        return Response(metrics.exposition(), headers={"content-type": METRICS_TYPE})

    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", exposition)]


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, headers={"cache-control": "no-store"}, media_type="application/json")

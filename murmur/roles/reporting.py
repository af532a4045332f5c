"""Tells the event log what this process has done, for the platform's metrics: requests, faults, and how long fanout took."""

import asyncio

import structlog

from murmur.broker.ports import Broker, Message
from murmur.clock import wall_clock
from murmur.errors import Unavailable
from murmur.events import PlatformSampled, encode_event, route
from murmur.ids import random_id_at
from murmur.telemetry.metrics import Metrics

_SECONDS = 10.0
_log = structlog.get_logger()


async def report(metrics: Metrics, broker: Broker) -> None:
    """Publish a sample after each few seconds in which anything was done, until cancelled."""
    told = _Done()
    sample: PlatformSampled | None = None
    while True:
        await asyncio.sleep(_SECONDS)
        if sample is None:
            done = _Done.of(metrics)
            sample, told = done.since(told, wall_clock()), done
        if sample is not None:
            try:
                await broker.publish([Message(*route(sample), encode_event(sample))])
                sample = None
            except Unavailable as error:
                # It may have been kept all the same: it is told again under its id, and what is done meanwhile after it.
                _log.warning("a sample of the platform's metrics waits for the event log", reason=str(error))


class _Done:
    """What a process has done since it began."""

    def __init__(self, requests: int = 0, failures: int = 0, fanned_out: int = 0, soon: int = 0, fanout_ms: int = 0) -> None:
        self.amounts = (requests, failures, fanned_out, soon, fanout_ms)

    @classmethod
    def of(cls, metrics: Metrics) -> "_Done":
        answered = {outcome: n for (outcome,), n in metrics.counted("murmur_requests_total").items() if outcome != "abandoned"}
        fanout = metrics.observed("murmur_fanout_delay_seconds")
        failures = answered.get("failed", 0)
        return cls(sum(answered.values()), failures, fanout.count, fanout.within_second, round(fanout.seconds * 1000))

    def since(self, before: "_Done", at: int) -> PlatformSampled | None:
        """None where nothing was done. Its id is random, as a gateway leases no node."""
        requests, failures, fanned_out, soon, fanout_ms = map(int.__sub__, self.amounts, before.amounts)
        if not (requests or fanned_out):
            return None
        return PlatformSampled(
            id=random_id_at(at),
            at=at,
            requests=requests,
            failures=failures,
            fanned_out=fanned_out,
            fanned_out_soon=soon,
            fanout_ms=fanout_ms,
        )

"""The transport to a subgraph of the same process, what all transports share, and the identity that they pass on."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.federation.executor.transport import SubgraphRequest, TransportError
from gateway.transports.context import IdentityHeaders, RequestContext
from gateway.transports.in_process import InProcessTransport
from gateway.transports.measured import MeasuredTransport
from murmur.identity import IDENTITY_HEADER, Caller, TokenSigner, TokenVerifier, Viewer
from murmur.telemetry.metrics import Metrics

CALLER = Caller(Viewer(7, "session"), "192.0.2.1")
QUERY = SubgraphRequest("query A { a }", "A", {"x": 1}, "query")


def context(seconds: float = 5) -> RequestContext:
    def unsigned(_caller: Caller) -> Mapping[str, str]:
        raise AssertionError("no token is needed within a process")

    return RequestContext(CALLER, asyncio.get_running_loop().time() + seconds, unsigned)


async def test_the_operation_is_executed_for_the_caller_without_a_token() -> None:
    async def execute(*asked: object) -> dict[str, Any]:
        assert asked == ("query A { a }", {"x": 1}, "A", CALLER)
        return {"data": {"a": 1}, "errors": [{"message": "b"}]}

    response = await InProcessTransport("s", execute, seconds=1).fetch(QUERY, context())
    assert (response.data, response.errors) == ({"a": 1}, [{"message": "b"}])


@pytest.mark.parametrize(("seconds", "until"), [(0.02, 5), (5, 0.02)])
async def test_an_execution_is_cancelled_when_its_time_is_over(seconds: float, until: float) -> None:
    cancelled = asyncio.Event()

    async def execute(*_: object) -> dict[str, Any]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return {}

    with pytest.raises(TransportError, match="in time"):
        await InProcessTransport("s", execute, seconds=seconds).fetch(QUERY, context(until))
    assert cancelled.is_set()


async def test_a_defect_becomes_an_internal_error_without_its_text() -> None:
    async def execute(*_: object) -> dict[str, Any]:
        raise RuntimeError("hunter2")

    response = await InProcessTransport("s", execute, seconds=1).fetch(QUERY, context())
    assert response.data is None
    assert response.errors == [{"message": "the subgraph failed", "extensions": {"code": "INTERNAL"}}]


async def test_fetches_are_counted_by_subgraph_and_outcome() -> None:
    answers: list[dict[str, Any]] = [{"data": {}}, {"data": {}}, {"data": None, "errors": [{"message": "x"}]}]

    async def execute(*_: object) -> dict[str, Any]:
        if answers:
            return answers.pop()
        await asyncio.Event().wait()
        return {}

    metrics = Metrics()
    transport = MeasuredTransport("s", InProcessTransport("s", execute, seconds=0.02), metrics)
    for _ in range(3):
        await transport.fetch(QUERY, context())
    with pytest.raises(TransportError):
        await transport.fetch(QUERY, context())
    text = metrics.exposition().decode()
    for outcome, count in (("ok", 2), ("errors", 1), ("failed", 1)):
        assert f'murmur_subgraph_fetches_total{{outcome="{outcome}",subgraph="s"}} {count}.0' in text
    assert 'murmur_subgraph_fetch_seconds_count{subgraph="s"} 4.0' in text


def test_an_identity_is_signed_once_and_again_before_half_of_its_life_is_over() -> None:
    now = 1_800_000_000_000
    signer = TokenSigner(Ed25519PrivateKey.generate(), "identity", 60, lambda: now)
    verifier = TokenVerifier({signer.key_id: signer.public_key}, "identity", lambda: now)
    headers = IdentityHeaders(signer, lambda: now)

    def tokens(caller: Caller) -> str:
        return headers(caller)[IDENTITY_HEADER]

    first = tokens(CALLER)
    assert verifier.verify(first) == CALLER
    now += 29_000
    assert tokens(CALLER) == first
    assert tokens(Caller(CALLER.viewer, "192.0.2.2")) != first
    now += 2_000
    second = tokens(CALLER)
    assert second != first
    now += 29_000
    assert verifier.verify(second) == CALLER

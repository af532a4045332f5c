"""Gateways side by side: one operation of 90 KB over four HTTP subgraphs, in ours and in @apollo/gateway."""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import aiohttp
import orjson

from benchmarks.gateway.program import Program, run
from benchmarks.gateway.shop import DOCUMENT, supergraph
from benchmarks.load import quantile
from benchmarks.report import check, line, ms, title
from benchmarks.server import BenchmarkFailed, machine_seconds, murmur
from gateway.federation.engine import Engine
from gateway.federation.executor import SubgraphRequest, SubgraphResponse
from gateway.federation.supergraph import load_supergraph

CONNECTIONS = 8
ROUNDS = 3
_BEST_FETCHES = 7
_BODY = orjson.dumps({"query": DOCUMENT})
_PEERS = Path(__file__).parents[2] / "tests" / "interop" / "node_modules" / "@apollo" / "gateway"
_URL = r"http://127\.0\.0\.1:\d+"


@dataclass(slots=True)
class Gateway:
    """A gateway under way, and what was measured of it so far."""

    name: str
    program: Program
    fetches: int = 0
    answer: Any = None
    requests: int = 0
    cpu: float = 0
    seconds: float = 0
    latencies: list[float] = field(default_factory=list)

    @property
    def cpu_each(self) -> float:
        return self.cpu / self.requests


def main(seconds: float) -> None:
    """Prints a table; each gateway is under load for `seconds` in all."""
    _measure_planning()
    asyncio.run(_compare(seconds / ROUNDS))


def _measure_planning() -> None:
    """In this process, with no subgraph asked."""
    loaded = load_supergraph(supergraph({"users": 1, "products": 2, "reviews": 3, "inventory": 4}))
    engine = Engine(loaded, dict.fromkeys(loaded.subgraphs, _Nobody()))
    numbers = count()
    line("parse, validate and plan the operation", ms(_best(lambda: engine.prepare(f"{DOCUMENT}# {next(numbers)}"), 10)))
    line("find its plan again", f"{_best(lambda: engine.prepare(DOCUMENT), 5_000) * 1e6:.2f} µs")
    fetches = len(list(engine.prepare(DOCUMENT).plan.fetches()))
    check(fetches <= _BEST_FETCHES, f"{fetches} fetches planned; the best known are {_BEST_FETCHES}")


def _best(action: Callable[[], object], rounds: int) -> float:
    """CPU seconds of one, in the best of ten series: the others were disturbed."""
    series: list[float] = []
    for _ in range(10):
        started = process_time()
        for _ in range(rounds):
            action()
        series.append((process_time() - started) / rounds)
    return min(series)


async def _compare(seconds: float) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="murmur-gateways-")))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        subgraphs = await stack.enter_async_context(run([sys.executable, "-m", "benchmarks.gateway.subgraphs"], r"\{.*\}"))
        ports: dict[str, int] = json.loads(subgraphs.said)
        file = folder / "supergraph.graphql"
        file.write_text(supergraph(ports))
        gateways = [await stack.enter_async_context(gateway) for gateway in _gateways(file)]
        for gateway in gateways:
            await _warm(session, gateway, ports)
        line("the answer", f"{len(orjson.dumps(gateways[0].answer)) / 1000:.1f} kB")
        check(all(each.answer == gateways[0].answer for each in gateways), "all gateways answer the same")
        used, own, theirs, since = machine_seconds(), process_time(), subgraphs.cpu_seconds(), perf_counter()
        for _ in range(ROUNDS):
            for gateway in gateways:
                await _load(session, gateway, seconds)
        elapsed = perf_counter() - since
        own, theirs = process_time() - own, subgraphs.cpu_seconds() - theirs
        others = machine_seconds() - used - own - theirs - sum(each.cpu for each in gateways)
        for gateway in gateways:
            _print(gateway)
        if len(gateways) > 1:
            ours, *rest = gateways
            for other in rest:
                line(f"CPU of ours to that of {other.name}", f"{ours.cpu_each / other.cpu_each:.2f}", "aim: 0.50 or less")
        line("cores: generator, subgraphs, others", " ".join(f"{each / elapsed:.2f}" for each in (own, theirs, others)))


def _gateways(file: Path) -> list[Any]:
    ours = [*murmur("gateway", "--supergraph", str(file), "--host", "127.0.0.1", "--port", "0")]
    gateways = [_start("ours", ours)]
    node = shutil.which("node")
    if node and _PEERS.exists():
        script = Path(__file__).with_name("apollo.mjs")
        gateways.append(_start("@apollo/gateway", [node, str(script), str(file)]))
    else:
        line("@apollo/gateway", "not measured", "it needs node and `make interop`")
    return gateways


@asynccontextmanager
async def _start(name: str, command: list[str]) -> AsyncGenerator[Gateway]:
    async with run(command, _URL, {"NODE_ENV": "production"}) as program:
        yield Gateway(name, program)


async def _warm(session: aiohttp.ClientSession, gateway: Gateway, ports: dict[str, int]) -> None:
    """Plan, connect, fill the subgraphs' answers, let a just-in-time compiler see the path; then count the fetches of one."""
    for _ in range(200):
        gateway.answer = orjson.loads(await _ask(session, gateway))
    if gateway.answer.get("errors"):
        raise BenchmarkFailed(f"{gateway.name} answers with {gateway.answer['errors'][0]}")
    before = await _requests(session, ports)
    await _ask(session, gateway)
    # Each look is a request to every subgraph itself, and comes after it was counted.
    gateway.fetches = await _requests(session, ports) - before


async def _requests(session: aiohttp.ClientSession, ports: dict[str, int]) -> int:
    total = 0
    for port in ports.values():
        async with session.get(f"http://127.0.0.1:{port}/") as response:
            total += int(await response.read())
    return total


async def _ask(session: aiohttp.ClientSession, gateway: Gateway) -> bytes:
    url = f"{gateway.program.said}/graphql"
    async with session.post(url, data=_BODY, headers={"content-type": "application/json"}) as response:
        return await response.read()


async def _load(session: aiohttp.ClientSession, gateway: Gateway, seconds: float) -> None:
    """A closed loop: each connection asks again when it has its answer."""
    size = len(await _ask(session, gateway))
    cpu, started = gateway.program.cpu_seconds(), perf_counter()

    async def keep_asking() -> None:
        while (now := perf_counter()) - started < seconds:
            if len(await _ask(session, gateway)) != size:
                raise BenchmarkFailed(f"{gateway.name} answered otherwise under load")
            gateway.latencies.append(perf_counter() - now)
            gateway.requests += 1

    await asyncio.gather(*(keep_asking() for _ in range(CONNECTIONS)))
    gateway.seconds += perf_counter() - started
    gateway.cpu += gateway.program.cpu_seconds() - cpu


def _print(gateway: Gateway) -> None:
    title(f"{gateway.name}")
    line("fetches of a request", f"{gateway.fetches}")
    line("CPU of a request", ms(gateway.cpu_each))
    line("requests a second", f"{gateway.requests / gateway.seconds:,.0f}", f"{CONNECTIONS} connections")
    line("half within", ms(quantile(gateway.latencies, 0.5)))
    line("99 % within", ms(quantile(gateway.latencies, 0.99)))
    line("peak memory", f"{gateway.program.peak_memory() / 1e6:,.0f} MB")


class _Nobody:
    async def fetch(self, request: SubgraphRequest, context: object) -> SubgraphResponse:  # noqa: ARG002 - the port's
        return SubgraphResponse(None)

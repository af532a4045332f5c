"""The generator: closed loops, where each connection waits for its answer, and open ones, where arrivals wait for nobody."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Any

import aiohttp
import orjson

from benchmarks.workload import Kind, Operation

IN_FLIGHT = 800
"""Of an open loop, at most; an arrival beyond it is counted as an error and not sent. The gateway itself refuses at 1,000."""
_SECONDS = 20
_DRAIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Published:
    tweet_id: str
    author: str


@dataclass(slots=True)
class Tally:
    """What one phase came to. Latencies are in seconds; an open loop's count from when an operation was due."""

    offered: int = 0
    seconds: float = 0
    in_time: int = 0
    """Operations answered within the phase, composes left out: those are counted by what fanout has done."""
    latencies: defaultdict[Kind, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    published: list[Published] = field(default_factory=list)
    generator_seconds: float = 0
    others: float = 0
    """Cores that other programs of this machine used meanwhile."""

    @property
    def answered(self) -> int:
        return sum(map(len, self.latencies.values()))

    @property
    def generator_share(self) -> float:
        """Of one core."""
        return self.generator_seconds / self.seconds if self.seconds else 0

    def quantile(self, share: float, kind: Kind | None = None) -> float:
        return quantile(self.latencies[kind] if kind else [each for some in self.latencies.values() for each in some], share)


def quantile(values: Sequence[float], share: float) -> float:
    if not values:
        return float("nan")
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


class Client:
    """Sends the requests of many people over one pool of connections."""

    def __init__(self, session: aiohttp.ClientSession, tokens: Mapping[str, str]) -> None:
        self._session = session
        self._headers = {
            viewer: {"authorization": f"Bearer {token}", "content-type": "application/json"} for viewer, token in tokens.items()
        }

    async def ask(self, viewer: str, body: bytes) -> dict[str, Any]:
        """The `data` of an answer. Raises Failed for any other than a whole one."""
        try:
            async with self._session.post(
                "/graphql", data=body, headers=self._headers[viewer], timeout=aiohttp.ClientTimeout(_SECONDS)
            ) as response:
                answer = orjson.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            raise Failed(type(error).__name__) from error
        if errors := answer.get("errors"):
            raise Failed(f"{response.status} {errors[0].get('extensions', {}).get('code')}: {errors[0]['message']}"[:120])
        return answer["data"]

    async def run(self, operation: Operation, tally: Tally, due: float) -> Published | None:
        """Send an operation that was due at a moment and count it. Returns what a compose has published."""
        published = None
        try:
            data = await self.ask(operation.viewer, operation.body)
            if operation.kind is Kind.COMPOSE:
                payload = data["createTweet"]
                if payload["userErrors"]:
                    raise Failed(f"userErrors {payload['userErrors'][0]['code']}")
                published = Published(payload["tweet"]["id"], operation.viewer)
                tally.published.append(published)
        except Failed as failed:
            tally.errors[str(failed)] += 1
        else:
            tally.latencies[operation.kind].append(perf_counter() - due)
        return published


class Failed(Exception):
    """A request was not answered in full; the message is its kind."""


async def closed_loop(client: Client, draw: Callable[[], Operation], seconds: float, connections: int) -> Tally:
    """Keep `connections` busy for so long."""
    tally = Tally()
    started, used = perf_counter(), process_time()

    async def keep_busy() -> None:
        while (now := perf_counter()) - started < seconds:
            tally.offered += 1
            await client.run(draw(), tally, now)

    await asyncio.gather(*(keep_busy() for _ in range(connections)))
    tally.seconds = perf_counter() - started
    tally.generator_seconds = process_time() - used
    return tally


async def open_loop(client: Client, draw: Callable[[], Operation], rate: float, seconds: float, seed: int = 3) -> Tally:
    """Poisson arrivals of `rate` a second for so long, then wait for what is under way, with a bound.

    `in_time`, `seconds` and the generator's share are of the time of the arrivals alone.
    """
    tally = Tally()
    chance = random.Random(seed)
    tasks: set[asyncio.Task[Published | None]] = set()
    started, used = perf_counter(), process_time()
    due = started + chance.expovariate(rate)
    while due - started < seconds:
        if (ahead := due - perf_counter()) > 0:
            await asyncio.sleep(ahead)
        tally.offered += 1
        if len(tasks) < IN_FLIGHT:
            task = asyncio.create_task(client.run(draw(), tally, due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        else:
            tally.errors[f"not sent: {IN_FLIGHT} in flight"] += 1
        due += chance.expovariate(rate)
    await asyncio.sleep(max(started + seconds - perf_counter(), 0))
    tally.seconds = perf_counter() - started
    tally.generator_seconds = process_time() - used
    tally.in_time = tally.answered - len(tally.latencies[Kind.COMPOSE])
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=_DRAIN_SECONDS)
        for task in late:
            task.cancel()
    return tally

"""The social network's published workload against `murmur up`: 60 % home timeline, 30 % user timeline, 10 % compose.

The server is a process of its own on the loopback interface; this process generates the load. docs/benchmarks.md says what
each figure means.
"""

import asyncio
import os
import signal
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

import aiohttp
import uvloop

from benchmarks import in_process
from benchmarks.community import Community
from benchmarks.load import Tally, closed_loop, open_loop, quantile
from benchmarks.report import check, line, ms, title
from benchmarks.server import BenchmarkFailed, Reading, Server, machine_seconds, run_import
from benchmarks.workload import MIX, Kind, Operation, read_graph, write_archive, write_power_law

_GENERATED_PEOPLE = 1_000
_TWEETS_EACH = 20
_CONNECTIONS = 8
_STEPS = (0.5, 0.65, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.7, 2.0)
"""Of the rate that the CPU of the mix would allow one core."""
_HELD_SHARE = 0.95
_HELD_P99 = 1.0
_CALM = 0.7
_BUSY_GENERATOR = 0.8
_DRAIN_SECONDS = 60
_SAMPLE = 100


def main(graph_file: Path | None, seconds: float) -> None:
    """Run it all; `seconds` is the length of each measured phase. Raises BenchmarkFailed."""
    with (
        tempfile.TemporaryDirectory(prefix="murmur-bench-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        try:
            runner.run(_until_told(_run(Path(folder), graph_file, seconds)))
        except asyncio.CancelledError as error:
            raise BenchmarkFailed("ended by a signal") from error


async def _until_told(run: Coroutine[None, None, None]) -> None:
    """Let SIGTERM end a run as Ctrl-C does, so that the server does not outlive it."""
    task = asyncio.ensure_future(run)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


async def _run(folder: Path, graph_file: Path | None, seconds: float) -> None:
    started, data_dir = perf_counter(), folder / "data"
    if graph_file is None:
        graph_file = folder / "generated.edges"
        write_power_law(graph_file, _GENERATED_PEOPLE)
    try:
        graph = read_graph(graph_file)
    except (OSError, ValueError) as error:
        raise BenchmarkFailed(f"can't read {graph_file} as an edge list: {error}") from error
    most = max(map(len, graph.followers.values()))
    title(f"Social network: {graph_file.name}, {len(graph.people):,} people, {graph.follows:,} follows, at most {most} followers")
    line("machine", f"{os.cpu_count()} cores", f"load {os.getloadavg()[0]:.1f} before the run")
    took = await run_import(data_dir, "--follows", str(graph_file), "--mutual")
    rows = len(graph.people) + graph.follows
    line("import of people and follows", f"{rows / took:,.0f} rows/s", f"{rows:,} rows in {took:.1f} s")
    async with (
        Server(data_dir) as server,
        aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        community = await Community.open(data_dir / "keys" / "access.pem", session, graph)
        platform = _Platform(server, community, seconds)
        await platform.fill(write_archive(folder / "tweets.ndjson", graph, _TWEETS_EACH))
        rate = await platform.costs()
        held = await platform.climb(rate)
        await platform.calm(held * _CALM)
        line("peak memory of the server", f"{server.peak_memory() / 2**20:,.0f} MiB")
    await _in_process(data_dir, community)
    line("the whole run", f"{perf_counter() - started:.0f} s")


async def _in_process(data_dir: Path, community: Community) -> None:
    title("Through the gateway in process: no socket, no event workers")
    costs = await in_process.measure(data_dir, community.workload, community.tokens)
    line("home timeline, 20 entries with authors", ms(costs.home, "CPU-ms"), "aim: under 4")
    line("user timeline, 20 entries", ms(costs.user, "CPU-ms"))
    line("post until durable", ms(costs.post, "CPU-ms"), "aim: under 5")
    line("post until durable, 16 at once", ms(costs.post_together, "CPU-ms"))


class _Platform:
    """The phases, in their order."""

    def __init__(self, server: Server, community: Community, seconds: float) -> None:
        self._server = server
        self._community = community
        self._client = community.client
        self._workload = community.workload
        self._seconds = seconds

    async def fill(self, file: Path) -> None:
        """Import tweets of everybody beside the running server, whose timelines are all held, and follow the deliveries.

        `file` is an archive of them.
        """
        started, people = perf_counter(), self._community.graph.people
        await self._community.read_all()
        line("first reading of every home timeline", f"{len(people) / (perf_counter() - started):,.0f} /s")
        tweets = len(people) * _TWEETS_EACH
        before, used = await self._server.metrics(), self._server.cpu_seconds()
        importing = asyncio.create_task(run_import(self._server.data_dir, str(file)))
        readings = [(perf_counter(), before)]
        deadline = perf_counter() + _DRAIN_SECONDS + tweets / 500
        while readings[-1][1].posts - before.posts < tweets:
            if importing.done():
                importing.result()
            if perf_counter() > deadline:
                importing.cancel()
                raise BenchmarkFailed("the imported tweets did not reach the timelines in time")
            await asyncio.sleep(0.1)
            readings.append((perf_counter(), await self._server.metrics()))
        used = self._server.cpu_seconds() - used
        took = await importing
        first = next(place for place, (_, reading) in enumerate(readings) if reading.deliveries > before.deliveries)
        span = readings[-1][0] - readings[first - 1][0]
        delivered = readings[-1][1].deliveries - before.deliveries
        line("import of tweets beside the server", f"{tweets / took:,.0f} rows/s", f"{tweets:,} rows in {took:.1f} s")
        line("deliveries, from first to last", f"{delivered / span:,.0f} /s", f"{delivered:,.0f} in {span:.1f} s; aim: 20,000 /s")
        line("CPU of a delivery", f"{used / delivered * 1e6:.1f} CPU-µs", "relay, broker and fanout of its tweet included")
        due = self._community.due(people) * _TWEETS_EACH
        check(delivered == due, f"{delivered:,.0f} deliveries counted, {due:,} due")

    async def costs(self) -> float:
        """CPU of each kind and of the mix with all connections busy. Returns the rate that one core would hold."""
        title(f"CPU of the server, closed loop, {_CONNECTIONS} connections, HTTP included")
        draws: Mapping[str, Callable[[], Operation]] = {
            **{kind.value: partial(self._workload.of, kind) for kind in Kind},
            "the mix": self._workload.draw,
        }
        cost = 0.0
        for name, draw in draws.items():
            used = self._server.cpu_seconds()
            tally = await self._phase(partial(closed_loop, self._client, draw, self._seconds, _CONNECTIONS))
            cost = (self._server.cpu_seconds() - used) / max(tally.answered, 1)
            note = "; its fanout included" if name == Kind.COMPOSE.value else ""
            rate = f"{tally.answered / tally.seconds:,.0f} /s, p50 {ms(tally.quantile(0.5))}"
            line(name, ms(cost, "CPU-ms"), f"{rate}; cores: others {tally.others:.2f}{note}")
        return 1 / cost

    async def climb(self, rate: float) -> float:
        """The highest rate held: at least 95 % of what is offered is answered in time, p99 within a second."""
        title(f"Open loop, Poisson arrivals: {', '.join(f'{share:.0%} {kind.value}' for kind, share in MIX.items())}")
        held, steps = 0.0, list(_STEPS)
        while steps:
            offered = rate * steps.pop(0)
            # Twice, as another process may have had the machine for a moment.
            if await self._holds(offered) or await self._holds(offered):
                held = offered
            elif held:
                break
            elif offered < 1:
                raise BenchmarkFailed("no load at all is held")
            else:
                # Not even the first: the machine is busier now than when the CPU of the mix was measured.
                rate, steps = rate / 2, list(_STEPS)
        line("highest load held", f"{held:,.0f} /s")
        return held

    async def _holds(self, rate: float) -> bool:
        before = await self._server.metrics()
        used, server, posts = self._server.cpu_seconds(), 0.0, 0.0

        async def watch() -> None:
            nonlocal posts, server
            await asyncio.sleep(self._seconds)
            server = self._server.cpu_seconds() - used
            posts = (await self._server.metrics()).posts - before.posts

        async def load() -> Tally:
            tally, _ = await asyncio.gather(open_loop(self._client, self._workload.draw, rate, self._seconds), watch())
            return tally

        tally = await self._phase(load)
        achieved, p99 = tally.in_time + posts, tally.quantile(0.99)
        holds = achieved >= _HELD_SHARE * tally.offered and p99 <= _HELD_P99
        line(
            f"offered {tally.offered / tally.seconds:,.0f} /s",
            f"{achieved / tally.seconds:,.0f} /s",
            f"p50 {ms(tally.quantile(0.5))}, p99 {ms(p99)}; cores: server {server / tally.seconds:.2f}, "
            f"generator {tally.generator_share:.2f}, others {tally.others:.2f}{'' if holds else '; not held'}",
        )
        return holds

    async def calm(self, rate: float) -> None:
        """Latencies at a part of the highest load held, and what became of the posts."""
        title(f"Open loop at {_CALM:.0%} of the highest load held: {rate:,.0f} /s")
        before = await self._server.metrics()
        probes: list[float] = []
        probed = Tally()

        async def load() -> Tally:
            tally = await open_loop(self._client, self._workload.draw, rate, 3 * self._seconds)
            # The probes ask again and again, a load of their own, so they look at posts after the latencies are taken.
            probing = asyncio.create_task(self._community.probe(probes, probed))
            rest = await open_loop(self._client, self._workload.draw, rate, self._seconds, seed=4)
            probing.cancel()
            await asyncio.wait([probing])
            tally.published += rest.published + probed.published
            tally.errors += rest.errors + probed.errors
            return tally

        tally = await self._phase(load)
        after = await self._server.metrics()
        for kind in Kind:
            line(kind.value, f"p50 {ms(tally.quantile(0.5, kind))}", f"p99 {ms(tally.quantile(0.99, kind))}")
        line("all", f"p50 {ms(tally.quantile(0.5))}", f"p99 {ms(tally.quantile(0.99))}; aim: p99 under 100 ms")
        line(
            "compose to every timeline",
            f"p50 {ms(after.fanout_delay(0.5, before))}",
            f"p99 {ms(after.fanout_delay(0.99, before))}, by the server's histogram of {after.posts - before.posts:,.0f} posts",
        )
        line(
            "compose to the last follower's answer",
            f"p50 {ms(quantile(probes, 0.5))}",
            f"p99 {ms(quantile(probes, 0.99))}, by {len(probes)} probes from outside",
        )
        delivered = after.deliveries - before.deliveries
        line(
            "deliveries",
            f"{delivered / tally.seconds:,.0f} /s",
            f"cores: generator {tally.generator_share:.2f}, others {tally.others:.2f}",
        )
        due = self._community.due(post.author for post in tally.published)
        check(
            delivered == due and not after.buried,
            f"{delivered:,.0f} deliveries counted, {due:,} due, {after.buried:.0f} dead letters",
        )
        await self._community.verify(sorted(tally.published, key=lambda post: int(post.tweet_id))[-_SAMPLE:])

    async def _phase(self, load: Callable[[], Awaitable[Tally]]) -> Tally:
        """Run a load, wait until fanout has done with all its posts, and tell what went wrong."""
        before = await self._server.metrics()
        started, machine, ours = perf_counter(), machine_seconds(), self._server.cpu_seconds() + process_time()
        tally = await load()
        await self._drained(before, len(tally.published))
        others = machine_seconds() - machine - (self._server.cpu_seconds() + process_time() - ours)
        tally.others = max(others / (perf_counter() - started), 0)
        for kind, count in tally.errors.most_common(5):
            line("errors", f"{count:,}", kind)
        if tally.generator_share > _BUSY_GENERATOR:
            line("beware", f"{tally.generator_share:.2f} cores", "were used by the generator: it was the bottleneck")
        return tally

    async def _drained(self, before: Reading, posts: int) -> None:
        # The gauge of the consumer's lag is set every few seconds; the count of posts that fanout is done with is exact.
        deadline = perf_counter() + _DRAIN_SECONDS
        while (await self._server.metrics()).posts - before.posts < posts:
            if perf_counter() > deadline:
                raise BenchmarkFailed(f"fanout did not finish {posts:,} posts within {_DRAIN_SECONDS} seconds")
            await asyncio.sleep(0.02)

"""The whole distributed profile on this machine, asked through HAProxy: `python -m benchmarks --only cluster`."""

import asyncio
import random
import ssl
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import perf_counter

import aiohttp
import uvloop

from benchmarks.community import Community, each
from benchmarks.load import Tally, closed_loop, quantile
from benchmarks.mongodb import Rate
from benchmarks.report import line, ms, title
from benchmarks.server import BenchmarkFailed, cpu_seconds, machine_seconds, run_import
from benchmarks.workload import COMPOSE, Graph, Kind, Operation, compose_text, read_graph, request, write_power_law
from murmur.broker.kafka import KafkaBroker
from murmur.clock import wall_clock
from murmur.cluster import haproxy, kafka, mongodb, neo4j, redis
from murmur.cluster.credentials import signing_keys
from murmur.cluster.server import HOST, Server
from murmur.errors import StartupError
from murmur.ids import Snowflakes
from murmur.mongodb import Concern, open_client
from murmur.roles.cluster import Cluster, Size
from murmur.roles.cluster.status import client as operator
from workers.groups import GROUPS

_PEOPLE = 300
_FRIENDS = 10
_CONNECTIONS = 8
_HOT = 10
"""People whom everybody looks at, when the cache is measured."""
_BURST_CONNECTIONS = 32
_PROBES_SECONDS = 20.0
_CATCH_UP_SECONDS = 120.0
_LOOK_SECONDS = 0.1
_CACHED = ("users", "tweets", "timelines")
_LOOKUPS = "murmur_cache_lookups_total"


def main(graph_file: Path | None, seconds: float) -> None:
    """Run it all; `seconds` is the length of each measured phase. Raises BenchmarkFailed."""
    for engine in (mongodb, neo4j, redis, kafka, haproxy):
        if reason := engine.missing():
            line("left out", "", reason)
            return
    with tempfile.TemporaryDirectory(prefix="murmur-bench-") as name, ExitStack() as stack:
        folder, started = Path(name), perf_counter()
        if graph_file is None:
            graph_file = folder / "generated.edges"
            write_power_law(graph_file, _PEOPLE, _FRIENDS)
        try:
            graph = read_graph(graph_file)
            size = Size(members=3, brokers=1)
            cluster = stack.enter_context(Cluster(folder / "cluster", size, more={"MURMUR_SIGNUP_PER_ADDRESS": "100000/hour"}))
        except (OSError, ValueError) as error:
            raise BenchmarkFailed(f"can't read {graph_file} as an edge list: {error}") from error
        except StartupError as error:
            raise BenchmarkFailed(str(error)) from error
        title(f"{len(graph.people):,} people, {graph.follows:,} follows; MongoDB of {size.members}, Kafka of {size.brokers}")
        line("start of everything", f"{perf_counter() - started:.0f} s", f"{len(cluster.roles)} roles, 2 of them gateways")
        uvloop.run(_measure(cluster, graph, graph_file, seconds))


async def _measure(cluster: Cluster, graph: Graph, graph_file: Path, seconds: float) -> None:
    settings = cluster.engines.settings(cluster.directory / "secrets")
    took = await run_import(cluster.directory / "data", "--follows", str(graph_file), "--mutual", settings=settings)
    rows = len(graph.people) + graph.follows
    line("import of people and follows", f"{rows / took:,.0f} rows/s", f"{rows:,} rows in {took:.1f} s")
    connector = aiohttp.TCPConnector(limit=0, ssl=ssl.create_default_context(cafile=cluster.certificate))
    async with aiohttp.ClientSession(cluster.url, connector=connector) as session:
        community = await Community.open(signing_keys(cluster.directory / "certs").access, session, graph)
        measured = _Measured(cluster, community, seconds)
        await measured.fill()
        await measured.rest()
        await measured.operations()
        await measured.arrivals()
        await measured.posts_beside_inserts()
        await measured.burst()
        await measured.cache()


class _Measured:
    """The phases, in their order."""

    def __init__(self, cluster: Cluster, community: Community, seconds: float) -> None:
        self._cluster = cluster
        self._community = community
        self._seconds = seconds
        self._chance = random.Random(5)
        self._broker = KafkaBroker(cluster.engines.kafka.url)
        self._rest = (0.0, 0.0)

    async def fill(self) -> None:
        """A few posts of everybody, and everybody's timeline held."""
        await self._community.read_all()
        people = [person for person in self._community.graph.people for _ in range(3)]
        tally = Tally()
        await each(people, partial(self._post, tally))
        await self._at_rest()
        if tally.errors:
            raise BenchmarkFailed(f"{tally.errors.total()} posts failed: {tally.errors.most_common(1)[0][0]}")

    async def rest(self) -> None:
        """What everything uses when nobody asks."""
        before, started = self._used(), perf_counter()
        await asyncio.sleep(self._seconds)
        seconds = perf_counter() - started
        roles, engines = (after - earlier for after, earlier in zip(self._used(), before, strict=True))
        self._rest = roles / seconds, engines / seconds
        line("cores used when nobody asks", f"{self._rest[0]:.2f}", f"by roles and HAProxy; {self._rest[1]:.2f} by engines")

    async def operations(self) -> None:
        title(f"{_CONNECTIONS} connections by TLS through HAProxy, each sends when it has its answer")
        for kind in Kind:
            tally, roles, engines = await self._phase(partial(self._community.workload.of, kind), _CONNECTIONS)
            latency = f"p50 {ms(tally.quantile(0.5))}, p99 {ms(tally.quantile(0.99))}"
            line(kind.value, f"{tally.answered / tally.seconds:,.0f} /s", f"{latency}; cores used by others {tally.others:.2f}")
            line("CPU of roles and HAProxy", ms(roles, "CPU-ms"), "workers included")
            line("CPU of engines", ms(engines, "CPU-ms"))
        tally, _, _ = await self._phase(partial(self._community.workload.of, Kind.HOME), 1)
        line("home timeline, alone", f"p50 {ms(tally.quantile(0.5))}", f"p99 {ms(tally.quantile(0.99))}")

    async def arrivals(self) -> None:
        title("From the sending of a post to the answer of the follower whom fanout reaches last")
        delays, tally = list[float](), Tally()
        probing = asyncio.create_task(self._community.probe(delays, tally))
        await asyncio.sleep(_PROBES_SECONDS)
        probing.cancel()
        await asyncio.wait([probing])
        line("", f"p50 {ms(quantile(delays, 0.5))}", f"p99 {ms(quantile(delays, 0.99))}, {len(delays)} posts one by one")
        _tell(tally)

    async def posts_beside_inserts(self) -> None:
        title("Posts until most members have them, beside bare inserts by the driver, in turns")
        mongo, database = open_client(self._cluster.engines.mongodb.url_of("bare"))
        bare, ids = Concern().of(database)["bare"], Snowflakes(0)

        async def insert() -> None:
            text = compose_text(self._chance, self._community.graph.people)
            await bare.insert_one({"_id": ids(), "author_id": ids(), "created_at": wall_clock(), "text": text})

        tally = Tally()

        async def post() -> None:
            await self._community.client.run(self._community.workload.of(Kind.COMPOSE), tally, perf_counter())

        for callers in (1, _CONNECTIONS, _BURST_CONNECTIONS):
            inserts, posts = Rate(), Rate()
            for _ in range(3):
                await inserts.turn(callers, insert)
                await posts.turn(callers, post)
                await self._at_rest()
            ratio = f"{posts.each_second / inserts.each_second:.2f} of bare inserts ({inserts.each_second:,.0f} /s)"
            line(f"posts, {callers} at once", f"{posts.each_second:,.0f} /s", ratio)
        _tell(tally)
        await mongo.close()

    async def burst(self) -> None:
        title(f"A burst of posts by {_BURST_CONNECTIONS} connections")
        most = dict.fromkeys(GROUPS, 0)
        posting = asyncio.create_task(self._load(partial(self._community.workload.of, Kind.COMPOSE), _BURST_CONNECTIONS))
        while not posting.done():
            for group in GROUPS:
                most[group] = max(most[group], await self._broker.lag(group))
            await asyncio.sleep(_LOOK_SECONDS)
        ended, tally = perf_counter(), posting.result()
        line("posts", f"{tally.answered / tally.seconds:,.0f} /s", f"{tally.answered:,} in {tally.seconds:.1f} s")
        waiting = set(GROUPS)
        while waiting:
            for group in sorted(waiting):
                if not await self._broker.lag(group):
                    line(f"lag of {group}, at most", f"{most[group]:,}", f"none {perf_counter() - ended:.1f} s after the burst")
                    waiting.remove(group)
            if perf_counter() - ended > _CATCH_UP_SECONDS:
                raise BenchmarkFailed(f"{', '.join(waiting)} did not catch up in {_CATCH_UP_SECONDS:g} s")
            await asyncio.sleep(_LOOK_SECONDS)
        await self._community.verify(sorted(tally.published, key=lambda post: int(post.tweet_id))[-100:])

    async def cache(self) -> None:
        """Everybody looks at the same few people, first with the cache and then, after a restart of who uses it, without."""
        title(f"Timelines of {_HOT} people whom everybody looks at, with the cache and without")
        await self._warm()
        before = await self._lookups()
        with_cache = await self._phase(self._popular, _CONNECTIONS)
        after = await self._lookups()
        for kind in sorted({kind for kind, _ in after}):
            found, asked = (
                sum(count - before.get(key, 0) for key, count in after.items() if key[0] == kind and key[1] in outcomes)
                for outcomes in (("hit",), ("hit", "miss"))
            )
            line(f"{kind} found in the cache", f"{found / asked:.1%}" if asked else "none asked for", f"of {asked:,.0f}")
        for name in _CACHED:
            role = self._cluster.subgraphs[name]
            await asyncio.to_thread(role.stop)
            kept = {key: value for key, value in (role.environment or {}).items() if key != "MURMUR_CACHE_URL_FILE"}
            role.environment = {**kept, "MURMUR_CACHE_URL": "none:"}
            await asyncio.to_thread(role.start)
        await self._warm()
        without = await self._phase(self._popular, _CONNECTIONS)
        for name, (tally, roles, engines) in (("with the cache", with_cache), ("without", without)):
            latency = f"p50 {ms(tally.quantile(0.5))}, p99 {ms(tally.quantile(0.99))}"
            cpu = f"roles {ms(roles, 'CPU-ms')}, engines {ms(engines, 'CPU-ms')}"
            line(name, f"{tally.answered / tally.seconds:,.0f} /s", f"{latency}; {cpu}")
        await self._broker.close()

    async def _warm(self) -> None:
        await closed_loop(self._community.client, self._popular, 2, _CONNECTIONS)

    def _popular(self) -> Operation:
        people = self._community.graph.people
        return self._community.workload.person(self._chance.choice(people), self._chance.choice(people[:_HOT]))

    async def _post(self, tally: Tally, author: str) -> None:
        text = compose_text(self._chance, self._community.graph.people)
        await self._community.client.run(Operation(Kind.COMPOSE, author, request(COMPOSE, text=text)), tally, perf_counter())

    async def _load(self, draw: Callable[[], Operation], connections: int) -> Tally:
        return await closed_loop(self._community.client, draw, self._seconds, connections)

    async def _phase(self, draw: Callable[[], Operation], connections: int) -> tuple[Tally, float, float]:
        """A load and what follows from it; seconds of CPU of an operation, beyond what is used when nobody asks: of the roles
        with HAProxy, and of the engines."""
        before, machine, started = self._used(), machine_seconds(), perf_counter()
        tally = await self._load(draw, connections)
        if tally.published:
            await self._at_rest()
        used, seconds = [after - earlier for after, earlier in zip(self._used(), before, strict=True)], perf_counter() - started
        tally.others = max((machine_seconds() - machine - sum(used) - tally.generator_seconds) / seconds, 0)
        _tell(tally)
        answered = max(tally.answered, 1)
        roles, engines = ((cpu - rest * seconds) / answered for cpu, rest in zip(used, self._rest, strict=True))
        return tally, roles, engines

    def _used(self) -> tuple[float, float]:
        """Seconds of CPU until now, of the roles with HAProxy and of the engines."""
        return _cpu([*self._cluster.roles.values(), self._cluster.haproxy.server]), _cpu(self._cluster.engines.servers)

    async def _at_rest(self) -> None:
        """Wait until every group has done all that was published."""
        deadline = perf_counter() + _CATCH_UP_SECONDS
        while any([await self._broker.lag(group) for group in GROUPS]):
            if perf_counter() > deadline:
                raise BenchmarkFailed(f"the workers did not catch up in {_CATCH_UP_SECONDS:g} s")
            await asyncio.sleep(_LOOK_SECONDS)

    async def _lookups(self) -> Mapping[tuple[str, str], float]:
        """Of the cache, by kind and outcome."""
        found: dict[tuple[str, str], float] = {}
        connector = aiohttp.TCPConnector(ssl=operator(self._cluster.directory))
        async with aiohttp.ClientSession(connector=connector) as session:
            for name in _CACHED:
                async with session.get(f"https://{HOST}:{self._cluster.subgraphs[name].port}/metrics") as response:
                    for sample in (await response.text()).splitlines():
                        if sample.startswith(f"{_LOOKUPS}{{"):
                            labels, _, value = sample.rpartition(" ")
                            kind, outcome = (labels.partition(f'{label}="')[2].partition('"')[0] for label in ("kind", "outcome"))
                            found[kind, outcome] = found.get((kind, outcome), 0) + float(value)
        return found


def _cpu(servers: Sequence[Server]) -> float:
    return cpu_seconds(*(server.pid for server in servers))


def _tell(tally: Tally) -> None:
    for kind, count in tally.errors.most_common(3):
        line("errors", f"{count:,}", kind)

"""What every lease of a node id keeps of the promises in `murmur/leases/ports.py`."""

import asyncio
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from murmur.cluster.redis import Redis
from murmur.errors import NodeIdsExhausted, StartupError, Unavailable
from murmur.ids import id_time
from murmur.leases.ports import NodeLease
from murmur.leases.wiring import open_lease
from tests.support.engines import url_of
from tests.support.waiting import until

NOW = 1_900_000_000_000
LEASE_MS = 1_000
ENDLESS_IDS = """
import asyncio, logging, sys
from pathlib import Path
import structlog
from murmur.errors import Unavailable
from murmur.leases.wiring import open_lease
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
async def main():
    ids = (await open_lease(sys.argv[1], Path(sys.argv[2]), nodes=1, lease_ms=1000)).ids()
    while True:
        try:
            print(ids(), flush=True)
        except Unavailable:
            print("unavailable", flush=True)
        await asyncio.sleep(0.001)
asyncio.run(main())
"""

Lease = Callable[..., Awaitable[NodeLease]]


@pytest.fixture(params=["file:", "redis", "redis cluster"])
def url(request: pytest.FixtureRequest) -> str:
    return url_of(request)


@pytest.fixture
async def lease(url: str, tmp_path: Path) -> AsyncIterator[Lease]:
    leases: list[NodeLease] = []

    async def open_one(clock: Callable[[], int] | None = None, nodes: int = 1024) -> NodeLease:
        clocked = {} if clock is None else {"clock": clock}
        leases.append(await open_lease(url, tmp_path, nodes=nodes, lease_ms=LEASE_MS, **clocked))
        return leases[-1]

    yield open_one
    for each in leases:
        await each.close()


async def test_two_leases_never_share_a_node(lease: Lease):
    leases = await asyncio.gather(*(lease(nodes=8) for _ in range(8)))
    assert {each.node for each in leases} == set(range(8))
    with pytest.raises(NodeIdsExhausted):
        await lease(nodes=8)


async def test_a_lease_is_kept_for_as_long_as_its_process_lives(lease: Lease):
    first = await lease(nodes=1)
    ids, given = first.ids(), list[int]()
    loop = asyncio.get_running_loop()
    end = loop.time() + 2.5 * LEASE_MS / 1_000

    async def longer_than_a_lease() -> bool:
        given.append(ids())
        return loop.time() > end

    await until(longer_than_a_lease)
    assert given == sorted(set(given))
    with pytest.raises(NodeIdsExhausted):
        await lease(nodes=1)


async def test_a_node_that_was_given_back_is_leased_again_and_its_ids_rise_although_the_clock_stepped_back(
    url: str, tmp_path: Path
):
    first = await open_lease(url, tmp_path, nodes=1, clock=lambda: NOW, lease_ms=LEASE_MS)
    last = first.ids()()
    await first.close()
    unused = await open_lease(url, tmp_path, nodes=1, clock=lambda: NOW - 3_600_000, lease_ms=LEASE_MS)
    await unused.close()
    second = await open_lease(url, tmp_path, nodes=1, clock=lambda: NOW - 3_600_000, lease_ms=LEASE_MS)
    assert second.node == first.node
    assert second.ids()() > last
    await second.close()


async def test_a_process_that_starts_on_a_clock_that_stepped_back_makes_no_ids_of_the_past(lease: Lease):
    begun = NOW
    first = await lease(clock=lambda: begun)
    earlier = first.ids()()
    # Where others have got to is known within the seconds that they reserve ahead; this is beyond them.
    begun += 60_000
    last: list[int] = []

    async def gone_on() -> bool:
        with suppress(Unavailable):
            last.append(first.ids()())
        return bool(last) and id_time(last[-1]) >= begun

    await until(gone_on)
    second = await lease(clock=lambda: NOW - 3_600_000)
    assert second.node != first.node
    assert second.ids()() > earlier


async def test_a_clock_that_was_wrong_by_years_does_not_pull_other_processes_along(lease: Lease):
    first = await lease(clock=lambda: NOW + 10 * 365 * 24 * 3_600_000)
    first.ids()()
    second = await lease(clock=lambda: NOW)
    assert id_time(second.ids()()) == NOW


async def test_ids_of_many_nodes_are_all_different(lease: Lease):
    sources = [(await lease(clock=lambda: NOW)).ids() for _ in range(5)]
    given = [ids() for _ in range(5_000) for ids in sources]
    assert len(set(given)) == len(given)


async def test_the_node_of_a_killed_process_becomes_free_and_its_ids_are_not_repeated(url: str, tmp_path: Path, lease: Lease):
    process, given = await endless_ids(url, tmp_path, 100)
    process.kill()
    given += await rest_of(process)
    found: list[NodeLease] = []

    async def free() -> bool:
        try:
            found.append(await lease(nodes=1))
        except NodeIdsExhausted:
            return False
        return True

    await until(free)
    assert found[0].ids()() > max(map(int, given))


async def test_a_scheme_that_nobody_knows_is_told_at_the_start(tmp_path: Path):
    with pytest.raises(StartupError, match="file, redis"):
        await open_lease("stone:", tmp_path)


async def test_a_process_that_hangs_gives_out_no_ids_when_its_node_is_another_s(redis_server: Redis, tmp_path: Path):
    url = f"{redis_server.url}?prefix={uuid.uuid4().hex}"
    process, given = await endless_ids(url, tmp_path, 100)
    process.send_signal(signal.SIGSTOP)
    found: list[NodeLease] = []

    async def free() -> bool:
        try:
            found.append(await open_lease(url, tmp_path, nodes=1, lease_ms=LEASE_MS))
        except NodeIdsExhausted:
            return False
        return True

    await until(free)
    ids = found[0].ids()
    ours = [ids() for _ in range(100)]
    process.send_signal(signal.SIGCONT)
    async with asyncio.timeout(10):
        while "unavailable" not in given:
            given.append(await read_line(process))
    process.kill()
    given += await rest_of(process)
    theirs = [int(line) for line in given if line != "unavailable"]
    # What it was about to print when it was stopped may have come after that; it is below what the next owner began at.
    assert max(theirs) < min(ours)
    await found[0].close()


async def test_ids_stop_while_redis_is_away_and_go_on_on_the_same_node(redis_server: Redis, tmp_path: Path):
    with Redis(tmp_path, durable=True) as program:
        lease = await open_lease(program.url, tmp_path, lease_ms=LEASE_MS)
        ids = lease.ids()
        given = [ids()]
        program.server.kill()

        async def stopped() -> bool:
            try:
                given.append(ids())
            except Unavailable:
                return True
            return False

        await until(stopped)
        program.start()

        async def goes_on() -> bool:
            return not await stopped()

        await until(goes_on)
        assert lease.node == 0
        assert given == sorted(set(given))
        await lease.close()


@pytest.mark.parametrize("loss", ["all", "since a snapshot"])
async def test_no_two_processes_share_a_node_although_redis_has_lost_its_data(redis_server: Redis, tmp_path: Path, loss: str):
    with Redis(tmp_path) as program:
        first = await open_lease(program.url, tmp_path, lease_ms=LEASE_MS)
        if loss == "since a snapshot":
            program.ask("SAVE")
        second = await open_lease(program.url, tmp_path, lease_ms=LEASE_MS)
        sources = [first.ids(), second.ids()]
        last = max(ids() for ids in sources)
        program.server.kill()
        program.start()
        others = [await open_lease(program.url, tmp_path, lease_ms=LEASE_MS) for _ in range(2)]
        assert {first.node, second.node, *(each.node for each in others)} == {0, 1, 2, 3}
        assert min(ids() for ids in sources) >> 22 >= last >> 22
        for each in (first, second, *others):
            await each.close()


async def test_a_clock_that_is_ahead_waits_for_its_time_to_be_reserved(lease: Lease, url: str):
    now = NOW
    first = await lease(clock=lambda: now)
    ids = first.ids()
    ids()
    now += 3_600_000

    async def goes_on() -> bool:
        try:
            return id_time(ids()) == now
        except Unavailable:
            return False

    await until(goes_on)


async def endless_ids(url: str, data_dir: Path, count: int) -> tuple[asyncio.subprocess.Process, list[str]]:
    """A process that gives out ids until it is killed, and its first ones."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ENDLESS_IDS, url, str(data_dir), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        return process, [await read_line(process) for _ in range(count)]


async def read_line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def rest_of(process: asyncio.subprocess.Process) -> list[str]:
    assert process.stdout is not None
    rest = (await process.stdout.read()).decode()
    await process.wait()
    return rest[: rest.rfind("\n") + 1].split()

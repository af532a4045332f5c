"""What is the SQLite log's alone: processes that die, retention, the file's own settings."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from murmur.broker.ports import Message
from murmur.broker.sqlite import SqliteBroker, partition_of
from murmur.broker.wiring import open_broker
from murmur.errors import StartupError
from murmur.ids import Snowflakes

DAY_MS = 24 * 3_600_000

_MEMBER = """
import asyncio, sys
from pathlib import Path
from murmur.broker.sqlite import SqliteBroker

async def main():
    broker = SqliteBroker(Path(sys.argv[1]))
    async with broker.consumer("a", ["murmur.tweets"]) as consumer:
        records = await consumer.poll(3, 5)
        await consumer.commit(records[:1])
        print(len(records), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def numbered(numbers: range) -> list[Message]:
    return [Message("murmur.tweets", 1, b"%d" % number) for number in numbers]


async def kept(broker: SqliteBroker) -> list[int]:
    return [int(record.value) for record in await broker.tail(100_000)]


async def test_the_partitions_of_a_killed_process_are_taken_over_before_its_lease_ends(tmp_path: Path):
    broker = SqliteBroker(tmp_path / "broker.db", session_ms=60_000)
    await broker.publish(numbered(range(5)))
    member = subprocess.Popen([sys.executable, "-c", _MEMBER, tmp_path / "broker.db"], stdout=subprocess.PIPE)  # noqa: ASYNC220, S603
    assert member.stdout is not None
    try:
        assert await asyncio.to_thread(member.stdout.readline) == b"3\n"
        async with broker.consumer("a", ["murmur.tweets"]) as consumer:
            # Half the partitions are due to this one; the one with the records may be the other's as long as it lives.
            os.kill(member.pid, signal.SIGKILL)
            await asyncio.to_thread(member.wait)
            found: list[int] = []
            async with asyncio.timeout(10):
                while len(found) < 4:
                    found += [int(record.value) for record in await consumer.poll(10, 1)]
            assert found == [1, 2, 3, 4]
    finally:
        member.kill()
        member.stdout.close()
        await broker.close()


async def test_processes_that_open_the_same_new_file_at_once_all_succeed(tmp_path: Path):
    script = (
        "import sys; from pathlib import Path; from murmur.broker.sqlite import SqliteBroker; SqliteBroker(Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "broker.db")]
    openers = [subprocess.Popen(command) for _ in range(4)]  # noqa: ASYNC220, S603
    assert [await asyncio.to_thread(opener.wait) for opener in openers] == [0, 0, 0, 0]


async def test_the_log_keeps_what_a_known_group_has_not_committed_however_old(tmp_path: Path):
    now = 1_700_000_000_000
    broker = SqliteBroker(tmp_path / "broker.db", keep_ms=DAY_MS, keep_records=10, clock=lambda: now)
    async with broker.consumer("a", ["murmur.tweets"]) as consumer:
        await broker.publish(numbered(range(50)))
        await consumer.commit((await consumer.poll(100, 1))[:20])
        now += DAY_MS // 2
        await broker.publish(numbered(range(50, 1100)))
        await broker.publish(numbered(range(1100, 2200)))
        assert (await kept(broker))[:3] == [20, 21, 22]
    await broker.close()


async def test_what_all_groups_have_committed_goes_when_it_is_old(tmp_path: Path):
    now = 1_700_000_000_000
    broker = SqliteBroker(tmp_path / "broker.db", keep_ms=DAY_MS, clock=lambda: now)
    async with broker.consumer("a", ["murmur.tweets"]) as consumer:
        await broker.publish(numbered(range(30)))
        now += DAY_MS - 10
        await broker.publish(numbered(range(30, 60)))
        await consumer.commit(await consumer.poll(100, 1))
        now += 20
        await broker.publish(numbered(range(60, 1100)))
        assert (await kept(broker))[0] == 30
    await broker.close()


async def test_of_what_is_committed_only_so_many_are_kept(tmp_path: Path):
    broker = SqliteBroker(tmp_path / "broker.db", keep_records=100)
    for start in range(0, 5_000, 500):
        await broker.publish(numbered(range(start, start + 500)))
    assert len(await kept(broker)) <= 100 + 1_000
    assert (await kept(broker))[-1] == 4_999
    await broker.close()


async def test_a_group_that_nobody_joins_any_more_does_not_hold_the_log(tmp_path: Path):
    now = 1_700_000_000_000
    broker = SqliteBroker(tmp_path / "broker.db", keep_ms=DAY_MS, keep_records=100, clock=lambda: now)
    async with broker.consumer("gone", ["murmur.tweets"]):
        pass
    await broker.publish(numbered(range(500)))
    now += DAY_MS + 1
    await broker.publish(numbered(range(500, 1500)))
    assert (await kept(broker))[0] >= 500
    await broker.close()


async def test_the_number_of_partitions_is_that_of_the_files_creation(tmp_path: Path):
    first = SqliteBroker(tmp_path / "broker.db", partitions=2)
    await first.publish([Message("murmur.tweets", key, b"") for key in range(100)])
    await first.close()
    second = SqliteBroker(tmp_path / "broker.db", partitions=8)
    await second.publish([Message("murmur.tweets", key, b"") for key in range(100)])
    assert {record.partition for record in await second.tail(200)} == {0, 1}
    await second.close()


def test_ids_given_out_in_a_row_spread_over_the_partitions():
    now = 1_700_000_000_000

    def clock() -> int:
        nonlocal now
        now += 3
        return now

    ids = Snowflakes(5, clock=clock)
    counts = [0] * 8
    for _ in range(8_000):
        counts[partition_of(ids(), 8)] += 1
    assert min(counts) > 800


async def test_a_url_of_no_known_broker_names_those_there_are(tmp_path: Path):
    with pytest.raises(StartupError, match=r"carrier.*sqlite"):
        open_broker("carrier://pigeon", tmp_path)
    broker = open_broker("sqlite:", tmp_path)
    assert (tmp_path / "broker.db").exists()
    await broker.close()

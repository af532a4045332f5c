"""Snowflake ids: they rise, whatever the clock and the processes do."""

import subprocess
import sys
from pathlib import Path

import pytest

from murmur.errors import BadUserInput, NodeIdsExhausted
from murmur.ids import EPOCH_MS, MAX_ID, NodeLease, Snowflakes, first_id_at, id_time, parse_id

NOW = 1_700_000_000_000


def test_an_id_carries_its_time_and_its_node():
    assert first_id_at(NOW) <= (snowflake := Snowflakes(9, clock=lambda: NOW)()) < first_id_at(NOW + 1)
    assert id_time(snowflake) == NOW
    assert snowflake >> 12 & 1023 == 9
    assert first_id_at(0) == 0


def test_a_published_tweet_of_the_real_world_has_its_real_time():
    # The example of the public documentation: 1541815603606036480 was posted on 28 June 2022 at 16:07:40.105 UTC.
    assert id_time(1541815603606036480) == 1_656_432_460_105


def test_ids_rise_within_a_millisecond_beyond_its_sequence_and_when_the_clock_steps_back():
    times = iter([NOW] * 5_000 + [NOW - 60_000] * 5_000 + [NOW + 10] * 10)
    ids = Snowflakes(0, clock=lambda: next(times))
    given = [ids() for _ in range(10_010)]
    assert given == sorted(set(given))


def test_a_time_is_reserved_before_an_id_of_it_is_given_out():
    now = NOW
    reserved: list[int] = []
    ids = Snowflakes(0, clock=lambda: now, reserve=reserved.append)
    for _ in range(20):
        assert id_time(ids()) <= reserved[-1]
        now += 1_000
    assert reserved == sorted(reserved)
    assert len(reserved) < 10


def test_two_leases_never_share_a_node_and_a_released_one_is_leased_again(tmp_path: Path):
    first, second = NodeLease(tmp_path, nodes=2), NodeLease(tmp_path, nodes=2)
    assert {first.node, second.node} == {0, 1}
    with pytest.raises(NodeIdsExhausted):
        NodeLease(tmp_path, nodes=2)
    first.close()
    third = NodeLease(tmp_path, nodes=2)
    assert third.node == first.node
    second.close()
    third.close()


def test_ids_rise_across_a_restart_even_when_the_clock_stepped_back(tmp_path: Path):
    lease = NodeLease(tmp_path)
    last = lease.ids(clock=lambda: NOW)()
    lease.close()
    lease = NodeLease(tmp_path)
    assert lease.ids(clock=lambda: NOW - 3_600_000)() > last
    lease.close()


def test_the_lease_of_a_killed_process_is_free_and_its_ids_are_not_repeated(tmp_path: Path):
    script = """
import sys, time
from pathlib import Path
from murmur.ids import NodeLease
ids = NodeLease(Path(sys.argv[1])).ids()
while True:
    print(ids(), flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE)  # noqa: S603
    assert process.stdout is not None
    try:
        given = [process.stdout.readline() for _ in range(100)]
    finally:
        process.kill()
        given += [line for line in process.stdout.readlines() if line.endswith(b"\n")]
        process.stdout.close()
        process.wait()
    lease = NodeLease(tmp_path)
    assert lease.node == 0
    assert lease.ids()() > max(map(int, given))
    lease.close()


@pytest.mark.parametrize("node", [-1, 1024])
def test_a_node_outside_ten_bits_is_refused(node: int):
    with pytest.raises(ValueError, match="node"):
        Snowflakes(node)


def test_ids_of_the_api_are_decimal_64_bit_numbers():
    assert parse_id("0", "id") == 0
    assert parse_id(str(MAX_ID), "id") == MAX_ID
    for text in ("", "-1", "1.0", " 1", "abc", "١٢", "²", str(MAX_ID + 1), "9" * 5_000):
        with pytest.raises(BadUserInput, match="tweetId"):
            parse_id(text, "tweetId")


def test_no_id_is_older_than_the_epoch():
    assert first_id_at(EPOCH_MS + 1) == 1 << 22

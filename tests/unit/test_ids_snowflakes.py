"""Snowflake ids: they rise, whatever the clock and the processes do."""

import pytest

from murmur.errors import BadUserInput
from murmur.ids import EPOCH_MS, MAX_ID, Snowflakes, first_id_at, id_time, parse_id

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

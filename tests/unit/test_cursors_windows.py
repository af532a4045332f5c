"""Cursors and pages of connections."""

import base64
import struct
from hashlib import blake2b

import pytest

from murmur.cursors import Window, decode_cursor, encode_cursor, page, window
from murmur.errors import BadUserInput


@pytest.mark.parametrize("position", [0, 1, 1541815603606036480, 2**63 - 1])
def test_a_cursor_is_read_back(position: int):
    assert decode_cursor("list", encode_cursor("list", position), "after") == position


@pytest.mark.parametrize(
    "cursor", ["", "abc", "é", "AAAA", "\0", "=" * 100, "A" * 16, encode_cursor("other", 5), encode_cursor("list", 5)[:-1]]
)
def test_what_is_no_cursor_of_the_list_is_refused_by_name(cursor: str):
    with pytest.raises(BadUserInput, match="after"):
        decode_cursor("list", cursor, "after")


def test_a_forged_position_beyond_64_signed_bits_is_refused():
    raw = struct.pack(">Q", 2**64 - 1)
    forged = base64.urlsafe_b64encode(raw + blake2b(raw, digest_size=4, key=b"list").digest()).decode()
    with pytest.raises(BadUserInput):
        decode_cursor("list", forged, "after")


@pytest.mark.parametrize(
    "sizes", [{"first": 0}, {"first": -1}, {"first": 101}, {"last": 0}, {"last": 101}, {"first": 1, "last": 1}]
)
def test_sizes_outside_the_bounds_are_refused(sizes: dict[str, int]):
    with pytest.raises(BadUserInput):
        window("list", **sizes)


def test_arguments_become_a_window():
    assert window("list") == Window(20)
    assert window("list", first=100, after=encode_cursor("list", 7)) == Window(100, below=7)
    assert window("list", last=3, before=encode_cursor("list", 7)) == Window(3, above=7, from_oldest=True)


@pytest.mark.parametrize("size", [1, 3, 10, 11])
@pytest.mark.parametrize("from_oldest", [False, True])
def test_walking_a_list_by_its_pages_shows_each_row_once(size: int, from_oldest: bool):
    rows = list(range(10, 0, -1))

    def fetch(wanted: Window) -> list[int]:
        found = [row for row in rows if (not wanted.below or row < wanted.below) and (not wanted.above or row > wanted.above)]
        return found[-wanted.fetch :] if wanted.from_oldest else found[: wanted.fetch]

    seen: list[int] = []
    wanted = Window(size, from_oldest=from_oldest)
    for _ in range(20):
        found = page(fetch(wanted), wanted)
        if from_oldest:
            seen = [*found.items, *seen]
            wanted = Window(size, above=seen[0], from_oldest=True)
        else:
            seen += found.items
            wanted = Window(size, below=seen[-1])
        if not (found.has_previous if from_oldest else found.has_next):
            break
    assert seen == rows

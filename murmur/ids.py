"""64-bit Snowflake ids: 41 bits of milliseconds, 10 of node, 12 of sequence; they sort by time.

The epoch and the layout are those that Twitter published, so ids of a real archive keep their order and their times.
"""

import secrets
from collections.abc import Callable

from murmur.clock import Clock, wall_clock
from murmur.errors import BadUserInput

EPOCH_MS = 1_288_834_974_657
NODE_BITS = 10
SEQUENCE_BITS = 12
MAX_ID = 2**63 - 1
_TIME_SHIFT = NODE_BITS + SEQUENCE_BITS
_SEQUENCE_MASK = (1 << SEQUENCE_BITS) - 1
RESERVATION_MS = 3_000
"""How far ahead milliseconds are reserved."""

IdSource = Callable[[], int]
"""Returns a new id, greater than each that it returned before."""


def id_time(snowflake: int) -> int:
    """The milliseconds since the Unix epoch that an id carries."""
    return (snowflake >> _TIME_SHIFT) + EPOCH_MS


def first_id_at(ms: int) -> int:
    """The smallest id of a millisecond since the Unix epoch; 0 for times before the ids' epoch."""
    return max(ms - EPOCH_MS, 0) << _TIME_SHIFT


def random_id_at(ms: int) -> int:
    """An id of a millisecond since the Unix epoch whose other bits are random: of what is made where no node is leased."""
    return first_id_at(ms) | secrets.randbits(_TIME_SHIFT)


def parse_id(text: str, what: str) -> int:
    """An id as the API shows it, as a number.

    Raises BadUserInput naming `what` (an argument's name) when `text` is no decimal 64-bit id.
    """
    if text.isascii() and text.isdigit() and len(text) <= 19 and (value := int(text)) <= MAX_ID:
        return value
    raise BadUserInput(f"{what}: {text[:40]!r} is not an id; an id is a decimal number such as '1541815603606036480'")


class Snowflakes:
    """Generates ids for one node, strictly increasing even when the clock steps back: time never runs back here, it waits.

    `not_before` (milliseconds since the Unix epoch) is where an earlier life of this node may have got to.
    `reserve` is called with the highest millisecond that may be used from now on, before any id of it is given out.
    """

    def __init__(
        self,
        node: int,
        *,
        clock: Clock = wall_clock,
        not_before: int = 0,
        reserve: Callable[[int], None] | None = None,
    ) -> None:
        if not 0 <= node < 1 << NODE_BITS:
            raise ValueError(f"node {node} is outside 0..{(1 << NODE_BITS) - 1}")
        self._node = node << SEQUENCE_BITS
        self._clock = clock
        self._last_ms = not_before
        self._sequence = _SEQUENCE_MASK
        self._reserve = reserve
        self._reserved_ms = not_before

    def __call__(self) -> int:
        now = self._clock()
        if now > self._last_ms:
            self._last_ms, self._sequence = now, 0
        elif self._sequence < _SEQUENCE_MASK:
            self._sequence += 1
        else:
            self._last_ms, self._sequence = self._last_ms + 1, 0
        if self._reserve is not None and self._last_ms > self._reserved_ms:
            reserved = self._last_ms + RESERVATION_MS
            self._reserve(reserved)
            self._reserved_ms = reserved
        return (self._last_ms - EPOCH_MS) << _TIME_SHIFT | self._node | self._sequence

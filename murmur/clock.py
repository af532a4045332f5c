"""Wall-clock time, as a value that is handed in so that a test can set it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Clock = Callable[[], int]
"""Returns milliseconds since the Unix epoch. It may step back; who needs order uses ids."""


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


def to_datetime(ms: int) -> datetime:
    """Milliseconds since the Unix epoch as an aware UTC datetime."""
    return _EPOCH + timedelta(milliseconds=ms)


def from_datetime(moment: datetime) -> int:
    """An aware datetime as milliseconds since the Unix epoch, rounded down."""
    # Not by way of `timestamp()`: a float loses a millisecond now and then.
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def to_iso(ms: int) -> str:
    """Milliseconds since the Unix epoch as ISO 8601 in UTC with milliseconds, e.g. `2026-01-31T12:00:00.000Z`."""
    # `isoformat` is several times faster than `strftime`; its offset is always the six characters `+00:00`.
    return to_datetime(ms).isoformat(timespec="milliseconds")[:-6] + "Z"


def from_iso(text: str) -> int:
    """Parse ISO 8601; a time without an offset is taken as UTC. Raises ValueError on anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return from_datetime(moment)

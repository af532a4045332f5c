"""How much of a cluster fits into this machine's memory."""

from dataclasses import dataclass
from pathlib import Path

from murmur.errors import StartupError

_LEAST_MB, _ROOMY_MB = 3_000, 7_000


@dataclass(frozen=True, slots=True)
class Size:
    """One or three each: members of the MongoDB replica set, and Kafka brokers."""

    members: int
    brokers: int


def fitting(members: int | None, brokers: int | None) -> Size:
    """What was asked for, else what memory there is for. Raises StartupError where it is too little for any."""
    available = _available_mb()
    if available < _LEAST_MB:
        raise StartupError(f"a cluster needs {_LEAST_MB} MB of memory, and {available} MB are free; `murmur up` needs a tenth")
    each = 3 if available >= _ROOMY_MB else 1
    return Size(members or each, brokers or each)


def _available_mb() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, amount = line.partition(":")
        if name == "MemAvailable":
            return int(amount.split()[0]) // 1024
    raise StartupError("how much memory is free can't be told on this machine")

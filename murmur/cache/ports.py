"""What is asked of a cache."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

TICKET_SECONDS = 3.0
"""Who loads a value must put it within so long."""

MOST_BYTES = 16_384
"""Larger values are not kept."""


@dataclass(frozen=True, slots=True)
class Filling:
    """A value for a key, by who has the key's ticket. It goes after some seconds."""

    key: bytes
    ticket: bytes
    value: bytes
    seconds: float


class Cache(Protocol):
    """Values by key, each for a while; it may lose any of them, or all, at any time.

    A value is put by who has the key's ticket, and forgetting a key ends its ticket. So who began to load before a change and
    comes after it puts nothing. Every verb is one round trip, whatever the number of keys, and raises Unavailable.
    """

    async def get(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        """The value of each key, None where there is none."""
        ...

    async def reserve(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        """For each key a ticket, None where somebody else has it. A value that is there stays until another is put."""
        ...

    async def fill(self, fillings: Sequence[Filling]) -> None:
        """Put values, those whose ticket has ended left out."""
        ...

    async def forget(self, keys: Collection[bytes]) -> None:
        """Remove values and end tickets."""
        ...

    async def close(self) -> None: ...

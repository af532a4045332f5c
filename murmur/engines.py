"""What every adapter of a remote engine answers to `murmur engines check` and `--apply`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Report:
    """What an engine said of itself.

    `role` is the engine's own word for the part that the member asked plays, such as "primary" or "leader". `lag` is how far
    the last of its followers is behind, in the engine's own measure and with its unit; None where nothing follows or nobody
    says. `missing` names, one a line and in words that an operator can act on, the indexes, shard keys, constraints or topics
    that `apply` would make.
    """

    name: str
    version: str
    role: str
    lag: str | None = None
    missing: tuple[str, ...] = ()


@runtime_checkable
class Engine(Protocol):
    """A remote engine as an adapter uses it. Both raise Unavailable when it does not answer."""

    async def check(self) -> Report:
        """Look, and change nothing."""
        ...

    async def apply(self) -> Sequence[str]:
        """Make what is missing and return its names, as `Report.missing` gave them.

        Idempotent, and safe beside live traffic and beside another `apply`. What can't be made stays missing.
        """
        ...


def engine_of(store: object) -> Engine | None:
    """The attribute `engine` by which an adapter's engine answers; None where nothing is remote."""
    engine = getattr(store, "engine", None)
    return engine if isinstance(engine, Engine) else None

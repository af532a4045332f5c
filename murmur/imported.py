"""What became of a batch of rows that a service was asked to import."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be taken: its index in the batch, from 0, and why, in English."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """`unchanged` rows were there already; `added + unchanged + len(rejected)` is the length of the batch."""

    added: int
    unchanged: int
    rejected: Sequence[Rejected] = ()

"""Two sets of named things, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Sides(Generic[_T]):
    """What only the old side has, what only the new one has, and what both have: (name, old, new)."""

    removed: tuple[tuple[str, _T], ...]
    added: tuple[tuple[str, _T], ...]
    kept: tuple[tuple[str, _T, _T], ...]


def named_sides(old: Mapping[str, _T], new: Mapping[str, _T]) -> Sides[_T]:
    return Sides(
        removed=tuple((name, each) for name, each in old.items() if name not in new),
        added=tuple((name, each) for name, each in new.items() if name not in old),
        kept=tuple((name, each, new[name]) for name, each in old.items() if name in new),
    )

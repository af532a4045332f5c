"""One difference between two schemas."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal


class Level(Enum):
    """What a change means to clients that were written for the old schema, gravest first."""

    BREAKING = "breaking"
    """Operations that were valid are refused, or an answer is no longer of the shape that they ask for."""
    DANGEROUS = "dangerous"
    """Every operation stays valid, but may be answered with something new, or answered to somebody new."""
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Change:
    """`code` is stable, and the reference implementation's own where that knows the change.

    `coordinate` is the schema coordinate of what changed (`Type.field(argument:)`, `@directive`), or `schema`. `sign` tells
    whether that is new, gone or different.
    """

    level: Level
    code: str
    coordinate: str
    message: str
    sign: Literal["+", "-", "~"]

    def __str__(self) -> str:
        return f"{self.level.value} {self.code} {self.coordinate}: {self.message}"


def added(level: Level, code: str, coordinate: str, message: str) -> Change:
    return Change(level, code, coordinate, message, "+")


def removed(level: Level, code: str, coordinate: str, message: str) -> Change:
    return Change(level, code, coordinate, message, "-")


def changed(level: Level, code: str, coordinate: str, message: str) -> Change:
    return Change(level, code, coordinate, message, "~")

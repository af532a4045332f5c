"""Enums of a model as types of a schema."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry

E = TypeVar("E", bound=Enum)


def describe(enum: type[E], description: str, meanings: Mapping[E, str], *, name: str | None = None) -> None:
    """Let schemas use an enum, under its own name or another. Every member has a meaning."""
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # pyright: ignore[reportAttributeAccessIssue] (set by the line above)
        value.description = meanings[enum(value.value)]

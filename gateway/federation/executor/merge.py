"""Merges a subgraph's answer into the tree."""

from collections.abc import Sequence

from ..planner.plan import Rename
from .collect import Tree


def merge(into: Tree, answer: Tree) -> None:
    """Objects merge deeply, lists by position; what is there is kept where the answer has null or another shape."""
    if into.keys().isdisjoint(answer):
        into.update(answer)
        return
    for key, value in answer.items():
        existing = into.get(key)
        if existing is None:
            into[key] = value
        elif value is not None and existing is not value:
            _merge_values(existing, value)


def _merge_values(existing: object, value: object) -> None:
    if isinstance(existing, dict) and isinstance(value, dict):
        merge(existing, value)
    elif isinstance(existing, list) and isinstance(value, list):
        for index, item in enumerate(value[: len(existing)]):
            if existing[index] is None:
                existing[index] = item
            elif item is not None:
                _merge_values(existing[index], item)


def rename(answer: object, renames: Sequence[Rename]) -> None:
    """Gives fields that travelled under an alias their own key. Parents come last, as their aliases lead to the rest."""
    for each in reversed(renames):
        _rename(answer, each, 0)


def _rename(value: object, rename: Rename, depth: int) -> None:
    if isinstance(value, list):
        for item in value:
            _rename(item, rename, depth)
    elif isinstance(value, dict):
        if depth < len(rename.path):
            _rename(value.get(rename.path[depth]), rename, depth + 1)
        elif rename.alias in value:
            value[rename.key] = value.pop(rename.alias)

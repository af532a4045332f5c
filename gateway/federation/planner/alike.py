"""Joins the steps of one request that ask for the same: for objects of several types, or at several paths."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .batch import alternatives
from .documents import print_selection
from .draft import Draft
from .fetch_graph import Step
from .operation import Condition
from .plan import ContextInput, Path, Representation


@dataclass(frozen=True, slots=True)
class Alike:
    """Steps that differ in nothing but their path, taken if any of `conditions` holds; none means always."""

    paths: tuple[Path, ...]
    conditions: tuple[Condition, ...]
    representations: tuple[Representation, ...]
    contexts: tuple[ContextInput, ...]
    selection: str
    draft: Draft


def join_alike(steps: Iterable[Step]) -> list[Alike]:
    """First the steps of one path, whose representations add up; then the paths of the same representations."""
    by_path: dict[tuple[object, ...], Alike] = {}
    for step in steps:
        conditions = alternatives(step.conditions)
        if len(conditions) == 1:
            _assume(step.draft, conditions[0])
        own = Alike(
            paths=(step.path,),
            conditions=conditions,
            representations=tuple(step.representations),
            contexts=step.draft.contexts(),
            selection=print_selection(step.draft),
            draft=step.draft,
        )
        slot = (step.path, conditions, own.contexts, own.selection, bool(own.representations))
        known = by_path.get(slot)
        if known is None or not _apart(known.representations, own.representations):
            by_path[slot if known is None else (*slot, len(by_path))] = own
        else:
            by_path[slot] = replace(known, representations=_add(known.representations, own.representations))
    joined: dict[tuple[object, ...], Alike] = {}
    for each in by_path.values():
        slot = (each.selection, each.conditions, each.contexts, each.representations)
        known = joined.get(slot)
        joined[slot] = replace(known, paths=(*known.paths, *each.paths)) if known else each
    return list(joined.values())


def _assume(draft: Draft, condition: Condition) -> None:
    """Takes from a step's own fields the condition under which alone the step is taken."""
    for field in draft.fields.values():
        field.condition = tuple(each for each in field.condition if each not in condition)
    for inner in draft.fragments.values():
        _assume(inner, condition)


def _apart(some: Iterable[Representation], others: Iterable[Representation]) -> bool:
    """Whether no object could be represented by both."""
    return all(one.types and other.types and not one.types & other.types for one in some for other in others)


def _add(some: tuple[Representation, ...], others: tuple[Representation, ...]) -> tuple[Representation, ...]:
    added = list(some)
    for other in others:
        for index, one in enumerate(added):
            if one.typename == other.typename and one.fields == other.fields and one.types and other.types:
                added[index] = replace(one, types=one.types | other.types)
                break
        else:
            added.append(other)
    return tuple(added)

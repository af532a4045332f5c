"""Joins steps that one request to their subgraph can serve, without making the plan any deeper."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .fetch_graph import Step
from .operation import Condition

_MOST_STEPS = 20  # in one request: enough to save calls, too few to run into a subgraph's limits


@dataclass(slots=True, eq=False)
class Batch:
    """Steps that travel together, if any of the conditions holds; those of the others then ask for no entities."""

    steps: list[Step]
    conditions: tuple[Condition, ...]
    needs: "set[Batch]" = field(default_factory=set)

    @property
    def kind(self) -> tuple[object, ...]:
        """Batches of one kind may be joined; each root fetch is of its own."""
        first = self.steps[0]
        return (first.subgraph,) if first.representations else (id(self),)


def batch(steps: Iterable[Step]) -> list[Batch]:
    """The steps in batches: first those of one level, then what can wait for a later one of its kind."""
    of_step = {step: Batch([step], alternatives(step.conditions)) for step in steps}
    for step, own in of_step.items():
        own.needs = {of_step[needed] for needed in step.needs if needed in of_step}
    batches = list(of_step.values())
    levels = _levels(batches)
    by_level: dict[tuple[object, ...], list[Batch]] = {}
    for each in batches:
        by_level.setdefault((levels[each], *each.kind), []).append(each)
    for same in by_level.values():
        for start in range(0, len(same), _MOST_STEPS):
            _join(batches, same[start : start + _MOST_STEPS])
    while pair := _find_pair(batches):
        _join(batches, pair)
    return batches


def alternatives(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """The weakest of the conditions; none when one of them always holds."""
    weakest = [each for each in dict.fromkeys(conditions) if not any(set(other) < set(each) for other in conditions)]
    return () if () in weakest else tuple(weakest)


def _levels(batches: Sequence[Batch]) -> dict[Batch, int]:
    levels: dict[Batch, int] = {}
    pending = list(reversed(batches))
    while pending:
        each = pending[-1]
        waiting = [needed for needed in each.needs if needed not in levels]
        if waiting:
            pending += waiting
        else:
            levels[each] = 1 + max((levels[needed] for needed in each.needs), default=0)
            pending.pop()
    return levels


def _latest(batches: Sequence[Batch], levels: dict[Batch, int]) -> dict[Batch, int]:
    """How late each batch may run without making the plan deeper."""
    deepest = max(levels.values(), default=0)
    latest = dict.fromkeys(batches, deepest)
    for each in sorted(batches, key=lambda each: -levels[each]):
        for needed in each.needs:
            latest[needed] = min(latest[needed], latest[each] - 1)
    return latest


def _find_pair(batches: Sequence[Batch]) -> list[Batch] | None:
    kinds: dict[tuple[object, ...], list[Batch]] = {}
    for each in batches:
        kinds.setdefault(each.kind, []).append(each)
    if all(len(same) == 1 for same in kinds.values()):
        return None
    levels = _levels(batches)
    latest = _latest(batches, levels)
    for same in kinds.values():
        for index, one in enumerate(same):
            for other in same[index + 1 :]:
                early, late = (one, other) if levels[one] < levels[other] else (other, one)
                fits = len(one.steps) + len(other.steps) <= _MOST_STEPS
                if fits and levels[late] <= latest[early] and not _reaches(late, early):
                    return [early, late]
    return None


def _reaches(start: Batch, goal: Batch) -> bool:
    seen: set[Batch] = set()
    pending = [start]
    while pending:
        each = pending.pop()
        if each is goal:
            return True
        if each not in seen:
            seen.add(each)
            pending += each.needs
    return False


def _join(batches: list[Batch], same: Sequence[Batch]) -> None:
    if len(same) < 2:
        return
    joined, others = same[0], set(same[1:])
    joined.conditions = alternatives([condition for each in same for condition in each.conditions or ((),)])
    for other in same[1:]:
        joined.steps += other.steps
        joined.needs |= other.needs
    batches[:] = [each for each in batches if each not in others]
    for each in batches:
        if each.needs & others:
            each.needs = (each.needs - others) | {joined}

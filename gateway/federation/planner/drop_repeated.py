"""Drops from a step what an earlier one brings to the same objects anyway, and steps that have nothing left to ask for."""

from collections.abc import Iterable, Iterator

from .draft import Draft
from .fetch_graph import Step
from .operation import Budget, Condition, both
from .plan import LIST, ContextSource, InputField, Path, Representation

_TYPENAME = "__typename"
_Place = tuple[str, ...]
_Known = tuple[Draft, Condition]
"""A selection that an earlier step makes on the objects in question, and the condition under which it does."""


def drop_repeated(steps: list[Step], budget: Budget) -> bool:
    """Whether there was something to drop. A circle of requirements between two subgraphs leaves such repetitions."""
    changed = False
    by_path: dict[Path, list[Step]] = {}
    for step in steps:
        by_path.setdefault(step.path, []).append(step)
    for step in [*steps]:
        for length in range(len(step.path) + 1):
            for other in by_path.get(step.path[:length], ()):
                budget.spend()
                if other is not step and _subtract_step(step, other) and _is_no_later(other, step, budget):
                    _subtract_step(step, other, drop=True)
                    _look_earlier(steps, step, other)
                    changed = True
        if step.draft.is_empty():
            _remove(steps, step)
            by_path[step.path].remove(step)
    return changed


def _is_no_later(other: Step, step: Step, budget: Budget) -> bool:
    if other.needs <= step.needs:
        return True
    seen: set[Step] = set()
    pending = [step]
    while pending:
        for needed in pending.pop().needs - seen:
            budget.spend()
            if needed is other:
                return True
            seen.add(needed)
            pending.append(needed)
    return False


def _subtract_step(step: Step, other: Step, *, drop: bool = False) -> bool:
    """Whether `step` repeats something of `other`, which is taken from it if it is to `drop`."""
    if not step.representations:
        return _subtract(step.draft, _known_at(other, step.path), (), drop)
    repeats = False
    for each in [*step.representations]:
        path = step.path if each.types is None else (*step.path, each.types)
        own = step.draft.fragments[each.typename]
        if other.path != step.path or _is_reached(other, each):
            repeats |= _subtract(own, _known_at(other, path), (), drop)
        if drop and own.is_empty():
            del step.draft.fragments[each.typename]
            step.representations.remove(each)
    return repeats


def _is_reached(other: Step, wanted: Representation) -> bool:
    """Whether the other step gets every object that is sent so: it needs nothing that these objects may lack."""
    sent = {(each.name, each.key) for each in wanted.fields if not each.nullable}
    return all(
        (field.name, field.key) in sent
        for each in other.representations
        if each.types is None or (wanted.types and wanted.types <= each.types)
        for field in each.fields
    )


def _known_at(other: Step, path: Path) -> list[_Known]:
    """What the other step selects on the objects at `path`, which its own path leads to."""
    rest = path[len(other.path) :]
    holds = min(other.conditions, key=len, default=())
    known: list[_Known] = [(other.draft, holds)]
    if other.representations:
        first = rest[0] if rest and isinstance(rest[0], frozenset) else None
        applying = (each for each in other.representations if each.types is None or (first and first <= each.types))
        known = [(other.draft.fragments[each.typename], holds) for each in applying]
    for element in rest:
        if element == LIST:
            continue
        if isinstance(element, frozenset):
            known += [
                (inner, condition)
                for draft, condition in known
                for member, inner in draft.fragments.items()
                if element == frozenset((member,))
            ]
        else:
            known = [
                (field.below, both(condition, field.condition))
                for draft, condition in known
                for field in draft.fields.values()
                if field.selected.key == element
            ]
    return known


def _subtract(draft: Draft, known: Iterable[_Known], condition: Condition, drop: bool) -> bool:
    """Whether something of `draft`, which is wanted under `condition`, is known."""
    known = [*known]
    repeats = False
    for slot, field in [*draft.fields.items()] if known else ():
        own = both(condition, field.condition)
        same = [
            (each.below, both(at, each.condition))
            for earlier, at in known
            for each in earlier.fields.values()
            if each.selected.key == field.selected.key and {*at, *each.condition} <= {*own}
        ]
        if not same:
            continue
        if not field.selected.leaf:
            repeats |= _subtract(field.below, same, own, drop)
            if not drop or not field.below.is_empty():
                continue
        repeats = True
        if drop:
            del draft.fields[slot]
    if draft.typename and any(each.typename for each, at in known if {*at} <= {*condition}):
        repeats = True
        draft.typename = not drop
    for member, inner in [*draft.fragments.items()]:
        apart = ((each.fragments[member], at) for each, at in known if member in each.fragments)
        repeats |= _subtract(inner, [*known, *apart], condition, drop)
        if drop and inner.is_empty():
            del draft.fragments[member]
    return repeats


def _look_earlier(steps: Iterable[Step], step: Step, other: Step) -> None:
    """Lets those that needed `step` for nothing but what `other` brings need that instead."""
    known: dict[_Place, set[_Place]] = {}
    for place, types in _places_of(other):
        known.setdefault(place, set()).add(types)
    given = {place for place, types in _places_of(step) if not any(_cover(each, types) for each in known.get(place, ()))}
    for each in steps:
        if step in each.needs:
            each.needs.add(other)
            # What a context draws on may lie anywhere above, so its steps stay needed.
            if not each.draft.contexts() and given.isdisjoint(_uses(each)):
                each.needs.remove(step)


def _cover(some: _Place, others: _Place) -> bool:
    """Whether what is selected for `some` types of the objects on the way is selected for the others as well."""
    return all(one in ("", other) for one, other in zip(some, others, strict=True))


def _remove(steps: list[Step], step: Step) -> None:
    steps.remove(step)
    for each in steps:
        if step in each.needs:
            each.needs = (each.needs - {step}) | step.needs


def _places_of(step: Step) -> Iterator[tuple[_Place, _Place]]:
    """Where the step brings something, as keys from the root of the tree, each with the type that it is selected on or ""."""
    at = _keys(step.path)
    return _places(step.draft, at, ("",) * len(at), "")


def _places(draft: Draft, at: _Place, types: _Place, type_: str) -> Iterator[tuple[_Place, _Place]]:
    if draft.typename:
        yield (*at, _TYPENAME), (*types, type_)
    for field in draft.fields.values():
        place, own = (*at, field.selected.key), (*types, type_)
        yield place, own
        yield from _places(field.below, place, own, "")
    for member, inner in draft.fragments.items():
        yield from _places(inner, at, types, member)


def _uses(step: Step) -> Iterator[_Place]:
    """What the step has to find in the tree: its objects, and what it sends of them."""
    at: _Place = ()
    for element in step.path:
        if isinstance(element, frozenset):
            yield (*at, _TYPENAME)
        elif element != LIST:
            at = (*at, element)
            yield at
    for each in step.representations:
        if each.types is not None:
            yield (*at, _TYPENAME)
        yield from _sent(each.fields, at)
    for source in (source for each in step.draft.contexts() for source in each.sources):
        yield from _followed(source, at[: len(at) - source.up])


def _followed(source: ContextSource, holder: _Place) -> Iterator[_Place]:
    if source.types is not None:
        yield (*holder, _TYPENAME)
    for path in source.paths:
        at = holder
        for element in path:
            if isinstance(element, frozenset):
                yield (*at, _TYPENAME)
            else:
                at = (*at, element)
                yield at


def _sent(fields: Iterable[InputField], at: _Place) -> Iterator[_Place]:
    for field in fields:
        place = (*at, field.key)
        yield place
        if field.types is not None:
            yield (*at, _TYPENAME)
        yield from _sent(field.children, place)


def _keys(path: Path) -> _Place:
    return tuple(element for element in path if isinstance(element, str) and element != LIST)

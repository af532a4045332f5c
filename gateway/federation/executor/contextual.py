"""Parts that take values of contexts: they travel once for each set of values among their objects."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..planner.plan import ContextInput, ContextSource, Flatten, Path
from .collect import Tree, collect_with_enclosing
from .parts import holds
from .represent import Targets, make_representer

_MISSING = object()
_CLOSED = object()  # a way for objects of other types

Enclosed = tuple[Tree, ...]
"""An object after all that enclose it, the root first."""


@dataclass(frozen=True, slots=True)
class Group:
    """Objects whose contexts have the same values."""

    representations: list[Tree]
    targets: Targets
    values: Sequence[object]

    def variables(self, copy: Flatten) -> Tree:
        """Those that a copy of the part travels with."""
        variables: Tree = {copy.variable: self.representations}
        for name, value in zip(copy.context_variables, self.values, strict=True):
            variables[name] = None if value is _MISSING else value
        return variables


class Grouping:
    """Finds the objects of one part, in groups."""

    def __init__(self, part: Flatten) -> None:
        self._part = part
        self._brought = frozenset(each.key for each in part.brought)
        self._represent = make_representer(part.representations, self._brought)
        self._read = [_reader(each) for each in part.contexts]

    def gather(self, tree: Tree, given: Mapping[str, object]) -> list[Group]:
        """What depends on a value that is missing is withheld; null stands for it, as other fields may travel along."""
        if self._part.any_of and not holds(self._part.any_of, given):
            return []
        by_values: dict[str, tuple[list[object], list[Tree]]] = {}
        for path in self._part.paths:
            for enclosed in collect_with_enclosing(tree, path):
                values = [read(enclosed) for read in self._read]
                by_values.setdefault(repr(values), (values, []))[1].append(enclosed[-1])
        groups: list[Group] = []
        for values, objects in by_values.values():
            lost = frozenset(
                name
                for value, context in zip(values, self._part.contexts, strict=True)
                if value is _MISSING
                for name in context.dependents
            )
            representations, targets = self._represent(objects)
            if targets and not lost >= self._brought:
                groups.append(Group(representations, _without(targets, lost), values))
        return groups


def _without(targets: Targets, lost: frozenset[str]) -> Targets:
    if not lost:
        return targets
    nothing = frozenset[str]()
    return Targets(targets.objects, {index: targets.withheld.get(index, nothing) | lost for index in range(len(targets.objects))})


def _reader(context: ContextInput) -> Callable[[Enclosed], object]:
    def read(enclosed: Enclosed) -> object:
        for source in context.sources:
            holder = enclosed[-1 - source.up]
            if source.types is None or holder.get("__typename") in source.types:
                return _value(holder, source)
        return None

    return read


def _value(holder: Tree, source: ContextSource) -> object:
    """The value by the first way that is open for this object; null where none is."""
    for path in source.paths:
        value = _follow(holder, path)
        if value is not _CLOSED:
            return value
    return None


def _follow(value: object, path: Path) -> object:
    for number, element in enumerate(path):
        if value is None or value is _MISSING:
            return value
        if isinstance(value, list):
            items = [_follow(item, path[number:]) for item in value]
            return next((item for item in items if item is _MISSING or item is _CLOSED), items)
        if not isinstance(value, dict):
            return _MISSING
        if isinstance(element, str):
            value = value.get(element, _MISSING)
        elif value.get("__typename") not in element:
            return _CLOSED
    return value

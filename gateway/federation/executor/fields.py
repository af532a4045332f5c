"""Which of an operation's fields an object of one type answers, under given condition values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from ..planner.operation import Selected
from .collect import Tree, TreePath

_MOST_PLACES = 1000
_MOST_PATHS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """One entry of a response object, read from `key` of the tree's object."""

    response: str
    key: str
    name: str
    children: tuple[Selected, ...]


def fields_of(selections: Iterable[Selected], type_name: str, values: Mapping[str, bool]) -> list[Wanted]:
    """The entries for an object of `type_name`, in the order of the specification."""
    found: dict[str, Wanted] = {}
    for each in selections:
        if type_name not in each.types or not all(values[name] is wanted for name, wanted in each.condition):
            continue
        known = found.get(each.response)
        children = (*known.children, *each.children) if known else each.children
        found[each.response] = Wanted(each.response, each.key, each.name, children)
    return list(found.values())


def condition_variables(selections: Iterable[Selected]) -> tuple[str, ...]:
    names: set[str] = set()
    pending = [*selections]
    while pending:
        each = pending.pop()
        names.update(name for name, _ in each.condition)
        pending += each.children
    return tuple(sorted(names))


@dataclass(frozen=True, slots=True)
class ClientPaths:
    """Translates places in the tree of one response to the client's names for them."""

    selections: Sequence[Selected]
    tree: Tree
    variables: Mapping[str, object]

    def of(self, places: Iterable[TreePath]) -> tuple[list[TreePath], list[TreePath]]:
        """The client's paths to those places that it asked for, once for each alias; and the nearest above the others."""
        asked: list[TreePath] = []
        above: list[TreePath] = []
        for place in islice(places, _MOST_PLACES):
            complete, partial = self._of(self.selections, self.tree, place)
            asked += complete
            above += partial
        return asked, above

    def _of(self, selections: Sequence[Selected], value: object, path: TreePath) -> tuple[list[TreePath], list[TreePath]]:
        """The paths that go all the way, and the longest of those that don't."""
        indices = 0
        while indices < len(path) and isinstance(index := path[indices], int):
            value = value[index] if isinstance(value, list) and index < len(value) else None
            indices += 1
        head = path[:indices]
        if indices == len(path):
            return [head], []
        key, known = path[indices], value if isinstance(value, dict) else {}
        complete: list[TreePath] = []
        partial: list[TreePath] = [head]
        for response, children in self._below(selections, key, known.get("__typename")).items():
            full, part = self._of(children, known.get(key), path[indices + 1 :])
            complete += [(*head, response, *rest) for rest in full]
            partial += [(*head, response, *rest) for rest in part]
            if len(complete) >= _MOST_PATHS:
                break
        return complete[:_MOST_PATHS], [max(partial, key=len)]

    def _below(self, selections: Sequence[Selected], key: object, typename: object) -> dict[str, list[Selected]]:
        below: dict[str, list[Selected]] = {}
        for each in selections:
            if each.key == key and (typename is None or typename in each.types) and self._holds(each):
                below.setdefault(each.response, []).extend(each.children)
        return below

    def _holds(self, selected: Selected) -> bool:
        return all((self.variables.get(name) is True) is wanted for name, wanted in selected.condition)

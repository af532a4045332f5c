"""Which of an operation's fields an object of one type answers, under given condition values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..planner.operation import Selected
from .collect import TreePath

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


def client_paths(selections: Sequence[Selected], tree: object, path: TreePath) -> list[TreePath]:
    """The client's names for a place in the tree: the deepest that it asked for, once for each alias of it."""
    complete, partial = _client_paths(selections, tree, path)
    return complete or partial[:1] or [()]


def _client_paths(selections: Sequence[Selected], value: object, path: TreePath) -> tuple[list[TreePath], list[TreePath]]:
    indices = 0
    while indices < len(path) and isinstance(index := path[indices], int):
        value = value[index] if isinstance(value, list) and index < len(value) else None
        indices += 1
    head = path[:indices]
    if indices == len(path):
        return [head], []
    complete: list[TreePath] = []
    partial: list[TreePath] = [head]
    below: dict[str, list[Selected]] = {}
    key = path[indices]
    known = value if isinstance(value, dict) else {}
    typename = known.get("__typename")
    for each in selections:
        if each.key == key and (typename is None or typename in each.types):
            below.setdefault(each.response, []).extend(each.children)
    for response, children in below.items():
        full, part = _client_paths(children, known.get(key), path[indices + 1 :])
        complete += [(*head, response, *rest) for rest in full]
        partial = [(*head, response, *rest) for rest in part] + partial
        if len(complete) >= _MOST_PATHS:
            break
    return complete[:_MOST_PATHS], sorted(partial, key=len, reverse=True)[:1]

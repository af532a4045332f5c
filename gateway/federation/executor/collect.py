"""Finds in the tree the objects at a path, with their paths where an error must name them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..planner.plan import LIST, Path

Tree = dict[str, object]
TreePath = tuple[str | int, ...]


def make_collector(paths: Sequence[Path]) -> Callable[[Tree], list[Tree]]:
    """A function that yields the objects at `paths`, in the tree's order; what has another shape is passed over."""
    if len(paths) == 1:
        path = paths[0]
        return lambda tree: _collect(tree, path)
    return lambda tree: [each for path in paths for each in _collect(tree, path)]


def _collect(tree: Tree, path: Path) -> list[Tree]:
    # Values of subgraphs have any type; comparing classes is how the hot path looks at them.
    level: list[Any] = [tree]
    for element in path:
        if element == LIST:
            level = [item for items in level if items.__class__ is list for item in items if item is not None]
        elif element.__class__ is str:
            level = [value for each in level if each.__class__ is dict and (value := each.get(element)) is not None]
        else:
            level = [each for each in level if each.__class__ is dict and each.get("__typename") in element]
        if not level:
            return level
    return [each for each in level if each.__class__ is dict]


def collect_with_enclosing(tree: Tree, path: Path) -> Iterator[tuple[Tree, ...]]:
    """The same objects, each after those that enclose it, from the root on."""
    return _collect_with_enclosing(tree, path, ())


def _collect_with_enclosing(value: object, path: Path, above: tuple[Tree, ...]) -> Iterator[tuple[Tree, ...]]:
    if isinstance(value, list):
        for item in value if path and path[0] == LIST else ():
            yield from _collect_with_enclosing(item, path[1:], above)
    elif isinstance(value, dict):
        if not path:
            yield (*above, value)
        elif not isinstance(path[0], str):
            if value.get("__typename") in path[0]:
                yield from _collect_with_enclosing(value, path[1:], above)
        elif path[0] != LIST:
            yield from _collect_with_enclosing(value.get(path[0]), path[1:], (*above, value))


def locate(tree: Tree, path: Path) -> Iterator[tuple[TreePath, Tree]]:
    """The same objects with the paths that lead to them; slow, for errors."""
    return _locate(tree, path, ())


def _locate(value: object, path: Path, at: TreePath) -> Iterator[tuple[TreePath, Tree]]:
    if not path:
        if isinstance(value, dict):
            yield at, value
        return
    element, rest = path[0], path[1:]
    if element == LIST:
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _locate(item, rest, (*at, index))
    elif isinstance(value, dict):
        if isinstance(element, str):
            yield from _locate(value.get(element), rest, (*at, element))
        elif value.get("__typename") in element:
            yield from _locate(value, rest, at)

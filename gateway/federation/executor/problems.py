"""What went wrong at a place of the tree, and how a client is told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..planner.plan import Brought, Fetch, Rename
from .collect import Tree, TreePath
from .fields import ClientPaths

_MOST_ERRORS = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """`paths` are the places in the tree that it concerns, `absent` those that it left without what was to be brought."""

    subgraph: str
    message: str
    extensions: Mapping[str, object]
    paths: Sequence[TreePath] = ()
    absent: Sequence[tuple[TreePath, tuple[Brought, ...]]] = ()


def unreachable(fetch: Fetch, places: Iterable[Iterable[TreePath]], message: str) -> Problem:
    """A fetch that brought nothing to any of its places, part by part."""
    absent = [(place, part.brought) for part, own in zip(fetch.parts, places, strict=True) for place in _some(own)]
    return Problem(fetch.subgraph, message, {"code": "UNAVAILABLE"}, absent=absent)


def reported(
    fetch: Fetch, error: Mapping[str, object], places: Sequence[Sequence[Sequence[TreePath]]], *, answered: bool
) -> Problem:
    """An error that the subgraph reported, at its places in the tree.

    `places` holds, for each part of the fetch, the places that each of its representations stands for; for root fields
    there is one such entry. An error without a path concerns all that was asked for, unless data was `answered` all
    the same: then nobody knows.
    """
    message, extensions, path = error.get("message"), error.get("extensions"), error.get("path")
    at = tuple(each for each in path if isinstance(each, str | int)) if isinstance(path, list | tuple) else ()
    paths: list[TreePath] = []
    absent: list[tuple[TreePath, tuple[Brought, ...]]] = []
    for part, own in zip(fetch.parts, places, strict=True) if at or not answered else ():
        where, below = own, at
        if part.alias:
            if at and at[0] != part.alias:
                continue
            below = at[2:]
            index = at[1] if len(at) > 1 else None
            if isinstance(index, int) and 0 <= index < len(own):
                where = own[index : index + 1]
        below = _renamed(below, part.renames)
        found = [place for same in where for place in _some(same)]
        if below:
            paths += ((*place, *below) for place in found)
        else:
            absent += ((place, part.brought) for place in found)
    return Problem(
        fetch.subgraph,
        message if isinstance(message, str) else "The subgraph reported an error.",
        extensions if isinstance(extensions, dict) else {},
        paths[:_MOST_ERRORS],
        absent[:_MOST_ERRORS],
    )


def _some(places: Iterable[TreePath]) -> list[TreePath]:
    return [place for place, _ in zip(places, range(_MOST_ERRORS), strict=False)]


def _renamed(path: TreePath, renames: Sequence[Rename]) -> TreePath:
    renamed = list(path)
    for each in renames:
        names = [(index, name) for index, name in enumerate(path) if isinstance(name, str)]
        depth = len(each.path)
        if len(names) > depth and tuple(name for _, name in names[: depth + 1]) == (*each.path, each.alias):
            renamed[names[depth][0]] = each.key
    return tuple(renamed)


def client_errors(problems: Iterable[Problem], paths: ClientPaths, *, name_service: bool) -> tuple[list[Tree], list[TreePath]]:
    """Errors as the specification formats them, each at the client's own path, and those paths."""
    errors: dict[tuple[str, TreePath], Tree] = {}
    for problem in problems:
        extensions: Tree = {key: value for key, value in problem.extensions.items() if key != "service"}
        if name_service:
            extensions["service"] = problem.subgraph
        for path in paths.of(_places(problem, paths.tree)) or [()]:
            if len(errors) >= _MOST_ERRORS:
                break
            error: Tree = {"message": problem.message}
            if path:
                error["path"] = [*path]
            if extensions:
                error["extensions"] = extensions
            errors.setdefault((problem.message, path), error)
    return list(errors.values()), [path for _, path in errors if path]


def _places(problem: Problem, tree: Tree) -> Iterator[TreePath]:
    yield from problem.paths
    for place, brought in problem.absent:
        value: Any = tree  # the place was found in it
        for element in place:
            value = value[element]
        yield from _absent(value, place, brought)


def _absent(value: object, at: TreePath, brought: Iterable[Brought]) -> Iterator[TreePath]:
    """Where something is missing that was to be brought and did not come from elsewhere."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _absent(item, (*at, index), brought)
    elif isinstance(value, dict):
        for each in brought:
            inner = value.get(each.key)
            if inner is None:
                yield (*at, each.key)
            elif each.children:
                yield from _absent(inner, (*at, each.key), each.children)

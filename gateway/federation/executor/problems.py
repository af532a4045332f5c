"""What went wrong at a place of the tree, and how a client is told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..planner.operation import Selected
from ..planner.plan import Fetch, Rename
from .collect import Tree, TreePath
from .fields import client_paths

_MOST_ERRORS = 100
_ENTITIES = "_entities"


@dataclass(frozen=True, slots=True)
class Problem:
    """`paths` are the places in the tree that it concerns."""

    subgraph: str
    message: str
    extensions: Mapping[str, object]
    paths: Sequence[TreePath]


def unreachable(fetch: Fetch, places: Iterable[TreePath], message: str, code: str) -> Problem:
    """A fetch that brought nothing: a problem of each field that it should have brought to each place."""
    paths = [(*place, key) for place in _some(places) for key in fetch.keys]
    return Problem(fetch.subgraph, message, {"code": code}, paths[:_MOST_ERRORS])


def reported(
    fetch: Fetch, error: Mapping[str, object], standing: Sequence[list[TreePath]] | None, places: Iterable[TreePath]
) -> Problem:
    """An error that the subgraph reported, at its places in the tree.

    `standing` holds the places that each representation stands for, None for a root fetch; `places` are all of them.
    """
    message = error.get("message")
    extensions = error.get("extensions")
    path = error.get("path")
    at = tuple(each for each in path if isinstance(each, str | int)) if isinstance(path, list | tuple) else ()
    below: TreePath = at
    where: Iterable[TreePath] = places
    if standing is not None:
        index = at[1] if len(at) > 1 and at[0] == _ENTITIES else None
        below = ()
        if isinstance(index, int) and 0 <= index < len(standing):
            where, below = standing[index], at[2:]
    below = _renamed(below, fetch.renames)
    rests: Sequence[TreePath] = [below] if below else [(key,) for key in fetch.keys]
    return Problem(
        fetch.subgraph,
        message if isinstance(message, str) else "The subgraph reported an error.",
        extensions if isinstance(extensions, dict) else {},
        [(*place, *rest) for place in _some(where) for rest in rests][:_MOST_ERRORS],
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


def client_errors(
    problems: Iterable[Problem], selections: Sequence[Selected], *, name_service: bool
) -> tuple[list[Tree], list[TreePath]]:
    """Errors as the specification formats them, each at the client's own path, and those paths."""
    errors: dict[tuple[str, TreePath], Tree] = {}
    for problem in problems:
        extensions: Tree = {key: value for key, value in problem.extensions.items() if key != "service"}
        if name_service:
            extensions["service"] = problem.subgraph
        for place in problem.paths:
            for path in client_paths(selections, place):
                if len(errors) >= _MOST_ERRORS:
                    break
                error: Tree = {"message": problem.message, "path": [*path]}
                if extensions:
                    error["extensions"] = extensions
                errors.setdefault((problem.message, path), error)
    return list(errors.values()), [path for _, path in errors]

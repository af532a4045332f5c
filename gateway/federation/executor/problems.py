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


@dataclass(slots=True)
class ClientError:
    """An error as the specification formats it, for the client's own `path`.

    When it is not `exact`, what failed was asked for on behalf of another field, which is somewhere below the path.
    """

    error: Tree
    path: TreePath
    exact: bool

    def lead_to_null(self, data: object, nulls: dict[int, bool]) -> None:
        """Ends the path where something is missing; `nulls` remembers, by id, which values of the data hold a null."""
        while self.path and not _holds_null(_at(data, self.path), nulls):
            self.path = self.path[:-1]
        if self.path:
            self.error["path"] = [*self.path]
        else:
            self.error.pop("path", None)


def client_errors(problems: Iterable[Problem], paths: ClientPaths, *, name_service: bool) -> list[ClientError]:
    errors: dict[tuple[str, TreePath], ClientError] = {}
    for problem in problems:
        extensions: Tree = {key: value for key, value in problem.extensions.items() if key != "service"}
        if name_service:
            extensions["service"] = problem.subgraph
        asked, above = paths.of(_places(problem, paths.tree))
        for path in asked or above or [()]:
            if len(errors) >= _MOST_ERRORS:
                break
            error: Tree = {"message": problem.message}
            if path:
                error["path"] = [*path]
            if extensions:
                error["extensions"] = extensions
            errors.setdefault((problem.message, path), ClientError(error, path, exact=bool(asked)))
    return list(errors.values())


def _at(data: Any, path: TreePath) -> object:
    """The value at the path; None where completing has left nothing to follow it."""
    for element in path:
        if isinstance(data, dict):
            data = data.get(element)
        elif isinstance(data, list) and isinstance(element, int) and element < len(data):
            data = data[element]
        else:
            return None
    return data


def _holds_null(value: object, known: dict[int, bool]) -> bool:
    if not isinstance(value, dict | list):
        return value is None
    found = known.get(id(value))
    if found is None:
        inner = value.values() if isinstance(value, dict) else value
        found = known[id(value)] = any(_holds_null(each, known) for each in inner)
    return found


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

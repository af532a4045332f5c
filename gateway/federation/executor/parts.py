"""The parts of a fetch at work: which objects it is for, and how its answer comes to them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..planner.operation import Condition
from ..planner.plan import Flatten, Path
from .collect import Tree, TreePath, locate, make_collector
from .merge import merge, rename
from .represent import NOTHING, Targets, make_representer


class FetchPart(Protocol):
    def gather(self, tree: Tree, variables: Tree, given: Mapping[str, object]) -> Targets:
        """Finds the objects, and puts their representations into `variables`; empty when there are none.

        `given` are the operation's variables.
        """
        ...

    def spread(self, data: Tree, targets: Targets) -> bool:
        """Merges the answer into the objects; whether there was one."""
        ...

    def places(self, tree: Tree, targets: Targets) -> list[list[TreePath]]:
        """The paths of the objects, entry by entry; slow, for errors."""
        ...

    def withholds(self, path: object, targets: Targets) -> bool:
        """Whether `path` in the answer is of a field whose requirement is missing; an error there is none of the client's."""
        ...


class RootPart:
    """Root fields, merged into the tree's root or, below a field of the root's type, into each object."""

    def __init__(self, part: Flatten) -> None:
        self._paths = part.paths
        self._renames = part.renames
        self._collect = make_collector(part.paths)

    def gather(self, tree: Tree, variables: Tree, given: Mapping[str, object]) -> Targets:  # noqa: ARG002 - the port's, for entities
        objects = self._collect(tree)
        return Targets([objects] if objects else [], NOTHING)

    def spread(self, data: Tree, targets: Targets) -> bool:
        if self._renames:
            rename(data, self._renames)
        for objects in targets.objects:
            for each in objects:
                merge(each, data)
        return True

    def places(self, tree: Tree, targets: Targets) -> list[list[TreePath]]:
        return _places(tree, self._paths, targets)

    def withholds(self, path: object, targets: Targets) -> bool:  # noqa: ARG002 - root fields require nothing
        return False


class EntitiesPart:
    """Entities, each merged into every object that its representation stands for."""

    def __init__(self, part: Flatten) -> None:
        self._paths = part.paths
        self._renames = part.renames
        self._alias = part.alias
        self._variable = part.variable
        self._any_of = part.any_of
        self._collect = make_collector(part.paths)
        self._represent = make_representer(part.representations, [each.key for each in part.brought])

    def gather(self, tree: Tree, variables: Tree, given: Mapping[str, object]) -> Targets:
        objects = self._collect(tree) if not self._any_of or holds(self._any_of, given) else []
        variables[self._variable], targets = self._represent(objects)
        return targets

    def spread(self, data: Tree, targets: Targets) -> bool:
        entities = data.get(self._alias)
        if not isinstance(entities, list) or len(entities) != len(targets.objects):
            return False
        if self._renames:
            rename(entities, self._renames)
        for index, names in targets.withheld.items():
            if isinstance(entity := entities[index], dict):
                for name in names:
                    entity.pop(name, None)
        for entity, same in zip(entities, targets.objects, strict=True):
            if entity.__class__ is dict:
                for each in same:
                    if each.keys().isdisjoint(entity):
                        each.update(entity)
                    else:
                        merge(each, entity)
        return True

    def places(self, tree: Tree, targets: Targets) -> list[list[TreePath]]:
        return _places(tree, self._paths, targets)

    def withholds(self, path: object, targets: Targets) -> bool:
        match path:
            case [alias, int(index), str(name), *_] if alias == self._alias:
                return name in targets.withheld.get(index, ())
            case _:
                return False


def holds(any_of: Sequence[Condition], given: Mapping[str, object]) -> bool:
    """Whether all variables of any alternative have the values named."""
    return any(all((given.get(name) is True) is wanted for name, wanted in all_of) for all_of in any_of)


def _places(tree: Tree, paths: tuple[Path, ...], targets: Targets) -> list[list[TreePath]]:
    found: dict[int, list[TreePath]] = {}
    for path in paths:
        for at, each in locate(tree, path):
            found.setdefault(id(each), []).append(at)
    return [list(dict.fromkeys(at for each in same for at in found.get(id(each), []))) for same in targets.objects]

"""How a selection is resolved: which fields where one stands, which types apart, and which jumps to other subgraphs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..supergraph import ContextArgument, FieldSet, SubgraphField
from .operation import Selected
from .query_graph import Jump


@dataclass(frozen=True, slots=True, eq=False)
class Local:
    """A field asked for where one stands; `child` resolves what is selected on it, None for a leaf."""

    selected: Selected
    field: SubgraphField
    child: "Resolution | None"


@dataclass(frozen=True, slots=True, eq=False)
class Narrowing:
    """What is resolved for one member of the abstract type where one stands."""

    type: str
    resolution: "Resolution"


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """The inputs of a jump, a key or a requirement: resolved where one stands, sent as part of the representation."""

    fields: FieldSet
    parent: str
    selections: tuple[Selected, ...]
    resolution: "Resolution"


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A value of a context: `given` as resolved for the object `up` levels above, one of `enclosing`, if it is one of `types`."""

    up: int
    enclosing: frozenset[str]
    types: frozenset[str]
    given: Given


@dataclass(frozen=True, slots=True, eq=False)
class ContextValue:
    """What a field's contextual argument is filled with: by the first of `sources`, from near to far, that sets the context."""

    argument: ContextArgument
    sources: tuple[Drawn, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A jump taken, for what `target` resolves there, once all of `given` and `values` is known.

    `selections` are what it is taken for, `dependents` those of them that need each of `given`; `values` are for those
    that they are named for.
    """

    jump: Jump
    given: tuple[Given, ...]
    target: "Resolution"
    selections: tuple[Selected, ...]
    dependents: tuple[tuple[Selected, ...], ...]
    values: tuple[tuple[Selected, tuple[ContextValue, ...]], ...] = ()

    @property
    def inputs(self) -> Iterator[Given]:
        """All that must be known before, of the object itself and of those around it."""
        yield from self.given
        for _, values in self.values:
            yield from drawn(values)


@dataclass(frozen=True, slots=True, eq=False)
class Resolution:
    """One way to resolve a selection, and its price.

    `depth` is the fetches that follow one another, `fetches` all of them, `size` the fields selected. `missing` is
    what this way does not reach.
    """

    depth: int
    fetches: int
    size: int
    locals: tuple[Local, ...] = ()
    narrowings: tuple[Narrowing, ...] = ()
    taken: tuple[Taken, ...] = ()
    missing: tuple[Selected, ...] = ()

    @property
    def resolves_nothing(self) -> bool:
        return not (self.locals or self.narrowings or self.taken)


def combine(
    locals: tuple[Local, ...],
    narrowings: tuple[Narrowing, ...],
    taken: tuple[Taken, ...],
    missing: tuple[Selected, ...],
) -> Resolution:
    """The resolution of these parts together, its price added up. Members of one type share their fetches."""
    depth = fetches = 0
    size = len(locals)
    for local in locals:
        if child := local.child:
            depth = max(depth, child.depth)
            fetches += child.fetches
            size += child.size
    shared = 0
    for narrowing in narrowings:
        depth = max(depth, narrowing.resolution.depth)
        shared = max(shared, narrowing.resolution.fetches)
        size += narrowing.resolution.size
    fetches += shared
    for each in taken:
        depth = max(depth, 1 + before(each.inputs) + each.target.depth)
        fetches += 1 + each.target.fetches + sum(given.resolution.fetches for given in each.inputs)
        size += each.target.size + sum(given.resolution.size for given in each.inputs)
    return Resolution(depth, fetches, size, locals, narrowings, taken, missing)


def drawn(values: Iterable[ContextValue]) -> Iterator[Given]:
    """What of enclosing objects must be known."""
    return (source.given for value in values for source in value.sources)


def before(given: Iterable[Given]) -> int:
    """How many fetches must follow one another before these inputs are known."""
    return max((each.resolution.depth for each in given), default=0)

"""Chooses where each of several fields is resolved, so that together they cost least."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from .operation import Selected
from .query_graph import Jump
from .resolution import ContextValue, Given, Local, Resolution, before, drawn

_MOST_WEIGHED = 6  # sources: all their subsets are weighed up to here, 64 of them; else each alone, and all

_Price = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """One way to resolve a field: where one stands (`local`), or by a jump with its inputs."""

    jump: Jump | None
    local: Local | None
    given: tuple[Given, ...]
    target: Resolution
    missing: tuple[Selected, ...]
    values: tuple[ContextValue, ...] = ()

    @property
    def inputs(self) -> tuple[Given, ...]:
        """All that must be known before the jump."""
        return (*self.given, *drawn(self.values)) if self.values else self.given

    @property
    def source(self) -> tuple[str, str] | None:
        return (self.jump.subgraph, self.jump.type) if self.jump else None

    @property
    def depth(self) -> int:
        return self.target.depth + (1 + before(self.inputs) if self.jump else 0)

    @property
    def price(self) -> _Price:
        given = sum(each.resolution.fetches for each in self.inputs)
        size = self.target.size + sum(each.resolution.size for each in self.inputs)
        return left_out(self.missing), self.depth, self.target.fetches + given + (1 if self.jump else 0), size


def choose(fields: Sequence[Sequence[Option]]) -> list[Option]:
    """One option for each field: least left out, then fewest steps, then fewest fetches, then least selected."""
    single = {option.source for options in fields if len(options) == 1 for option in options}
    sources = list(dict.fromkeys(o.source for options in fields for o in options if o.source and o.source not in single))
    if not sources:
        return [options[0] for options in fields]
    best: tuple[_Price, list[Option]] | None = None
    sizes = range(len(sources) + 1) if len(sources) <= _MOST_WEIGHED else (1, len(sources))
    for size in sizes:
        for subset in combinations(sources, size):
            allowed = {None, *single, *subset}
            chosen: list[Option] = []
            for options in fields:
                usable = [option for option in options if option.source in allowed]
                if not usable:
                    break
                chosen.append(min(usable, key=lambda option: option.price))
            else:
                price = _together(chosen)
                if best is None or price < best[0]:
                    best = (price, chosen)
    return best[1] if best else [options[0] for options in fields]


def left_out(selections: Sequence[Selected]) -> int:
    """How much is left to other sources; what may be skipped weighs less, as their fetch may then be skipped too."""
    return sum((1 if each.condition else 2) + left_out(each.children) for each in selections)


def _together(chosen: Sequence[Option]) -> _Price:
    left = depth = fetches = size = 0
    entered: set[object] = set()
    for option in chosen:
        missing, own_depth, own_fetches, own_size = option.price
        left += missing
        depth = max(depth, own_depth)
        size += own_size
        if option.jump:
            waits = (option.source, before(option.inputs))
            own_fetches = option.target.fetches + (0 if waits in entered else own_fetches - option.target.fetches)
            entered.add(waits)
        fetches += own_fetches
    return left, depth, fetches, size

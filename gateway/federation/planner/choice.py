"""Chooses where each of several fields is resolved, so that together they cost least."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from .operation import Budget, Selected
from .query_graph import Jump
from .resolution import ContextValue, Given, Local, Resolution, before, drawn

_MOST_WEIGHED = 6  # sources: all their subsets are weighed up to here, 64 of them; else each alone, and all

_Price = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """One way to resolve a field: where one stands (`local`), or by a jump with its inputs.

    `inputs` must be known before the jump. `depth` is the fetches that follow one another, `price` what is weighed.
    """

    jump: Jump | None
    local: Local | None
    given: tuple[Given, ...]
    target: Resolution
    missing: tuple[Selected, ...]
    values: tuple[ContextValue, ...] = ()
    inputs: tuple[Given, ...] = field(init=False)
    source: tuple[str, str] | None = field(init=False)
    depth: int = field(init=False)
    price: _Price = field(init=False)

    def __post_init__(self) -> None:
        inputs = (*self.given, *drawn(self.values)) if self.values else self.given
        depth, fetches, size = self.target.depth, self.target.fetches, self.target.size
        if self.jump:
            depth += 1 + before(inputs)
            fetches += 1
        fetches += sum(each.resolution.fetches for each in inputs)
        size += sum(each.resolution.size for each in inputs)
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "source", (self.jump.subgraph, self.jump.type) if self.jump else None)
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "price", (left_out(self.missing), depth, fetches, size))


def choose(fields: Sequence[Sequence[Option]], budget: Budget) -> list[Option]:
    """One option for each field: least left out, then fewest steps, then fewest fetches, then least selected.

    Raises BudgetExceeded.
    """
    single = {option.source for options in fields if len(options) == 1 for option in options}
    sources = list(dict.fromkeys(o.source for options in fields for o in options if o.source and o.source not in single))
    if not sources:
        return [options[0] for options in fields]
    cheapest_first = [sorted(options, key=lambda option: option.price) for options in fields]
    best: tuple[_Price, list[Option]] | None = None
    sizes = range(len(sources) + 1) if len(sources) <= _MOST_WEIGHED else (1, len(sources))
    for size in sizes:
        for subset in combinations(sources, size):
            budget.spend(1 + len(fields) // 2)
            allowed = {None, *single, *subset}
            chosen: list[Option] = []
            for options in cheapest_first:
                usable = next((option for option in options if option.source in allowed), None)
                if usable is None:
                    break
                chosen.append(usable)
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

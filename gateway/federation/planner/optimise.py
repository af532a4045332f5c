"""Makes a fetch graph cheaper: each rule, a file of its own, is applied until none of them finds anything."""

from collections.abc import Callable

from .drop_repeated import drop_repeated
from .fetch_graph import Step
from .operation import Budget

_Rule = Callable[[list[Step], Budget], bool]
"""Changes the steps; whether it found something to change, which must not go on for ever. Raises BudgetExceeded."""

_RULES: tuple[_Rule, ...] = (drop_repeated,)


def optimise(steps: list[Step], budget: Budget) -> None:
    while any(rule(steps, budget) for rule in _RULES):
        pass

"""Progressive overrides: which labels are active for one request."""

import re
from collections.abc import Callable, Collection
from random import random

LabelsOf = Callable[[object], Collection[str]]
"""The active labels by the context of a request."""

_PERCENT = re.compile(r"percent\((\d+(?:\.\d+)?)\)")
_NONE = frozenset[str]()


class ActiveLabels:
    """`labels` are active, or those that they name for a request's context.

    Beside them a label `percent(n)` is active for n of a hundred requests. A request has one share: `draw` gives a number
    of [0, 1), and the label is active where that is below n/100; so what is active at 10 percent is so at 50.
    """

    def __init__(self, labels: Collection[str] | LabelsOf = (), draw: Callable[[], float] = random) -> None:
        self._labels = labels if callable(labels) else frozenset(labels)
        self._draw = draw

    def among(self, labels: frozenset[str], context: object) -> frozenset[str]:
        """Those of `labels` that are active for one request; each call draws anew."""
        if not labels:
            return _NONE
        named = self._labels(context) if callable(self._labels) else self._labels
        shares = {label: float(match[1]) for label in labels if (match := _PERCENT.fullmatch(label))}
        share = 100 * self._draw() if shares else 100.0
        return frozenset(label for label in labels if label in named or share < shares.get(label, 0))

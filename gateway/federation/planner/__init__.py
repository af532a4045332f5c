"""Operation to query plan."""

from .build import Unplannable, build_plan
from .operation import Budget, BudgetExceeded, Keys, Operation, Selected, SelectionReader, normalise
from .plan import QueryPlan
from .query_graph import QueryGraph

__all__ = [
    "Budget",
    "BudgetExceeded",
    "Keys",
    "Operation",
    "QueryGraph",
    "QueryPlan",
    "Selected",
    "SelectionReader",
    "Unplannable",
    "build_plan",
    "normalise",
]

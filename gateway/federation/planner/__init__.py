"""Operation to query plan."""

from .build import Unplannable, build_plan
from .fetch_graph import FetchGraph
from .operation import Budget, BudgetExceeded, Keys, Operation, Selected, SelectionReader, normalise
from .plan import QueryPlan
from .query_graph import QueryGraph

__all__ = [
    "Budget",
    "BudgetExceeded",
    "FetchGraph",
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

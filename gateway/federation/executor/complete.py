"""The tree to the response data, by the API schema: first by generated code, and with care where that finds a flaw."""

from collections.abc import Callable, Mapping

from graphql import GraphQLSchema

from ..planner.operation import Operation
from .collect import Tree, TreePath
from .complete_carefully import CarefulCompletion
from .fields import condition_variables
from .generate import FLAWS, generate_completion

_MOST_VARIANTS = 32

_Completion = Callable[[Tree], Tree]


class Completer:
    """Completes the responses of one operation.

    A variant of the code is generated for each combination of condition values, up to a bound. `hidden` are the enum
    values that subgraphs have and the API hides; they are null without an error.
    """

    def __init__(self, api_schema: GraphQLSchema, operation: Operation, hidden: Mapping[str, frozenset[str]]) -> None:
        self._schema = api_schema
        self._hidden = hidden
        self._operation = operation
        self._conditions = condition_variables(operation.selections)
        self._variants: dict[tuple[bool, ...], _Completion] = {}

    def complete(
        self, tree: Tree, variables: Mapping[str, object], known_errors: list[TreePath]
    ) -> tuple[Tree | None, list[tuple[str, TreePath]]]:
        """The data, and the errors that completing found, but for places where an error is known already."""
        values = tuple(variables.get(name) is True for name in self._conditions)
        completion = self._variants.get(values)
        if completion is None:
            by_name = dict(zip(self._conditions, values, strict=True))
            if len(self._variants) >= _MOST_VARIANTS:
                return self._complete_carefully(tree, by_name, known_errors)
            completion = self._variants[values] = generate_completion(self._schema, self._operation, by_name, self._hidden)
        try:
            return completion(tree), []
        except FLAWS:
            return self._complete_carefully(tree, dict(zip(self._conditions, values, strict=True)), known_errors)

    def _complete_carefully(
        self, tree: Tree, values: Mapping[str, bool], known_errors: list[TreePath]
    ) -> tuple[Tree | None, list[tuple[str, TreePath]]]:
        return CarefulCompletion(self._schema, self._operation, values, self._hidden, known_errors).complete(tree)

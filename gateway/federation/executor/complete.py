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

    A variant of the code is generated for each combination of condition values, up to a bound.
    """

    def __init__(self, api_schema: GraphQLSchema, operation: Operation) -> None:
        self._schema = api_schema
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
                return CarefulCompletion(self._schema, self._operation, by_name, known_errors).complete(tree)
            completion = self._variants[values] = generate_completion(self._schema, self._operation, by_name)
        try:
            return completion(tree), []
        except FLAWS:
            by_name = dict(zip(self._conditions, values, strict=True))
            return CarefulCompletion(self._schema, self._operation, by_name, known_errors).complete(tree)

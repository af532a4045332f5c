"""Whether fields under one response name can be merged, as the GraphQL specification defines it.

The specification's rule compares fields in pairs, which is quadratic. Here fields are put into groups that must agree,
and each field is compared with the first of its group; shapes are transitive, so that is enough.
"""

from collections.abc import Iterable, Mapping, Sequence

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    print_ast,
)

from ..supergraph.schema_types import field_type, root_type
from .operation import Budget

_Field = tuple[str, FieldNode]  # with the name of the type that it is selected on


def find_overlap(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    budget: Budget,
) -> GraphQLError | None:
    """The first conflict in `operation`, whose document is valid otherwise. Raises BudgetExceeded."""
    root = root_type(schema, operation.operation)
    search = _Search(schema, fragments, budget)
    try:
        search.check([(root.name, operation.selection_set)], together=True)
    except _Conflict as conflict:
        return conflict.error
    return None


class _Conflict(Exception):
    def __init__(self, response: str, reason: str, nodes: Sequence[FieldNode]) -> None:
        super().__init__(response)
        self.error = GraphQLError(
            f"Fields '{response}' conflict because {reason}. Use different aliases on the fields"
            " to fetch both if this was intentional.",
            nodes,
        )


class _Search:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], budget: Budget) -> None:
        self._schema = schema
        self._fragments = fragments
        self._budget = budget

    def check(self, sets: Sequence[tuple[str, SelectionSetNode]], *, together: bool) -> None:
        """`together`: the sets apply to one object, so that equal names must be equal fields; else only equal shapes."""
        for response, fields in self._by_response(sets).items():
            self._check_shapes(response, fields)
            for group in self._groups(fields) if together else ():
                self._check_fields(response, group)
                self._descend(group, together=True)
            if not together or len({parent for parent, _ in fields}) > 1:
                self._descend(fields, together=False)

    def _by_response(self, sets: Iterable[tuple[str, SelectionSetNode]]) -> dict[str, list[_Field]]:
        found: dict[str, dict[tuple[str, int], _Field]] = {}
        spread: set[str] = set()
        pending = [*reversed([*sets])]
        while pending:
            parent, selection_set = pending.pop()
            for selection in selection_set.selections:
                self._budget.spend()
                if isinstance(selection, FieldNode):
                    response = selection.alias.value if selection.alias else selection.name.value
                    found.setdefault(response, {})[parent, id(selection)] = (parent, selection)
                elif isinstance(selection, InlineFragmentNode):
                    condition = selection.type_condition
                    pending.append((condition.name.value if condition else parent, selection.selection_set))
                elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                    spread.add(selection.name.value)
                    fragment = self._fragments[selection.name.value]
                    pending.append((fragment.type_condition.name.value, fragment.selection_set))
        return {response: list(fields.values()) for response, fields in found.items()}

    def _groups(self, fields: Sequence[_Field]) -> list[list[_Field]]:
        """The fields that can meet on one object: those of each object type, with those of all abstract types."""
        by_object: dict[str, list[_Field]] = {}
        abstract: list[_Field] = []
        for field in fields:
            if isinstance(self._schema.type_map[field[0]], GraphQLObjectType):
                by_object.setdefault(field[0], []).append(field)
            else:
                abstract.append(field)
        return [[*group, *abstract] for group in by_object.values()] or [abstract]

    def _check_fields(self, response: str, fields: Sequence[_Field]) -> None:
        first = fields[0][1]
        arguments = _arguments(first) if len(fields) > 1 else ""
        for _, node in fields[1:]:
            if node.name.value != first.name.value:
                reason = f"'{first.name.value}' and '{node.name.value}' are different fields"
                raise _Conflict(response, reason, [first, node])
            if _arguments(node) != arguments:
                raise _Conflict(response, "they have differing arguments", [first, node])

    def _check_shapes(self, response: str, fields: Sequence[_Field]) -> None:
        first = self._type(fields[0])
        for field in fields[1:]:
            other = self._type(field)
            if first is not other and not _same_shape(first, other):
                reason = f"they return conflicting types '{first}' and '{other}'"
                raise _Conflict(response, reason, [fields[0][1], field[1]])

    def _descend(self, fields: Sequence[_Field], *, together: bool) -> None:
        below = [
            (get_named_type(declared).name, field[1].selection_set)
            for field in fields
            if field[1].selection_set and (declared := self._type(field))
        ]
        if below:
            self.check(below, together=together)

    def _type(self, field: _Field) -> GraphQLOutputType | None:
        return field_type(self._schema, field[0], field[1].name.value)


def _arguments(node: FieldNode) -> str:
    return ",".join(sorted(print_ast(argument) for argument in node.arguments or ()))


def _same_shape(one: object, other: object) -> bool:
    while isinstance(one, GraphQLList | GraphQLNonNull) and isinstance(other, GraphQLList | GraphQLNonNull):
        if type(one) is not type(other):
            return False
        one, other = one.of_type, other.of_type
    if isinstance(one, GraphQLList | GraphQLNonNull) or isinstance(other, GraphQLList | GraphQLNonNull):
        return False
    return one is other or not (is_leaf_type(one) or is_leaf_type(other))

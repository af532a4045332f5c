"""Bounds how often an operation may ask for the same part of the schema, since every answer is computed again."""

from collections.abc import Iterable, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from .operation import Budget

_MOST_ROOTS = 5
_MOST_ALIASES = 2


def find_excess(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode], budget: Budget
) -> GraphQLError | None:
    """The error for an operation that introspects one field under too many names. Raises BudgetExceeded."""
    roots = _fields([operation.selection_set], fragments, budget)
    return _find_excess({name: roots[name] for name in ("__schema", "__type") if name in roots}, _MOST_ROOTS, fragments, budget)


def _find_excess(
    fields: Mapping[str, dict[str, list[FieldNode]]], most: int, fragments: Mapping[str, FragmentDefinitionNode], budget: Budget
) -> GraphQLError | None:
    for name, aliases in fields.items():
        if len(aliases) > most:
            return GraphQLError(f"The introspection field '{name}' is asked for under more than {most} names in one place.")
        for nodes in aliases.values():
            below = _fields([node.selection_set for node in nodes if node.selection_set], fragments, budget)
            if error := _find_excess(below, _MOST_ALIASES, fragments, budget):
                return error
    return None


def _fields(
    selection_sets: Iterable[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode], budget: Budget
) -> dict[str, dict[str, list[FieldNode]]]:
    """The fields of one level, by name and by the client's name."""
    found: dict[str, dict[str, list[FieldNode]]] = {}
    spread: set[str] = set()
    pending = [*selection_sets]
    while pending:
        for selection in pending.pop().selections:
            budget.spend()
            if isinstance(selection, FieldNode):
                name = selection.name.value
                response = selection.alias.value if selection.alias else name
                found.setdefault(name, {}).setdefault(response, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                pending.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                spread.add(selection.name.value)
                pending.append(fragments[selection.name.value].selection_set)
    return found

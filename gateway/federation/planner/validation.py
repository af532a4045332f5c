"""Text to a valid document, at a cost that is linear in its size."""

import re
from collections.abc import Mapping, Sequence

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    SelectionSetNode,
    parse,
    specified_rules,
    validate,
)

from .introspection_limit import find_excess
from .operation import Budget
from .overlaps import find_overlap

_RULES = tuple(rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule)
_NESTING = re.compile(r'"""(?:[^"\\]|\\"""|\\|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|#[^\n\r]*|([{\[(])|([}\])])')
_MOST_ERRORS = 20


def parse_document(text: str, max_tokens: int, max_depth: int) -> DocumentNode:
    """Raises GraphQLSyntaxError, and GraphQLError for a document that nests too deeply."""
    depth = deepest = 0
    for match in _NESTING.finditer(text):
        if match[1]:
            depth += 1
            deepest = max(deepest, depth)
        elif match[2]:
            depth -= 1
    if deepest > max_depth:
        raise GraphQLError(f"The document nests deeper than {max_depth} levels.")
    return parse(text, max_tokens=max_tokens, allow_empty_selection_sets=False)


def validate_document(
    schema: GraphQLSchema, document: DocumentNode, max_depth: int, max_operations: int, budget: Budget
) -> Sequence[GraphQLError]:
    """The errors of the document, none when it is valid. Raises BudgetExceeded."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    if len(operations) > max_operations:
        return [GraphQLError(f"The document holds more than {max_operations} operations.")]
    if _depth(operations, fragments) > max_depth:
        return [GraphQLError(f"The document's fragments nest deeper than {max_depth} levels, or never end.")]
    errors = validate(schema, document, _RULES, max_errors=_MOST_ERRORS, allow_empty_selection_sets=False)
    if errors:
        return errors
    for operation in operations:
        error = find_overlap(schema, operation, fragments, budget) or find_excess(operation, fragments, budget)
        if error:
            return [error]
    return []


def _depth(operations: Sequence[OperationDefinitionNode], fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    """How deep selections nest with their fragments in place; a cycle counts as endless. Works without recursion."""
    own: dict[str, tuple[int, dict[str, int]]] = {name: _measure(each.selection_set) for name, each in fragments.items()}
    depths: dict[str, int] = {}
    for start in fragments:
        stack = [start]
        entered: set[str] = set()
        while stack:
            name = stack[-1]
            entered.add(name)
            spread = own[name][1]
            waiting = [each for each in spread if each in own and each not in depths]
            if not waiting:
                depths[name] = max([own[name][0], *(at + depths.get(each, 0) for each, at in spread.items())])
                stack.pop()
            elif any(each in entered for each in waiting):
                return 1 << 30
            else:
                stack.append(waiting[0])
    deepest = 0
    for operation in operations:
        levels, spread = _measure(operation.selection_set)
        deepest = max([deepest, levels, *(at + depths.get(each, 0) for each, at in spread.items())])
    return deepest


def _measure(selection_set: SelectionSetNode) -> tuple[int, dict[str, int]]:
    """The levels of a selection set itself, and the deepest level at which it spreads each fragment."""
    levels = 0
    spread: dict[str, int] = {}
    pending = [(selection_set, 1)]
    while pending:
        current, level = pending.pop()
        levels = max(levels, level)
        for selection in current.selections:
            if isinstance(selection, FragmentSpreadNode):
                spread[selection.name.value] = max(level, spread.get(selection.name.value, 0))
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                pending.append((selection.selection_set, level + 1))
    return levels, spread

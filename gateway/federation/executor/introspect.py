"""Answers __schema and __type at home, from the API schema."""

from collections.abc import Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    execute_sync,
)

from .collect import Tree

_FIELDS = ("__schema", "__type")


class Introspection:
    """The part of an operation that asks for the schema; its answer is kept where it depends on no variable."""

    def __init__(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self._schema = schema
        self._names: dict[str, str] = {}
        self._fragments = fragments
        selected = SelectionSetNode(selections=tuple(self._only_introspection(operation.selection_set)))
        reduced = OperationDefinitionNode(
            operation=operation.operation,
            name=None,
            variable_definitions=operation.variable_definitions,
            directives=(),
            selection_set=selected,
        )
        self._document = DocumentNode(definitions=(reduced, *fragments.values()))
        self._constant = not operation.variable_definitions
        self._kept: Tree | None = None

    def answer(self, variables: Mapping[str, object]) -> Tree:
        """What to merge into the tree: each answer under its field's name and the client's name for it."""
        if self._kept is not None:
            return dict(self._kept)
        result = execute_sync(self._schema, self._document, variable_values=dict(variables))
        data: Mapping[str, object] = result.data or {}
        answer: Tree = {f"{self._names[response]} {response}": value for response, value in data.items()}
        if self._constant:
            self._kept = answer
        return dict(answer)

    def _only_introspection(self, selection_set: SelectionSetNode) -> list[SelectionNode]:
        kept: list[SelectionNode] = []
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                if selection.name.value in _FIELDS:
                    self._names[selection.alias.value if selection.alias else selection.name.value] = selection.name.value
                    kept.append(selection)
                continue
            if isinstance(selection, FragmentSpreadNode):
                inner: InlineFragmentNode | FragmentDefinitionNode = self._fragments[selection.name.value]
            elif isinstance(selection, InlineFragmentNode):
                inner = selection
            else:
                continue
            below = self._only_introspection(inner.selection_set)
            if below:
                narrowed = SelectionSetNode(selections=tuple(below))
                kept.append(InlineFragmentNode(directives=selection.directives, selection_set=narrowed))
        return kept

"""The schema that clients see: the supergraph's types without what is inaccessible."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from graphql import (
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    DirectiveLocation,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
)

_EXECUTABLE = {
    DirectiveLocation.QUERY.name,
    DirectiveLocation.MUTATION.name,
    DirectiveLocation.SUBSCRIPTION.name,
    DirectiveLocation.FIELD.name,
    DirectiveLocation.FRAGMENT_DEFINITION.name,
    DirectiveLocation.FRAGMENT_SPREAD.name,
    DirectiveLocation.INLINE_FRAGMENT.name,
    DirectiveLocation.VARIABLE_DEFINITION.name,
}


class _Directed(Protocol):
    @property
    def directives(self) -> Sequence[ConstDirectiveNode] | None: ...


_D = TypeVar("_D", bound=_Directed)
_T = TypeVar("_T", FieldDefinitionNode, InputValueDefinitionNode)


def derive_api_schema(document: DocumentNode, inaccessible: str | None, *, assume_valid: bool = False) -> GraphQLSchema:
    """`document` without machinery, less everything under the directive named `inaccessible`.

    Directive definitions are kept where an operation can write them. Raises GraphQLError or TypeError when what
    remains is no schema.
    """
    filtered = _Filter(document, inaccessible).filtered()
    return build_ast_schema(filtered, assume_valid=assume_valid, assume_valid_sdl=True)


class _Filter:
    def __init__(self, document: DocumentNode, inaccessible: str | None) -> None:
        self._inaccessible = inaccessible
        self._definitions = document.definitions
        self._hidden = {
            definition.name.value
            for definition in document.definitions
            if isinstance(definition, TypeDefinitionNode) and self._is_hidden(definition)
        }

    def filtered(self) -> DocumentNode:
        kept = [
            self._without_hidden(definition) if isinstance(definition, TypeDefinitionNode | SchemaDefinitionNode) else definition
            for definition in self._definitions
            if not (isinstance(definition, TypeDefinitionNode) and definition.name.value in self._hidden)
            and not (isinstance(definition, DirectiveDefinitionNode) and not is_executable(definition))
        ]
        return DocumentNode(definitions=tuple(kept))

    def _is_hidden(self, node: _Directed) -> bool:
        return any(directive.name.value == self._inaccessible for directive in node.directives or ())

    def _shown(self, nodes: Sequence[_D] | None) -> tuple[_D, ...]:
        return tuple(node for node in nodes or () if not self._is_hidden(node))

    def _without_hidden(self, definition: TypeDefinitionNode | SchemaDefinitionNode) -> TypeDefinitionNode | SchemaDefinitionNode:
        if isinstance(definition, SchemaDefinitionNode):
            roots = tuple(each for each in definition.operation_types if each.type.name.value not in self._hidden)
            return replace(definition, operation_types=roots)
        if isinstance(definition, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            fields = tuple(self._field(field) for field in self._typed(self._shown(definition.fields)))
            interfaces = tuple(each for each in definition.interfaces or () if each.name.value not in self._hidden)
            return replace(definition, fields=fields, interfaces=interfaces)
        if isinstance(definition, UnionTypeDefinitionNode):
            types = tuple(each for each in definition.types or () if each.name.value not in self._hidden)
            return replace(definition, types=types)
        if isinstance(definition, InputObjectTypeDefinitionNode):
            return replace(definition, fields=self._typed(self._shown(definition.fields)))
        if isinstance(definition, EnumTypeDefinitionNode):
            return replace(definition, values=self._shown(definition.values))
        return definition

    def _field(self, field: FieldDefinitionNode) -> FieldDefinitionNode:
        return replace(field, arguments=self._typed(self._shown(field.arguments)))

    def _typed(self, nodes: Sequence[_T]) -> tuple[_T, ...]:
        return tuple(node for node in nodes if _named(node.type) not in self._hidden)


def is_executable(definition: DirectiveDefinitionNode) -> bool:
    """Whether an operation can write the directive."""
    return any(location.value in _EXECUTABLE for location in definition.locations)


def _named(node: TypeNode) -> str:
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        node = node.type
    return node.name.value if isinstance(node, NamedTypeNode) else ""

"""From a subgraph's SDL to the model: parse, complete, hold to the GraphQL specification, read."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from graphql import (
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    ExecutableDefinitionNode,
    FieldDefinitionNode,
    GraphQLError,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    StringValueNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    parse,
    print_ast,
)

from .check_graphql import check_graphql
from .complete_document import (
    ROOTS,
    CompleteDocument,
    complete_document,
    schema_directive_nodes,
    schema_nodes,
)
from .constants import constant_text
from .errors import Findings
from .links import Vocabulary, read_vocabulary
from .model import (
    Directive,
    DirectiveDefinition,
    Element,
    Field,
    InputValue,
    Kind,
    Subgraph,
    TypeDefinition,
)
from .type_refs import base_name, with_base

_KIND: dict[type[TypeDefinitionNode | TypeExtensionNode], Kind] = {
    ObjectTypeDefinitionNode: Kind.OBJECT,
    ObjectTypeExtensionNode: Kind.OBJECT,
    InterfaceTypeDefinitionNode: Kind.INTERFACE,
    InterfaceTypeExtensionNode: Kind.INTERFACE,
    UnionTypeDefinitionNode: Kind.UNION,
    UnionTypeExtensionNode: Kind.UNION,
    EnumTypeDefinitionNode: Kind.ENUM,
    EnumTypeExtensionNode: Kind.ENUM,
    InputObjectTypeDefinitionNode: Kind.INPUT,
    InputObjectTypeExtensionNode: Kind.INPUT,
    ScalarTypeDefinitionNode: Kind.SCALAR,
    ScalarTypeExtensionNode: Kind.SCALAR,
}


class _Reader:
    """Reads nodes into the model under one schema's names: root types get their default names, directives their own."""

    def __init__(self, vocabulary: Vocabulary, roots: Mapping[str, str], extended_only: frozenset[str]) -> None:
        self._directives = vocabulary.directives
        self._renamed = {name: ROOTS[kind] for kind, name in roots.items() if name != ROOTS[kind]}
        self._extended_only = extended_only

    def type_name(self, name: str) -> str:
        return self._renamed.get(name, name)

    def reference(self, written: str) -> str:
        name = base_name(written)
        return with_base(written, self._renamed[name]) if name in self._renamed else written

    def directive(self, node: ConstDirectiveNode) -> Directive:
        arguments = tuple((argument.name.value, constant_text(argument.value)) for argument in node.arguments or ())
        own = self._directives.get(node.name.value)
        return Directive(own or node.name.value, arguments, federation=own is not None)

    def directives(self, nodes: Iterable[ConstDirectiveNode] | None) -> tuple[Directive, ...]:
        return tuple(self.directive(node) for node in nodes or ())

    def schema(self, document: DocumentNode) -> Element:
        descriptions = (getattr(node, "description", None) for node in schema_nodes(document))
        return Element(
            name="schema",
            description=next((description.value for description in descriptions if description), None),
            directives=self.directives(schema_directive_nodes(document)),
        )

    def input_value(self, node: InputValueDefinitionNode) -> InputValue:
        return InputValue(
            name=node.name.value,
            description=_text(node.description),
            directives=self.directives(node.directives),
            type=self.reference(print_ast(node.type)),
            default=constant_text(node.default_value) if node.default_value else None,
        )

    def field(self, node: FieldDefinitionNode) -> Field:
        return Field(
            name=node.name.value,
            description=_text(node.description),
            directives=self.directives(node.directives),
            type=self.reference(print_ast(node.type)),
            arguments={argument.name.value: self.input_value(argument) for argument in node.arguments or ()},
        )

    def type_part(self, node: TypeDefinitionNode | TypeExtensionNode) -> TypeDefinition:
        part = TypeDefinition(
            name=self.type_name(node.name.value),
            kind=_KIND[type(node)],
            description=_text(getattr(node, "description", None)),
            directives=self.directives(node.directives),
        )
        match node:
            case (
                ObjectTypeDefinitionNode()
                | ObjectTypeExtensionNode()
                | InterfaceTypeDefinitionNode()
                | InterfaceTypeExtensionNode()
            ):
                fields = (_inheriting(part, self.field(field)) for field in node.fields or ())
                return replace(
                    part,
                    interfaces=tuple(interface.name.value for interface in node.interfaces or ()),
                    fields={field.name: field for field in fields},
                )
            case UnionTypeDefinitionNode() | UnionTypeExtensionNode():
                return replace(part, members=tuple(self.type_name(member.name.value) for member in node.types or ()))
            case EnumTypeDefinitionNode() | EnumTypeExtensionNode():
                values = (
                    Element(
                        name=value.name.value,
                        description=_text(value.description),
                        directives=self.directives(value.directives),
                    )
                    for value in node.values or ()
                )
                return replace(part, values={value.name: value for value in values})
            case InputObjectTypeDefinitionNode() | InputObjectTypeExtensionNode():
                return replace(part, inputs={field.name.value: self.input_value(field) for field in node.fields or ()})
            case _:
                return part

    def types(self, document: CompleteDocument) -> dict[str, TypeDefinition]:
        # Every subgraph has a query root, if only for `_service` and `_entities`.
        types: dict[str, TypeDefinition] = {"Query": TypeDefinition(name="Query", kind=Kind.OBJECT)}
        for node in document.own:
            if not isinstance(node, TypeDefinitionNode | TypeExtensionNode):
                continue
            part = self.type_part(node)
            types[part.name] = _joined(types[part.name], part) if part.name in types else part
        return {
            name: replace(definition, extension=name in self._extended_only or definition.has("extends"))
            for name, definition in types.items()
        }

    def directive_definitions(self, document: CompleteDocument) -> dict[str, DirectiveDefinition]:
        return {
            node.name.value: DirectiveDefinition(
                name=node.name.value,
                description=_text(node.description),
                arguments={argument.name.value: self.input_value(argument) for argument in node.arguments or ()},
                locations=tuple(location.value for location in node.locations),
                repeatable=node.repeatable,
            )
            for node in document.own
            if isinstance(node, DirectiveDefinitionNode)
        }


def _text(node: StringValueNode | None) -> str | None:
    return node.value if node else None


def _inheriting(part: TypeDefinition, field: Field) -> Field:
    """The field with what stands on its (part of a) type but is meant for each field of it."""
    inherited = tuple(part.first(name) for name in ("shareable", "external") if not field.has(name))
    return replace(field, directives=field.directives + tuple(applied for applied in inherited if applied))


def _joined(base: TypeDefinition, part: TypeDefinition) -> TypeDefinition:
    return replace(
        base,
        description=base.description or part.description,
        directives=base.directives + part.directives,
        interfaces=base.interfaces + part.interfaces,
        fields={**base.fields, **part.fields},
        inputs={**base.inputs, **part.inputs},
        members=base.members + part.members,
        values={**base.values, **part.values},
    )


def _raw_directives(document: DocumentNode) -> tuple[Directive, ...]:
    return tuple(
        Directive(
            node.name.value,
            tuple((argument.name.value, constant_text(argument.value)) for argument in node.arguments or ()),
        )
        for node in schema_directive_nodes(document)
    )


def _check_roots(document: CompleteDocument, findings: Findings, name: str) -> None:
    types = {node.name.value for node in document.own if isinstance(node, TypeDefinitionNode)}
    for kind, default in ROOTS.items():
        root = document.roots.get(kind)
        if root is not None and root != default and default in types:
            findings.within(name)(
                f"ROOT_{kind.upper()}_USED",
                f'The {kind} root is "{root}", so no other type may be called "{default}".',
                default,
            )


def read_subgraph(name: str, url: str, graph: str, sdl: str, findings: Findings) -> Subgraph | None:
    """The subgraph's model, or None where findings tell why there is none."""
    own = Findings()
    try:
        document = parse(sdl, no_location=False)
    except GraphQLError as error:
        findings.within(name)("INVALID_GRAPHQL", error.message, "")
        return None
    if any(isinstance(node, ExecutableDefinitionNode) for node in document.definitions):
        own.within(name)("INVALID_GRAPHQL", "A schema holds no operations or fragments.", "")
    vocabulary = read_vocabulary(_raw_directives(document), own, name)
    if not own.errors:
        completed = complete_document(document, vocabulary, own, name)
        _check_roots(completed, own, name)
        check_graphql(completed.whole, vocabulary, own, name)
        if not own.errors:
            reader = _Reader(vocabulary, completed.roots, completed.extended_only)
            return Subgraph(
                name=name,
                url=url,
                graph=graph,
                version=vocabulary.version,
                types=reader.types(completed),
                directives=reader.directive_definitions(completed),
                schema=reader.schema(document),
                links=vocabulary.links,
            )
    findings.errors.extend(own.errors)
    return None

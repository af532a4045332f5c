"""From a subgraph's SDL as written to one that plain GraphQL understands.

Federation lets a schema use directives that it does not define, extend types that it does not hold and leave out the root
query type; it also lets it spell out the machinery (`_entities`, `_Any`, …). Here what is missing is added, what is
machinery is taken away, and `@link`ed names are known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    parse,
    print_ast,
)

from .errors import Findings
from .links import Vocabulary
from .specifications import NEWEST, federation_directives

ROOTS = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}
_MACHINERY_TYPES = frozenset({"_Any", "_Entity", "_Service"})
_SPECIFIED_SCALARS = frozenset({"Int", "Float", "String", "Boolean", "ID"})
_MACHINERY_FIELDS = frozenset({"_entities", "_service"})
_DEFINITION_OF: dict[type[TypeExtensionNode], type[TypeDefinitionNode]] = {
    ObjectTypeExtensionNode: ObjectTypeDefinitionNode,
    InterfaceTypeExtensionNode: InterfaceTypeDefinitionNode,
    UnionTypeExtensionNode: UnionTypeDefinitionNode,
    EnumTypeExtensionNode: EnumTypeDefinitionNode,
    InputObjectTypeExtensionNode: InputObjectTypeDefinitionNode,
    ScalarTypeExtensionNode: ScalarTypeDefinitionNode,
}


@dataclass(frozen=True, slots=True)
class CompleteDocument:
    """`own` is what the subgraph brings, `whole` also has what federation defines. `roots` maps operation to type name."""

    own: tuple[DefinitionNode, ...]
    whole: DocumentNode
    roots: dict[str, str]
    extended_only: frozenset[str]


def schema_nodes(document: DocumentNode) -> tuple[SchemaDefinitionNode | SchemaExtensionNode, ...]:
    return tuple(node for node in document.definitions if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode))


def _roots(document: DocumentNode) -> dict[str, str]:
    nodes = schema_nodes(document)
    roots = {operation.operation.value: operation.type.name.value for node in nodes for operation in node.operation_types or ()}
    if any(isinstance(node, SchemaDefinitionNode) for node in nodes):
        return roots
    present = {
        node.name.value for node in document.definitions if isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode)
    }
    return {operation: name for operation, name in ROOTS.items() if name in present} | roots


def _without_machinery(node: DefinitionNode, query: str) -> DefinitionNode | None:
    """The query root without `_entities` and `_service`, None if nothing else was in it."""
    if not isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode) or node.name.value != query:
        return node
    fields = tuple(field for field in node.fields or () if field.name.value not in _MACHINERY_FIELDS)
    if not fields and not node.directives and not node.interfaces:
        return None
    return type(node)(
        **{key: getattr(node, key) for key in node.keys if key != "fields"},
        fields=fields,
    )


def _as_definition(node: TypeExtensionNode) -> TypeDefinitionNode:
    return _DEFINITION_OF[type(node)](**{key: getattr(node, key) for key in node.keys})


def _give_bases(definitions: Iterable[DefinitionNode]) -> tuple[tuple[DefinitionNode, ...], frozenset[str]]:
    """The first extension of each type without a definition becomes one; those types' names come with it."""
    nodes = tuple(definitions)
    based = {node.name.value for node in nodes if isinstance(node, TypeDefinitionNode)}
    orphans: set[str] = set()
    given: list[DefinitionNode] = []
    for node in nodes:
        if isinstance(node, TypeExtensionNode) and node.name.value not in based:
            name = node.name.value
            if name not in orphans:
                orphans.add(name)
                node = _as_definition(node)
        given.append(node)
    return tuple(given), frozenset(orphans)


class _Locals(dict[str, str]):
    """The specification's own name to the local one, for the braces in a definition."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__({own: local for local, own in vocabulary.types.items()})
        self.update({own: local for local, own in vocabulary.directives.items()})

    def __missing__(self, name: str) -> str:
        return "String"


def _definitions_of_vocabulary(vocabulary: Vocabulary) -> Sequence[DefinitionNode]:
    lines = [f"scalar {local}" for local, own in vocabulary.types.items() if own != "Purpose"]
    locals_ = _Locals(vocabulary)
    newest = federation_directives(NEWEST)
    definitions = newest | (federation_directives(vocabulary.version) if not vocabulary.is_federation_1 else {})
    for local, own in vocabulary.directives.items():
        if own == "link":
            imports = next((name for name, of in vocabulary.types.items() if of == "Import"), "String")
            purpose = next((name for name, of in vocabulary.types.items() if of == "Purpose"), None)
            if purpose:
                lines.append(f"enum {purpose} {{ SECURITY EXECUTION }}")
            lines.append(
                f"directive @{local}(url: String, as: String, for: {purpose or 'String'}, import: [{imports}])"
                " repeatable on SCHEMA"
            )
        else:
            definition = definitions[own]
            locals_[own] = local
            lines.append(definition.format_map(locals_))
    return parse("\n".join(lines)).definitions if lines else ()


def _arguments(definition: DirectiveDefinitionNode) -> dict[str, str]:
    return {argument.name.value: print_ast(argument.type) for argument in definition.arguments or ()}


def _check_definition(written: DirectiveDefinitionNode, known: DirectiveDefinitionNode, findings: Findings, name: str) -> None:
    """A schema may define a federation directive itself, with fewer places and arguments but not with others."""
    allowed = _arguments(known)
    for argument, type_ in _arguments(written).items():
        expected = allowed.get(argument)
        if expected is None or type_.count("[") != expected.count("["):
            findings.within(name)(
                "DIRECTIVE_DEFINITION_INVALID",
                f'"@{written.name.value}" is defined with the argument "{argument}: {type_}", '
                + (
                    f'where the specification has "{argument}: {expected}".'
                    if expected
                    else "which the specification does not have."
                ),
                f"@{written.name.value}",
            )
    places = {place.value for place in known.locations}
    for place in written.locations:
        if place.value not in places:
            findings.within(name)(
                "DIRECTIVE_DEFINITION_INVALID",
                f'"@{written.name.value}" is defined on {place.value}, where the specification does not allow it.',
                f"@{written.name.value}",
            )


def complete_document(document: DocumentNode, vocabulary: Vocabulary, findings: Findings, subgraph: str) -> CompleteDocument:
    """Add what federation defines, drop what is machinery; findings tell of definitions that contradict the specification."""
    roots = _roots(document)
    added = _definitions_of_vocabulary(vocabulary)
    known = {node.name.value: node for node in added if isinstance(node, DirectiveDefinitionNode)}
    kept: list[DefinitionNode] = []
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            continue
        if isinstance(node, DirectiveDefinitionNode) and node.name.value in known:
            if vocabulary.directives[node.name.value] != "link":
                _check_definition(node, known[node.name.value], findings, subgraph)
            continue
        if isinstance(node, TypeDefinitionNode | TypeExtensionNode) and (
            node.name.value in vocabulary.types or node.name.value in _MACHINERY_TYPES or node.name.value in _SPECIFIED_SCALARS
        ):
            continue
        bare = _without_machinery(node, roots.get("query", "Query"))
        if bare is not None:
            kept.append(bare)
    own, orphans = _give_bases(kept)
    query = roots.get("query", "Query")
    defined = {node.name.value for node in own if isinstance(node, TypeDefinitionNode)}
    service = "extend type" if query in defined else "type"
    schema = SchemaDefinitionNode(
        directives=tuple(directive for node in schema_nodes(document) for directive in node.directives or ()),
        operation_types=parse("schema {" + " ".join(f"{kind}: {name}" for kind, name in ({"query": query} | roots).items()) + "}")
        .definitions[0]
        .operation_types,  # pyright: ignore[reportAttributeAccessIssue] -- the one definition just parsed is a schema
    )
    machinery = parse(f"scalar _Service {service} {query} {{ _service: _Service }}").definitions
    whole = DocumentNode(definitions=(schema, *own, *added, *machinery))
    return CompleteDocument(own, whole, {kind: name for kind, name in roots.items() if name in defined}, orphans)


def schema_directive_nodes(document: DocumentNode) -> tuple[ConstDirectiveNode, ...]:
    return tuple(directive for node in schema_nodes(document) for directive in node.directives or ())

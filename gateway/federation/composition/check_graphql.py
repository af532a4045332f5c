"""Holding a completed subgraph schema to the GraphQL specification."""

from collections.abc import Iterator

from graphql import (
    REMOVE,
    ConstDirectiveNode,
    DocumentNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    Node,
    StringValueNode,
    Undefined,
    Visitor,
    VisitorAction,
    build_ast_schema,
    print_ast,
    validate_schema,
    value_from_ast,
    visit,
)
from graphql.validation.validate import validate_sdl

from .errors import Findings
from .links import Vocabulary

_FIELD_SETS = frozenset({"key", "requires", "provides"})


class _DirectiveArguments(Visitor):
    """Every directive argument must be of the type that its definition says."""

    def __init__(self, schema: GraphQLSchema, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._schema = schema
        self._vocabulary = vocabulary
        self.broken: list[tuple[str, str]] = []

    def enter_directive(self, node: ConstDirectiveNode, *_: object) -> VisitorAction:
        definition = self._schema.get_directive(node.name.value)
        own = self._vocabulary.directives.get(node.name.value, "")
        for argument in node.arguments or () if definition else ():
            expected = definition.args.get(argument.name.value) if definition else None
            if expected is None:
                continue
            if own in _FIELD_SETS and argument.name.value == "fields":
                if not isinstance(argument.value, StringValueNode):
                    self.broken.append((f"{own.upper()}_INVALID_FIELDS_TYPE", f'"{print_ast(node)}": fields must be a string.'))
            elif value_from_ast(argument.value, expected.type) is Undefined:
                self.broken.append(
                    ("INVALID_GRAPHQL", f'"{print_ast(node)}": {argument.name.value} must be of type {expected.type}.')
                )
        return None


class _Undeprecate(Visitor):
    def enter_directive(self, node: ConstDirectiveNode, *_: object) -> VisitorAction:
        return REMOVE if node.name.value == "deprecated" else None


def without_deprecations(document: DocumentNode) -> DocumentNode:
    """The document as drafts of GraphQL before 2025 see it, which let an implementation deprecate what its interface does not."""
    return visit(document, _Undeprecate())


def _inputs(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLArgument | GraphQLInputField]]:
    for type_ in schema.type_map.values():
        if type_.name.startswith("__"):
            continue
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in type_.fields.items():
                for name, argument in field.args.items():
                    yield f"{type_.name}.{field_name}({name}:)", argument
        elif isinstance(type_, GraphQLInputObjectType):
            for field_name, input_field in type_.fields.items():
                yield f"{type_.name}.{field_name}", input_field


def check_graphql(document: DocumentNode, vocabulary: Vocabulary, findings: Findings, subgraph: str) -> None:
    """Findings `INVALID_GRAPHQL` for whatever the GraphQL specification refuses, `…_INVALID_FIELDS_TYPE` for field sets."""
    add = findings.within(subgraph)
    problems: list[GraphQLError] = validate_sdl(document)
    if problems:
        for problem in problems:
            add("INVALID_GRAPHQL", problem.message, _place(problem))
        return
    try:
        schema = build_ast_schema(without_deprecations(document), assume_valid_sdl=True)
        problems = validate_schema(schema)
    except (GraphQLError, TypeError) as error:
        add("INVALID_GRAPHQL", str(error), "")
        return
    for problem in problems:
        add("INVALID_GRAPHQL", problem.message, _place(problem))
    if problems:
        return
    for coordinate, value in _inputs(schema):
        node = value.ast_node
        if node and node.default_value and value_from_ast(node.default_value, value.type) is Undefined:
            add("INVALID_GRAPHQL", f'"{coordinate}" has a default value that is not of type {value.type}.', coordinate)
    arguments = _DirectiveArguments(schema, vocabulary)
    visit(document, arguments)
    for code, message in arguments.broken:
        add(code, message, "")
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLEnumType) and not type_.values:
            add("INVALID_GRAPHQL", f'The enum "{type_.name}" has no values.', type_.name)


def _place(problem: GraphQLError) -> str:
    node: Node | None = problem.nodes[0] if problem.nodes else None
    name = getattr(node, "name", None)
    value = getattr(name, "value", None)
    return value if isinstance(value, str) else ""

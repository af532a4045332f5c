"""Holding a completed subgraph schema to the GraphQL specification."""

from collections.abc import Callable, Iterator

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

Add = Callable[[str, str, str], None]

_FIELD_SETS = frozenset({"key", "requires", "provides"})


def _directives(document: DocumentNode) -> Iterator[ConstDirectiveNode]:
    """Every directive applied in a schema document."""
    for definition in document.definitions:
        yield from getattr(definition, "directives", None) or ()
        for name in ("fields", "values", "arguments"):
            for member in getattr(definition, name, None) or ():
                yield from member.directives or ()
                for argument in getattr(member, "arguments", None) or ():
                    yield from argument.directives or ()


def _check_directive_arguments(document: DocumentNode, schema: GraphQLSchema, vocabulary: Vocabulary, add: Add) -> None:
    """Every directive argument must be of the type that its definition says."""
    for node in _directives(document):
        definition = schema.get_directive(node.name.value)
        own = vocabulary.directives.get(node.name.value, "")
        for argument in node.arguments or ():
            expected = definition.args.get(argument.name.value) if definition else None
            if expected is None:
                continue
            if own in _FIELD_SETS and argument.name.value == "fields":
                if not isinstance(argument.value, StringValueNode):
                    add(f"{own.upper()}_INVALID_FIELDS_TYPE", f'"{print_ast(node)}": fields must be a string.', "")
            elif value_from_ast(argument.value, expected.type) is Undefined:
                add("INVALID_GRAPHQL", f'"{print_ast(node)}": {argument.name.value} must be of type {expected.type}.', "")


class _Undeprecate(Visitor):
    def enter_directive(self, node: ConstDirectiveNode, *_: object) -> VisitorAction:
        return REMOVE if node.name.value == "deprecated" else None


def schema_problems(document: DocumentNode) -> tuple[GraphQLSchema, list[GraphQLError]]:
    """The schema of a document that is valid SDL, and what is wrong with its types. Raises GraphQLError or TypeError.

    An implementation may deprecate what its interface does not: that was right until the specification of 2025.
    """
    schema = build_ast_schema(document, assume_valid_sdl=True)
    problems = validate_schema(schema)
    if problems:
        schema = build_ast_schema(visit(document, _Undeprecate()), assume_valid_sdl=True)
        problems = validate_schema(schema)
    return schema, problems


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
        schema, problems = schema_problems(document)
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
    _check_directive_arguments(document, schema, vocabulary, add)
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLEnumType) and not type_.values:
            add("INVALID_GRAPHQL", f'The enum "{type_.name}" has no values.', type_.name)


def _place(problem: GraphQLError) -> str:
    node: Node | None = problem.nodes[0] if problem.nodes else None
    name = getattr(node, "name", None)
    value = getattr(name, "value", None)
    return value if isinstance(value, str) else ""

"""A schema as its clients see it, from SDL of any kind."""

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    KnownDirectivesRule,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    build_ast_schema,
    parse,
    validate_schema,
)
from graphql.validation.specified_rules import specified_sdl_rules
from graphql.validation.validate import validate_sdl

from ..supergraph import InvalidSupergraph, load_supergraph

# A subgraph's schema uses directives that it imports without defining them.
_RULES = tuple(rule for rule in specified_sdl_rules if rule is not KnownDirectivesRule)
_LINKS = ("link", "core")


class InvalidSchema(Exception):
    """The text is no schema; the message names the first place where it is wrong."""


def read_schema(sdl: str) -> GraphQLSchema:
    """The API schema of a supergraph, or the schema that any other SDL describes. Raises InvalidSchema."""
    try:
        document = parse(sdl)
        if _is_supergraph(document):
            return load_supergraph(sdl).api_schema
        if errors := validate_sdl(document, None, _RULES):
            raise errors[0]
        schema = build_ast_schema(document, assume_valid_sdl=True)
    except GraphQLError as error:
        raise InvalidSchema(_placed(error)) from error
    except (InvalidSupergraph, TypeError) as error:
        raise InvalidSchema(str(error)) from error
    if errors := validate_schema(schema):
        raise InvalidSchema(_placed(errors[0]))
    return schema


def _is_supergraph(document: DocumentNode) -> bool:
    """By the join specification, which every supergraph links and no other schema does."""
    return any(
        directive.name.value in _LINKS and isinstance(argument.value, StringValueNode) and "/join/v" in argument.value.value
        for definition in document.definitions
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode)
        for directive in definition.directives or ()
        for argument in directive.arguments or ()
    )


def _placed(error: GraphQLError) -> str:
    return f"line {error.locations[0].line}: {error.message}" if error.locations else error.message

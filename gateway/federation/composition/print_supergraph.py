"""The supergraph as SDL, in the words of the join specification v0.5 and link v1.0: the same bytes for the same subgraphs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from graphql.language.block_string import print_block_string

from .constants import quoted
from .model import (
    Directive,
    DirectiveDefinition,
    Element,
    Field,
    InputValue,
    Kind,
    Subgraph,
    Supergraph,
    TypeDefinition,
)
from .specifications import NEWEST, SPECS, federation_directives

E = TypeVar("E", bound=Element)

_JOIN_DIRECTIVES = (
    (
        "directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments)"
        " repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION"
    ),
    "directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE",
    (
        "directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String,"
        " external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String,"
        " contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION"
    ),
    "directive @join__graph(name: String!, url: String!) on ENUM_VALUE",
    "directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE",
    (
        "directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false,"
        " resolvable: Boolean! = true, isInterfaceObject: Boolean! = false)"
        " repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR"
    ),
    "directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION",
    "directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA",
)

_JOIN_TYPES = (
    "input join__ContextArgument {\n  name: String!\n  type: String!\n  context: String!\n  selection: join__FieldValue!\n}",
    "scalar join__DirectiveArguments",
    "scalar join__FieldSet",
    "scalar join__FieldValue",
    "scalar link__Import",
    (
        "enum link__Purpose {\n"
        '  """What must be understood to serve the schema securely."""\n  SECURITY\n\n'
        '  """What must be understood to execute operations."""\n  EXECUTION\n}'
    ),
)

# The types that the directives of linked specifications need, under the names that their links give them.
_SPECIFICATION_TYPES: Mapping[str, tuple[str, str]] = {
    "requiresScopes": ("Scope", "requiresScopes__Scope"),
    "policy": ("Policy", "policy__Policy"),
    "context": ("ContextFieldValue", "context__ContextFieldValue"),
}


class _SupergraphNames(dict[str, str]):
    """The supergraph's names for what specifications define: directives keep theirs, types carry the specification's prefix."""

    def __init__(self) -> None:
        super().__init__(dict(_SPECIFICATION_TYPES.values()))
        self["fromContext"] = "context__fromContext"

    def __missing__(self, name: str) -> str:
        return name


def print_supergraph(supergraph: Supergraph, subgraphs: Sequence[Subgraph]) -> str:
    """SDL that any router loads: links, definitions, the enum of subgraphs, then the types by name."""
    return "\n\n".join(
        (
            _schema(supergraph),
            *_directive_definitions(supergraph),
            *_JOIN_TYPES,
            *_specification_types(supergraph),
            _graphs(subgraphs),
            *(_type(definition) for definition in supergraph.types.values()),
            "",
        )
    ).removesuffix("\n")


def print_bare_types(supergraph: Supergraph) -> str:
    """The types alone, without descriptions and directives."""
    return "\n".join(_type(_bare_type(definition)) for definition in supergraph.types.values())


def _bare_type(definition: TypeDefinition) -> TypeDefinition:
    return replace(
        _bare(definition),
        fields={name: replace(_bare(field), arguments=_all_bare(field.arguments)) for name, field in definition.fields.items()},
        inputs=_all_bare(definition.inputs),
        values=_all_bare(definition.values),
    )


def _bare(element: E) -> E:
    return replace(element, description=None, directives=())


def _all_bare(elements: Mapping[str, E]) -> dict[str, E]:
    return {name: _bare(element) for name, element in elements.items()}


def _schema(supergraph: Supergraph) -> str:
    links = (
        Directive("link", (("url", quoted(f"{SPECS}link/v1.0")),)),
        Directive("link", (("url", quoted(f"{SPECS}join/v0.5")), ("for", "EXECUTION"))),
        *supergraph.links,
    )
    roots = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}
    lines = "\n".join(f"  {kind}: {name}" for kind, name in roots.items() if name in supergraph.types)
    applied = "\n".join(f"  {directive}" for directive in (*links, *supergraph.schema.directives))
    return f"{_description(supergraph.schema, '')}schema\n{applied}\n{{\n{lines}\n}}"


def _linked(supergraph: Supergraph) -> list[str]:
    """Names of the known specifications that the supergraph links."""
    urls = [link.text("url") for link in supergraph.links]
    return [url.removeprefix(SPECS).partition("/")[0] for url in urls if url.startswith(SPECS)]


def _directive_definitions(supergraph: Supergraph) -> list[str]:
    names = _SupergraphNames()
    linked = _linked(supergraph)
    own = [name for name in linked if name not in ("context", "cost", "cacheTag")]
    if "context" in linked:
        own += ["context", "fromContext"]
    if "cost" in linked:
        own.append("cost")
        if any("listSize" in link.text("url") or '"@listSize"' in str(link) for link in supergraph.links):
            own.append("listSize")
    definitions = federation_directives(NEWEST)
    printed = [definitions[name].format_map(names) for name in own]
    printed += [_directive(definition) for definition in supergraph.directives.values()]
    return sorted((*_JOIN_DIRECTIVES, *printed))


def _specification_types(supergraph: Supergraph) -> list[str]:
    return [f"scalar {_SPECIFICATION_TYPES[name][1]}" for name in _linked(supergraph) if name in _SPECIFICATION_TYPES]


def _graphs(subgraphs: Sequence[Subgraph]) -> str:
    values = "\n".join(
        f"  {subgraph.graph} @join__graph(name: {quoted(subgraph.name)}, url: {quoted(subgraph.url)})" for subgraph in subgraphs
    )
    return f"enum join__Graph {{\n{values}\n}}"


def _description(element: Element, indent: str) -> str:
    if element.description is None:
        return ""
    block = print_block_string(element.description)
    return "".join(f"{indent}{line}\n" if line else "\n" for line in block.split("\n"))


def _applied(directives: Iterable[Directive]) -> str:
    return "".join(f" {directive}" for directive in directives)


def _input_value(value: InputValue) -> str:
    default = f" = {value.default}" if value.default is not None else ""
    return f"{value.name}: {value.type}{default}{_applied(value.directives)}"


def _arguments(arguments: Mapping[str, InputValue], indent: str) -> str:
    if not arguments:
        return ""
    if not any(argument.description for argument in arguments.values()):
        return "(" + ", ".join(_input_value(argument) for argument in arguments.values()) + ")"
    lines = "\n".join(
        f"{_description(argument, indent + '  ')}{indent}  {_input_value(argument)}" for argument in arguments.values()
    )
    return f"(\n{lines}\n{indent})"


def _field(field: Field) -> str:
    return (
        f"{_description(field, '  ')}  {field.name}{_arguments(field.arguments, '  ')}: {field.type}{_applied(field.directives)}"
    )


def _directive(definition: DirectiveDefinition) -> str:
    repeatable = " repeatable" if definition.repeatable else ""
    return (
        f"{_description(definition, '')}directive @{definition.name}{_arguments(definition.arguments, '')}{repeatable}"
        f" on {' | '.join(definition.locations)}"
    )


def _type(definition: TypeDefinition) -> str:
    interfaces = f" implements {' & '.join(definition.interfaces)}" if definition.interfaces else ""
    head = f"{_description(definition, '')}{definition.kind} {definition.name}{interfaces}"
    head += "".join(f"\n  {directive}" for directive in definition.directives)
    match definition.kind:
        case Kind.SCALAR:
            return head
        case Kind.UNION:
            return f"{head}\n = {' | '.join(definition.members)}"
        case Kind.ENUM:
            lines = [
                f"{_description(value, '  ')}  {value.name}{_applied(value.directives)}" for value in definition.values.values()
            ]
        case Kind.INPUT:
            lines = [f"{_description(value, '  ')}  {_input_value(value)}" for value in definition.inputs.values()]
        case Kind.OBJECT | Kind.INTERFACE:
            lines = [_field(field) for field in definition.fields.values()]
    body = "\n".join(lines)
    return f"{head}\n{{\n{body}\n}}"

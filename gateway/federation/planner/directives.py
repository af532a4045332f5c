"""Custom directives of operations, as they travel to subgraphs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graphql import DirectiveNode, GraphQLSchema, ListValueNode, ObjectValueNode, ValueNode, VariableNode, print_ast


@dataclass(frozen=True, slots=True)
class Applied:
    """A directive as it is printed, with the operation's variables in it and the places where it may stand."""

    name: str
    text: str
    variables: frozenset[str]
    locations: frozenset[str]


class CustomDirectives:
    """Those that every subgraph defines; `locations` are the places where all of them let each stand."""

    def __init__(self, schema: GraphQLSchema, locations: Mapping[str, frozenset[str]]) -> None:
        self._schema = schema
        self._locations = locations

    def applied(self, nodes: Iterable[DirectiveNode] | None, location: str | None = None) -> tuple[Applied, ...]:
        """Those that travel, if they may stand in a place; what is written twice is told once."""
        if not nodes or not self._locations:
            return ()
        return tuple(
            dict.fromkeys(
                self._applied(node, self._locations[node.name.value])
                for node in nodes
                if node.name.value in self._locations and (location is None or location in self._locations[node.name.value])
            )
        )

    def merged(self, groups: Sequence[tuple[Applied, ...]]) -> tuple[Applied, ...]:
        """Those of fields that are merged into one: all of a repeatable one, else the first."""
        kept: dict[str, Applied] = {}
        for each in (each for group in groups for each in group):
            declared = self._schema.get_directive(each.name)
            kept.setdefault(each.text if declared and declared.is_repeatable else each.name, each)
        return tuple(kept.values())

    def _applied(self, node: DirectiveNode, locations: frozenset[str]) -> Applied:
        """With the supergraph's defaults, as a subgraph may have others."""
        declared = self._schema.get_directive(node.name.value)
        values = {
            name: print_ast(argument.ast_node.default_value)
            for name, argument in (declared.args if declared else {}).items()
            if argument.ast_node and argument.ast_node.default_value
        }
        variables: set[str] = set()
        for argument in node.arguments or ():
            values[argument.name.value] = print_ast(argument.value)
            find_variables(argument.value, variables)
        arguments = ", ".join(f"{name}: {value}" for name, value in values.items())
        text = f"@{node.name.value}({arguments})" if arguments else f"@{node.name.value}"
        return Applied(node.name.value, text, frozenset(variables), locations)


def find_variables(node: ValueNode, found: set[str]) -> None:
    if isinstance(node, VariableNode):
        found.add(node.name.value)
    elif isinstance(node, ListValueNode):
        for value in node.values:
            find_variables(value, found)
    elif isinstance(node, ObjectValueNode):
        for field in node.fields:
            find_variables(field.value, found)

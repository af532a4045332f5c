"""Document and schema to an Operation: fragments inlined by type, selections merged, conditions kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    print_ast,
)

from ..supergraph.schema_types import named_field_type, root_type
from .directives import Applied, CustomDirectives, find_variables

Condition = tuple[tuple[str, bool], ...]
"""Variables and the values they must have, all of them; () always holds. Sorted, so that equal conditions are equal."""


def both(one: Condition, other: Condition) -> Condition:
    """The condition that holds where both do."""
    return tuple(sorted({*one, *other})) if other else one


class BudgetExceeded(Exception):
    """Planning the operation would take more work than one operation may cause."""


@dataclass(frozen=True, slots=True, eq=False)
class Selected:
    """One selected field, for the runtime types `types`. Equal only to itself.

    `response` is the client's name for it, `key` its name in the tree that subgraph answers are merged into: one key
    for each field and arguments, whatever the client calls it, so that no alias can collide with a key or requirement.
    `arguments` is printed with its parentheses, or empty, and before the custom directives that travel along; `around`
    are those of the fragments that it is in. An object may have
    no children, where all that is selected on it never holds.
    """

    response: str
    key: str
    name: str
    arguments: str
    variables: frozenset[str]
    types: frozenset[str]
    condition: Condition
    leaf: bool
    children: "tuple[Selected, ...]"
    around: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """`variable_types` are declarations, each a type and perhaps a default."""

    kind: OperationType
    name: str | None
    root: str
    selections: tuple[Selected, ...]
    variable_types: Mapping[str, str]
    introspects: bool
    directives: tuple[Applied, ...] = ()

    def __str__(self) -> str:
        variables = ", ".join(f"${name}: {declared}" for name, declared in self.variable_types.items())
        head = f"{self.kind.value} {self.name or ''}".strip() + (f"({variables})" if variables else "")
        return "\n".join([f"{head} {{", *_print_selections(self.selections, frozenset((self.root,)), 1), "}"])


class Budget:
    """Counts the work of planning one operation; bounded, so that no document can hold the process."""

    __slots__ = ("_left",)

    def __init__(self, limit: int) -> None:
        self._left = limit

    def spend(self, amount: int = 1) -> None:
        self._left -= amount
        if self._left < 0:
            raise BudgetExceeded


class Keys:
    """Names fields in the tree: the field's own name for its first arguments, a free one for every other."""

    __slots__ = ("_keys", "_seen", "_taken")

    def __init__(self, field_names: frozenset[str]) -> None:
        self._taken = set(field_names)
        self._keys: dict[tuple[str, str], str] = {}
        self._seen: set[str] = set()

    def key(self, name: str, arguments: str) -> str:
        key = self._keys.get((name, arguments))
        if key is None:
            key = name
            number = 0
            if name in self._seen:
                while key in self._taken:
                    number += 1
                    key = f"{name}__{number}"
            self._seen.add(name)
            self._taken.add(key)
            self._keys[name, arguments] = key
        return key


class PossibleTypes:
    """The object types that a composite type may turn out to be, by its name. Kept for a schema's life.

    An interface that nobody implements stands for itself: subgraphs may know it as an interface object.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: dict[str, frozenset[str]] = {}

    def of(self, name: str) -> frozenset[str]:
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._find(self._schema.type_map.get(name))
        return found

    def _find(self, named: GraphQLNamedType | None) -> frozenset[str]:
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            return frozenset(each.name for each in self._schema.get_possible_types(named)) or frozenset((named.name,))
        return frozenset((named.name,)) if isinstance(named, GraphQLObjectType) else frozenset()


_Slot = tuple[str, str, frozenset[str], Condition]


@dataclass(slots=True)
class _Level:
    """The fields of one level in the making; what is within custom directives of fragments, and what has its own, by response."""

    slots: dict[_Slot, list[tuple[str, FieldNode]]] = field(default_factory=dict[_Slot, list[tuple[str, FieldNode]]])
    spread: set[tuple[str, frozenset[str], Condition]] = field(default_factory=set[tuple[str, frozenset[str], Condition]])
    within: dict[str, tuple[Applied, ...]] = field(default_factory=dict[str, tuple[Applied, ...]])
    directives: dict[str, list[tuple[Applied, ...]]] = field(default_factory=dict[str, list[tuple[Applied, ...]]])


class SelectionReader:
    """Turns selection sets of an AST into `Selected` fields, in the order of the GraphQL specification.

    Fields keep those of their own and of the fragments around them that are of `directives`.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        possible: PossibleTypes,
        keys: Keys,
        budget: Budget,
        fragments: Mapping[str, FragmentDefinitionNode],
        directives: CustomDirectives,
    ) -> None:
        self._schema = schema
        self._possible = possible
        self._keys = keys
        self._budget = budget
        self._fragments = fragments
        self._directives = directives

    def read(self, parent: str, selection_set: SelectionSetNode) -> tuple[Selected, ...]:
        return self._read([(parent, selection_set)])

    def _read(self, sets: Sequence[tuple[str, SelectionSetNode]], known: Condition = ()) -> tuple[Selected, ...]:
        """`known` holds wherever one gets here, so it is not repeated, and what contradicts it is left out."""
        level = _Level()
        for parent, selection_set in sets:
            self._collect(parent, selection_set, self._possible.of(parent), (), known, level, ())
        return tuple(self._selected(slot, nodes, level, known) for slot, nodes in level.slots.items())

    def _selected(self, slot: _Slot, nodes: Sequence[tuple[str, FieldNode]], level: "_Level", known: Condition) -> Selected:
        response, arguments, types, condition = slot
        node = nodes[0][1]
        name = node.name.value
        variables: set[str] = set()
        for argument in node.arguments or ():
            find_variables(argument.value, variables)
        within = level.within.get(response, ())
        own = self._directives.merged(level.directives.get(response, ()))
        arguments += "".join(f" {each.text}" for each in own)
        variables.update(*(each.variables for each in (*own, *within)))
        around = tuple(each.text for each in within)
        inner = [
            (named_field_type(self._schema, parent, name), field.selection_set) for parent, field in nodes if field.selection_set
        ]
        return Selected(
            response=response,
            key=name if name.startswith("__") else self._keys.key(name, " ".join((arguments, *around))),
            name=name,
            arguments=arguments,
            variables=frozenset(variables),
            types=types,
            condition=condition,
            leaf=node.selection_set is None,
            children=self._read(inner, both(known, condition)) if inner and not name.startswith("__") else (),
            around=around,
        )

    def _collect(
        self,
        parent: str,
        selection_set: SelectionSetNode,
        types: frozenset[str],
        condition: Condition,
        known: Condition,
        level: "_Level",
        within: tuple[Applied, ...],
    ) -> None:
        for selection in selection_set.selections:
            self._budget.spend()
            holds = _with_directives(condition, known, selection.directives or ())
            if holds is None:
                continue
            if isinstance(selection, FieldNode):
                response = selection.alias.value if selection.alias else selection.name.value
                arguments = ", ".join(sorted(print_ast(each) for each in selection.arguments or ()))
                slot = (response, f"({arguments})" if arguments else "", types, holds)
                level.slots.setdefault(slot, []).append((parent, selection))
                level.within.setdefault(response, within)
                if applied := self._directives.applied(selection.directives, "FIELD"):
                    level.directives.setdefault(response, []).append(applied)
                continue
            if isinstance(selection, InlineFragmentNode):
                node = selection.type_condition
                inner = selection.selection_set
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if (name, types, holds) in level.spread:
                    continue
                level.spread.add((name, types, holds))
                node = self._fragments[name].type_condition
                inner = self._fragments[name].selection_set
            else:
                continue
            narrowed = node.name.value if node else parent
            remaining = types & self._possible.of(narrowed)
            if remaining:
                # Fragments travel as inline ones, so what stands on them has to be allowed there.
                around = self._directives.applied(selection.directives, "INLINE_FRAGMENT")
                self._collect(narrowed, inner, remaining, holds, known, level, (*within, *around) if around else within)


def _with_directives(condition: Condition, known: Condition, directives: Sequence[DirectiveNode]) -> Condition | None:
    """`condition` and what @skip and @include add to it and to `known`; None when it can never hold."""
    for directive in directives:
        wanted = directive.name.value == "include"
        if not wanted and directive.name.value != "skip":
            continue
        value = next(argument.value for argument in directive.arguments or ())
        if isinstance(value, VariableNode):
            if (value.name.value, not wanted) in (*condition, *known):
                return None
            if (value.name.value, wanted) not in known:
                condition = tuple(sorted({*condition, (value.name.value, wanted)}))
        elif isinstance(value, BooleanValueNode) and value.value is not wanted:
            return None
    return condition


def normalise(
    schema: GraphQLSchema,
    node: OperationDefinitionNode,
    reader: SelectionReader,
    keys: Keys,
    directives: CustomDirectives,
) -> Operation:
    """The operation, whose document is valid, with those of its own directives that travel. Raises BudgetExceeded."""
    root = root_type(schema, node.operation)
    selections = reader.read(root.name, node.selection_set)
    if node.operation is OperationType.MUTATION:
        selections = _each_once(selections, keys)
    return Operation(
        kind=node.operation,
        name=node.name.value if node.name else None,
        root=root.name,
        selections=selections,
        variable_types={each.variable.name.value: _declaration(each, directives) for each in node.variable_definitions or ()},
        introspects=any(each.name in ("__schema", "__type") for each in selections),
        directives=directives.applied(node.directives),
    )


def _print_selections(selections: Sequence[Selected], types: frozenset[str], depth: int) -> list[str]:
    """A line a field: the client's name, the name in the tree where that differs, for which types and when."""
    lines: list[str] = []
    margin = "  " * depth
    for each in selections:
        line = each.name if each.response == each.name else f"{each.response}: {each.name}"
        line += each.arguments + (f" as {each.key}" if each.key != each.name else "")
        line += "" if each.types == types else f" on {' | '.join(sorted(each.types))}"
        for name, wanted in each.condition:
            line += f" @include(if: ${name})" if wanted else f" @skip(if: ${name})"
        if each.leaf:
            lines.append(margin + line)
            continue
        below = frozenset[str]().union(*(child.types for child in each.children))
        lines += [f"{margin}{line} {{", *_print_selections(each.children, below, depth + 1), f"{margin}}}"]
    return lines


def _declaration(node: VariableDefinitionNode, directives: CustomDirectives) -> str:
    """The type, the default, without which a nullable variable may not stand in a non-null place, and directives."""
    default = f"={print_ast(node.default_value)}" if node.default_value else ""
    applied = directives.applied(node.directives, "VARIABLE_DEFINITION")
    return print_ast(node.type) + default + "".join(f" {each.text}" for each in applied)


def _each_once(selections: tuple[Selected, ...], keys: Keys) -> tuple[Selected, ...]:
    """A mutation's root fields, each under a key of its own: equal ones run as often as they are written."""
    first = {selected.response: number for number, selected in reversed([*enumerate(selections)])}
    return tuple(
        replace(selected, key=keys.key(selected.name, f"{selected.arguments} as {selected.response}"))
        for selected in sorted(selections, key=lambda selected: first[selected.response])
    )

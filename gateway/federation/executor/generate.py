"""Generates Python code that completes regular responses of one operation.

The code raises one of FLAWS as soon as a value is not what the API schema says; it then has changed nothing.
"""

from collections.abc import Callable, Mapping
from typing import cast

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
)

from ..planner.operation import Operation, Selected
from ..supergraph.schema_types import fields_type
from .collect import Tree
from .fields import fields_of

FLAWS = (AttributeError, KeyError, TypeError, ValueError)

_CLASSES = {
    "ID": ("str",),
    "String": ("str",),
    "Int": ("int",),
    "Boolean": ("bool",),
    "Float": ("float", "int"),
}


def generate_completion(
    schema: GraphQLSchema, operation: Operation, values: Mapping[str, bool], hidden: Mapping[str, frozenset[str]]
) -> Callable[[Tree], Tree]:
    """A function from the tree to the data, for the condition values `values`; `hidden` are enum values that are null."""
    generator = _Generator(schema, values, hidden)
    root = generator.composite(operation.root, operation.selections)
    namespace: dict[str, object] = dict(generator.constants)
    exec(compile("\n".join(generator.lines), "<completion>", "exec"), namespace)  # noqa: S102 - our own text
    for name, members in generator.dispatch.items():
        namespace[name] = {typename: namespace[function] for typename, function in members.items()}
    return cast("Callable[[Tree], Tree]", namespace[root])


class _Generator:
    """Only names that the generator made, and strings through repr(), come into the text."""

    def __init__(self, schema: GraphQLSchema, values: Mapping[str, bool], hidden: Mapping[str, frozenset[str]]) -> None:
        self._schema = schema
        self._values = values
        self._hidden = hidden
        self._functions: dict[tuple[object, ...], str] = {}
        self._kept: list[tuple[Selected, ...]] = []
        self.lines: list[str] = []
        self.constants: dict[str, object] = {"flaw": _flaw}
        self.dispatch: dict[str, dict[str | None, str]] = {}

    def composite(self, type_name: str, selections: tuple[Selected, ...]) -> str:
        """The name of the function that completes objects of `type_name`."""
        identity = ("object", type_name, tuple(map(id, selections)))
        if name := self._functions.get(identity):
            return name
        named = fields_type(self._schema, type_name)
        body: list[str] = []
        entries: list[str] = []
        for number, field in enumerate(fields_of(selections, type_name, self._values)):
            if field.name == "__typename":
                entries.append(f"{field.response!r}: {type_name!r}")
            elif field.name.startswith("__"):
                entries.append(f"{field.response!r}: get({field.name + ' ' + field.response!r})")
            else:
                value = f"v{number}"
                declared = named.fields[field.name].type
                # What may not be null has to be there, and a subscript is faster than a call.
                read = f"value[{field.key!r}]" if isinstance(declared, GraphQLNonNull) else f"get({field.key!r})"
                body.append(f" {value} = {read}")
                checks, expression = self._value(declared, value, field.children)
                body += (f" {check}" for check in checks)
                entries.append(f"{field.response!r}: {expression}")
        return self._function(identity, selections, [" get = value.get", *body, f" return {{{', '.join(entries)}}}"])

    def _function(self, identity: tuple[object, ...], selections: tuple[Selected, ...], body: list[str]) -> str:
        name = self._functions[identity] = f"complete_{len(self._functions)}"
        self._kept.append(selections)  # their ids are in `identity`
        self.lines += (f"def {name}(value):", *body)
        return name

    def _value(self, declared: GraphQLOutputType, value: str, children: tuple[Selected, ...]) -> tuple[list[str], str]:
        """Statements that check the value in the variable `value`, and the expression that completes it."""
        nullable = not isinstance(declared, GraphQLNonNull)
        inner = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
        unless_null = f"{value} is not None and " if nullable else ""
        if isinstance(inner, GraphQLList):
            name = self._list(inner.of_type, children)
        elif isinstance(inner, GraphQLScalarType):
            return self._scalar(inner, value, unless_null), value
        elif isinstance(inner, GraphQLEnumType):
            return self._enum(inner, value, nullable=nullable)
        elif isinstance(inner, GraphQLObjectType):
            name = self.composite(inner.name, children)
        else:
            name = self._abstract(inner, children)
        return [], f"None if {value} is None else {name}({value})" if nullable else f"{name}({value})"

    def _scalar(self, declared: GraphQLScalarType, value: str, unless_null: str) -> list[str]:
        classes = _CLASSES.get(declared.name)
        if classes is None:
            return [] if unless_null else [f"if {value} is None: flaw()"]
        wrong = " and ".join(f"{value}.__class__ is not {each}" for each in classes)
        return [f"if {unless_null}{wrong}: flaw()"]

    def _enum(self, declared: GraphQLEnumType, value: str, *, nullable: bool) -> tuple[list[str], str]:
        known = f"known_{declared.name}"
        self.constants[known] = frozenset(declared.values)
        if not nullable:
            return [f"if {value} not in {known}: flaw()"], value
        hidden = self._hidden.get(declared.name)
        if hidden is None:
            return [f"if {value} is not None and {value} not in {known}: flaw()"], value
        expected = f"expected_{declared.name}"
        self.constants[expected] = frozenset((None, *declared.values, *hidden))
        return [f"if {value} not in {expected}: flaw()"], f"{value} if {value} in {known} else None"

    def _list(self, item: GraphQLOutputType, children: tuple[Selected, ...]) -> str:
        identity = ("list", str(item), tuple(map(id, children)))
        if name := self._functions.get(identity):
            return name
        checks, expression = self._value(item, "item", children)
        body = [" if value.__class__ is not list: flaw()"]
        if checks:
            body += [" for item in value:", *(f"  {check}" for check in checks)]
        body.append(" return value" if expression == "item" else f" return [{expression} for item in value]")
        return self._function(identity, children, body)

    def _abstract(self, declared: GraphQLInterfaceType | GraphQLUnionType, children: tuple[Selected, ...]) -> str:
        identity = ("abstract", declared.name, tuple(map(id, children)))
        if name := self._functions.get(identity):
            return name
        dispatch = f"by_type_{len(self._functions)}"
        name = self._function(identity, children, [f" return {dispatch}[value.get('__typename')](value)"])
        possible = self._schema.get_possible_types(declared)
        members: dict[str | None, str] = {each.name: self.composite(each.name, children) for each in possible}
        if any_member := self._any_member(declared, children, {each.name for each in possible}):
            members[declared.name] = members[None] = any_member
        self.dispatch[dispatch] = members
        return name

    def _any_member(
        self, declared: GraphQLInterfaceType | GraphQLUnionType, children: tuple[Selected, ...], possible: set[str]
    ) -> str | None:
        """For objects whose own name nobody asked for: interface objects, whose subgraph knows only the interface."""
        if isinstance(declared, GraphQLUnionType):
            return None
        if len(possible) > 1 and any(each.name == "__typename" or not each.types >= possible for each in children):
            return None
        return self.composite(min(possible, default=declared.name), children)


def _flaw() -> None:
    raise ValueError

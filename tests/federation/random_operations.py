"""Random valid operations over a schema, as hypothesis strategies, so that a failure shrinks."""

from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)
from hypothesis import strategies as st

_IDS = ["u0", "u1", "u3", "r1", "b0", "b1", "nobody"]
_ALIASES = ["id", "name", "a", "title", "__x", "handle", "words", "price"]


@dataclass
class _Scope:
    """What every response name of one object stands for, so that whatever is merged can be merged."""

    names: dict[str, tuple[str, "_Scope"]] = field(default_factory=dict)


@dataclass
class Request:
    document: str
    variables: dict[str, Any]


class _Writer:
    def __init__(self, schema: GraphQLSchema, draw: Any) -> None:
        self.schema = schema
        self.draw = draw
        self.declared: dict[str, str] = {}
        self.values: dict[str, Any] = {}
        self.fragments: dict[str, str] = {}
        self.budget = 40

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(0, one_in - 1)) == one_in - 1

    def selection_set(self, type_: GraphQLNamedType, scope: _Scope, depth: int) -> str:
        parts = [self.selection(type_, scope, depth) for _ in range(self.draw(st.integers(1, 4)))]
        return "{ " + (" ".join(part for part in parts if part) or "__typename") + " }"

    def selection(self, type_: GraphQLNamedType, scope: _Scope, depth: int) -> str:
        self.budget -= 1
        kind = self.draw(st.integers(0, 9))
        if depth > 0 and (kind >= 7 or (isinstance(type_, GraphQLUnionType) and kind > 1)):
            return self.fragment(type_, scope, depth)
        if isinstance(type_, GraphQLUnionType) or kind == 6:
            return self.typename(scope)
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        fields = [
            (name, each)
            for name, each in type_.fields.items()
            if is_leaf_type(get_named_type(each.type)) or (depth > 0 and self.budget > 0)
        ]
        if not fields:
            return self.typename(scope)
        name, definition = self.draw(st.sampled_from(fields))
        return self.field(name, definition, scope, depth)

    def typename(self, scope: _Scope) -> str:
        response = self.draw(st.sampled_from(["__typename", "__typename", "t"]))
        if scope.names.setdefault(response, ("__typename", _Scope()))[0] != "__typename":
            return ""
        return "__typename" if response == "__typename" else f"{response}: __typename"

    def field(self, name: str, definition: GraphQLField, scope: _Scope, depth: int) -> str:
        arguments = self.arguments(definition)
        signature = f"{name}{arguments} {definition.type}"
        named = get_named_type(definition.type)
        for response in (self.draw(st.sampled_from([name, name, *_ALIASES])), name, f"{name}_{len(scope.names)}"):
            known = scope.names.setdefault(response, (signature, _Scope()))
            if known[0] == signature:
                break
        else:
            return ""
        text = (name if response == name else f"{response}: {name}") + arguments + self.directive()
        return text if is_leaf_type(named) else f"{text} {self.selection_set(named, known[1], depth - 1)}"

    def arguments(self, definition: GraphQLField) -> str:
        given: list[str] = []
        for name, argument in definition.args.items():
            required = isinstance(argument.type, GraphQLNonNull)
            if required or self.chance(2):
                given.append(f"{name}: {self.value(argument)}")
        return f"({', '.join(given)})" if given else ""

    def value(self, argument: GraphQLArgument) -> str:
        named = get_named_type(argument.type)
        value: Any
        if isinstance(named, GraphQLEnumType):
            value = self.draw(st.sampled_from([*named.values]))
            literal = value
        elif named.name == "Int":
            value = self.draw(st.integers(0, 3))
            literal = str(value)
        elif named.name == "Boolean":
            value = self.draw(st.booleans())
            literal = str(value).lower()
        else:
            value = self.draw(st.sampled_from(_IDS if named.name == "ID" else ["p", "photo", ""]))
            literal = f'"{value}"'
        if not self.chance(3):
            return literal
        variable = f"v{len(self.declared)}"
        if self.chance(3):
            self.declared[variable] = f"{named.name} = {literal}"
            return f"${variable}"
        self.declared[variable] = f"{named.name}!"
        self.values[variable] = value
        return f"${variable}"

    def directive(self) -> str:
        if not self.chance(6):
            return ""
        name = self.draw(st.sampled_from(["include", "skip"]))
        if self.chance(3):
            return f" @{name}(if: {str(self.draw(st.booleans())).lower()})"
        variable = f"c{self.draw(st.integers(0, 2))}"
        self.declared[variable] = "Boolean!"
        self.values.setdefault(variable, self.draw(st.booleans()))
        return f" @{name}(if: ${variable})"

    def fragment(self, type_: GraphQLNamedType, scope: _Scope, depth: int) -> str:
        directive = self.directive()
        if isinstance(type_, GraphQLObjectType):
            options: list[GraphQLNamedType] = [type_, *type_.interfaces]
        else:
            assert isinstance(type_, GraphQLInterfaceType | GraphQLUnionType)
            members = [*self.schema.get_possible_types(type_)]
            options = [type_, *members, *(i for member in members for i in member.interfaces)]
        narrowed = self.draw(st.sampled_from(options))
        inner = self.selection_set(narrowed, scope, depth - 1)
        if self.chance(3):
            name = f"f{len(self.fragments)}"
            self.fragments[name] = f"fragment {name} on {narrowed.name} {inner}"
            return f"...{name}{directive}"
        condition = f" on {narrowed.name}" if narrowed is not type_ or self.chance(2) else ""
        return f"...{condition}{directive} {inner}"


@st.composite
def requests(draw: Any, schema: GraphQLSchema, depth: int = 5) -> Request:
    """A valid query with its variables."""
    writer = _Writer(schema, draw)
    assert schema.query_type
    selection = writer.selection_set(schema.query_type, _Scope(), depth)
    declared = ", ".join(f"${name}: {type_}" for name, type_ in writer.declared.items())
    head = f"query({declared}) " if declared else "query "
    return Request("\n".join([head + selection, *writer.fragments.values()]), writer.values)

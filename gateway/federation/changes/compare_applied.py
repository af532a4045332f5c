"""Directives as they are applied to types, fields, arguments and values: who may ask, what it costs, what tools are told."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    ConstDirectiveNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    print_ast,
    value_from_ast_untyped,
)
from graphql.language import Node
from graphql.utilities.sort_value_node import sort_value_node

from .change import Change, Level, added, changed, removed
from .sides import named_sides

# Nothing for clients, or compared as part of the element itself.
_OF_COMPOSITION = ("key", "requires", "provides", "external", "extends", "shareable", "override", "interfaceObject")
_OF_ROUTERS = ("composeDirective", "context", "fromContext", "cacheTag", "link", "core")
_OF_ELEMENTS = ("deprecated", "specifiedBy", "oneOf")
_LEFT_OUT = frozenset((*_OF_COMPOSITION, *_OF_ROUTERS, *_OF_ELEMENTS))
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class _Applied:
    """`text` has the arguments by name, and lists and objects within as they are written."""

    name: str
    text: str
    arguments: Mapping[str, object]


_Weigh = Callable[[_Applied | None, _Applied | None], Level]
"""What it means that a directive is another one now, that it has come (None before) or gone (None after)."""


def compare_applied(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    """Changes at what both schemas have. Directives are known by the names that the schemas themselves give them."""
    for coordinate, before, after in named_sides(dict(_elements(old)), dict(_elements(new))).kept:
        applications = named_sides(_by_name(before), _by_name(after))
        for name, each in applications.removed:
            yield from _compare(name, coordinate, each, [])
        for name, each in applications.added:
            yield from _compare(name, coordinate, [], each)
        for name, was, is_now in applications.kept:
            yield from _compare(name, coordinate, was, is_now)


def _compare(name: str, coordinate: str, before: list[_Applied], after: list[_Applied]) -> Iterator[Change]:
    """The applications of one directive: those that both have are left out, a single other one has changed."""
    known, texts = {each.text for each in before}, {each.text for each in after}
    gone = [each for each in before if each.text not in texts]
    come = [each for each in after if each.text not in known]
    weigh = _WEIGHTS.get(name, _unknown)
    code = _WORD.sub("_", name).upper() if name in _WEIGHTS else "APPLIED_DIRECTIVE"
    if len(gone) == len(come) == 1:
        level = weigh(gone[0], come[0])
        yield changed(level, f"{code}_CHANGED", coordinate, f"{gone[0].text} changed to {come[0].text}")
        return
    for each in gone:
        yield removed(weigh(each, None), f"{code}_REMOVED", coordinate, f"{each.text} removed")
    for each in come:
        yield added(weigh(None, each), f"{code}_ADDED", coordinate, f"{each.text} added")


# Who may ask


def _protection(before: _Applied | None, after: _Applied | None) -> Level:
    """Whoever is refused now is broken; that others may come in is something to know."""
    if after is None:
        return Level.DANGEROUS
    if before is None:
        return Level.BREAKING
    ways = _ways(after)
    return Level.DANGEROUS if all(any(way <= passed for way in ways) for passed in _ways(before)) else Level.BREAKING


def _ways(applied: _Applied) -> list[frozenset[str]]:
    """The alternatives of `scopes` or `policies`, each all that one must have."""
    value = next(iter(applied.arguments.values()), None)
    alternatives = value if isinstance(value, list) else []
    return [frozenset(map(str, each)) if isinstance(each, list) else frozenset((str(each),)) for each in alternatives]


def _hidden(before: _Applied | None, _after: _Applied | None) -> Level:
    return Level.BREAKING if before is None else Level.SAFE


# What it costs


def _cost(before: _Applied | None, after: _Applied | None) -> Level:
    """What costs more may be refused by a limit. Without a weight a default counts, which differs by place."""
    if before is None or after is None:
        return Level.DANGEROUS
    return Level.SAFE if _number(after, "weight") <= _number(before, "weight") else Level.DANGEROUS


def _list_size(before: _Applied | None, after: _Applied | None) -> Level:
    if after is None:
        return Level.DANGEROUS
    if _is_demanding(after) and not (before and _is_demanding(before) and _slicing(before) <= _slicing(after)):
        return Level.BREAKING
    others = [
        {name: value for name, value in each.arguments.items() if name != "assumedSize"} for each in (before, after) if each
    ]
    smaller = before is not None and _number(after, "assumedSize") <= _number(before, "assumedSize")
    return Level.SAFE if smaller and others[0] == others[1] else Level.DANGEROUS


def _is_demanding(applied: _Applied) -> bool:
    """Whether an operation has to give one of the slicing arguments."""
    return bool(_slicing(applied)) and applied.arguments.get("requireOneSlicingArgument") is not False


def _slicing(applied: _Applied) -> frozenset[str]:
    value = applied.arguments.get("slicingArguments")
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()


def _number(applied: _Applied, argument: str) -> float:
    """Costs were once written as text."""
    value = applied.arguments.get(argument)
    try:
        return float(str(value))
    except ValueError:
        return 0.0


# What tools are told


def _safe(_before: _Applied | None, _after: _Applied | None) -> Level:
    return Level.SAFE


def _unknown(_before: _Applied | None, _after: _Applied | None) -> Level:
    """A directive of somebody's own: only who reads it knows what it changes."""
    return Level.DANGEROUS


_WEIGHTS: Mapping[str, _Weigh] = {
    "authenticated": _protection,
    "requiresScopes": _protection,
    "policy": _protection,
    "inaccessible": _hidden,
    "cost": _cost,
    "listSize": _list_size,
    "tag": _safe,
}


# Where they are


def _elements(schema: GraphQLSchema) -> Iterator[tuple[str, list[_Applied]]]:
    """Each element's coordinate and what is applied to it."""
    yield "schema", _read(schema.ast_node, schema.extension_ast_nodes)
    for name, each in schema.type_map.items():
        yield name, _read(each.ast_node, each.extension_ast_nodes)
        match each:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for field_name, field in each.fields.items():
                    yield f"{name}.{field_name}", _read(field.ast_node)
                    for argument, declared in field.args.items():
                        yield f"{name}.{field_name}({argument}:)", _read(declared.ast_node)
            case GraphQLInputObjectType():
                for field_name, field in each.fields.items():
                    yield f"{name}.{field_name}", _read(field.ast_node)
            case GraphQLEnumType():
                for value_name, value in each.values.items():
                    yield f"{name}.{value_name}", _read(value.ast_node)
            case _:
                pass


def _read(node: Node | None, extensions: Iterable[Node] = ()) -> list[_Applied]:
    nodes: list[ConstDirectiveNode] = [
        directive for each in (node, *extensions) if each for directive in getattr(each, "directives", None) or ()
    ]
    return [applied for directive in nodes if (applied := _applied(directive))]


def _applied(node: ConstDirectiveNode) -> _Applied | None:
    """None for what no client and no tool beside a router reads."""
    name = node.name.value.removeprefix("federation__")
    if name in _LEFT_OUT or name.startswith(("join__", "link__", "core__", "context__")):
        return None
    arguments = sorted(node.arguments or (), key=lambda argument: argument.name.value)
    text = ", ".join(f"{each.name.value}: {print_ast(sort_value_node(each.value))}" for each in arguments)
    values = {each.name.value: value_from_ast_untyped(each.value) for each in arguments}
    return _Applied(name, f"@{name}({text})" if text else f"@{name}", values)


def _by_name(applied: Iterable[_Applied]) -> dict[str, list[_Applied]]:
    names: dict[str, list[_Applied]] = {}
    for each in applied:
        names.setdefault(each.name, []).append(each)
    return names

"""Completes a response that is not what the API schema says: nulls where it must, and an error for each flaw."""

from collections.abc import Iterable, Mapping

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from ..planner.operation import Operation, Selected
from ..supergraph.schema_types import root_type
from .collect import Tree, TreePath
from .fields import fields_of

_CLASSES: dict[str, tuple[type, ...]] = {"String": (str,), "Int": (int,), "Boolean": (bool,), "Float": (float, int)}
_INVALID = object()
_MOST_ERRORS = 100


class CarefulCompletion:
    """Completes one response. No error is added for a null that an error in `known_errors` explains."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: Operation,
        values: Mapping[str, bool],
        hidden: Mapping[str, frozenset[str]],
        known_errors: Iterable[TreePath],
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._values = values
        self._hidden = hidden
        self._known: set[TreePath] = set(known_errors)
        self._above_known = {path[:length] for path in self._known for length in range(len(path))}
        self._errors: list[tuple[str, TreePath]] = []

    def complete(self, tree: Tree) -> tuple[Tree | None, list[tuple[str, TreePath]]]:
        root = root_type(self._schema, self._operation.kind)
        data = self._object(root, tree, self._operation.selections, ())
        return (data if isinstance(data, dict) else None), self._errors

    def _object(
        self, declared: GraphQLObjectType | GraphQLInterfaceType, value: Tree, selections: tuple[Selected, ...], path: TreePath
    ) -> object:
        completed: Tree = {}
        for field in fields_of(selections, declared.name, self._values):
            at = (*path, field.response)
            if field.name == "__typename":
                completed[field.response] = declared.name
            elif field.name.startswith("__"):
                completed[field.response] = value.get(f"{field.name} {field.response}")
            else:
                place = f"{declared.name}.{field.name}"
                found = self._value(declared.fields[field.name].type, value.get(field.key), field.children, at, place)
                if found is _INVALID:
                    return _INVALID
                completed[field.response] = found
        return completed

    def _value(
        self, declared: GraphQLOutputType, value: object, children: tuple[Selected, ...], path: TreePath, place: str
    ) -> object:
        """The completed value, or _INVALID for a null that the parent has to take upon itself."""
        if not isinstance(declared, GraphQLNonNull):
            completed = None if value is None else self._present(declared, value, children, path, place)
            return None if completed is _INVALID else completed
        if value is None:
            self._add(f"Cannot return null for non-nullable field {place}.", path)
            return _INVALID
        told = len(self._errors)
        completed = self._present(declared.of_type, value, children, path, place)
        if completed is None and told == len(self._errors):
            self._add(f"Cannot return null for non-nullable field {place}.", path)
        return _INVALID if completed is None else completed

    def _present(
        self, declared: GraphQLOutputType, value: object, children: tuple[Selected, ...], path: TreePath, place: str
    ) -> object:
        if isinstance(declared, GraphQLList):
            if not isinstance(value, list):
                return self._mismatch(f"a list for field {place}", path)
            items: list[object] = []
            for index, item in enumerate(value):
                completed = self._value(declared.of_type, item, children, (*path, index), place)
                if completed is _INVALID:
                    return _INVALID
                items.append(completed)
            return items
        if isinstance(declared, GraphQLScalarType):
            return self._scalar(declared, value, path, place)
        if isinstance(declared, GraphQLEnumType):
            if isinstance(value, str) and value in declared.values:
                return value
            if isinstance(value, str) and value in self._hidden.get(declared.name, ()):
                return None
            return self._mismatch(f"a value of enum {declared.name} for field {place}", path)
        if not isinstance(value, dict):
            return self._mismatch(f"an object for field {place}", path)
        concrete = self._concrete(get_named_type(declared), value, children)
        if concrete is None and value.get("__typename") not in self._schema.type_map:
            return None  # a type that the API hides
        if concrete is None:
            return self._mismatch(f"a possible type of {declared} for field {place}", path)
        return self._object(concrete, value, children, path)

    def _concrete(
        self,
        declared: GraphQLNamedType,
        value: Tree,
        children: tuple[Selected, ...],
    ) -> GraphQLObjectType | GraphQLInterfaceType | None:
        if isinstance(declared, GraphQLObjectType):
            return declared
        if not isinstance(declared, GraphQLInterfaceType | GraphQLUnionType):
            return None
        typename = value.get("__typename")
        possible = {each.name: each for each in self._schema.get_possible_types(declared)}
        if isinstance(typename, str) and typename in possible:
            return possible[typename]
        unnamed = typename is None or typename == declared.name
        if not unnamed or isinstance(declared, GraphQLUnionType):
            return None
        if not possible:
            return declared
        if len(possible) == 1 or all(each.name != "__typename" and each.types >= possible.keys() for each in children):
            return possible[min(possible)]
        return None

    def _scalar(self, declared: GraphQLScalarType, value: object, path: TreePath, place: str) -> object:
        if declared.name == "ID":
            if isinstance(value, str):
                return value
            if isinstance(value, int) and not isinstance(value, bool):
                return str(value)
        else:
            classes = _CLASSES.get(declared.name)
            if classes is None or value.__class__ in classes:
                return value
            if declared.name == "Int" and isinstance(value, float) and value.is_integer():
                return int(value)
        return self._mismatch(f"a value of scalar {declared.name} for field {place}", path)

    def _mismatch(self, expected: str, path: TreePath) -> None:
        self._add(f"Expected {expected}.", path)

    def _add(self, message: str, path: TreePath) -> None:
        explained = path in self._above_known or any(path[:length] in self._known for length in range(len(path) + 1))
        if not explained and len(self._errors) < _MOST_ERRORS:
            self._errors.append((message, path))

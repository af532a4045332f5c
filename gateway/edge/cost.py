"""How many objects an answer may come to, bounded before anything is fetched.

Depth and tokens do not bound an answer: four levels of `followers(first: 100)` are a short document and a hundred million
objects. The count follows the sizes that a request asks for: `first` and `last` (or the default page) for the lists right
below a field that has these arguments, the length of a list argument for a list that is asked for by its members, and a small
guess for any other list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    parse,
)

from gateway.edge.refusal import malformed
from murmur.cursors import DEFAULT_PAGE, MAX_PAGE

GUESSED_LIST = 5
_PAGE_ARGUMENTS = ("first", "last")
_DOCUMENT_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """A field of objects. `pages` are the values of its page arguments, `members` of its list arguments."""

    paged: bool
    is_list: bool
    pages: tuple[ValueNode, ...]
    members: tuple[ValueNode, ...]
    below: tuple["_Field", ...]


class ObjectBound:
    """At most `limit` objects in an answer. Documents are read once and then remembered, bounded by their length."""

    def __init__(self, schema: GraphQLSchema, limit: int) -> None:
        self._schema = schema
        self._limit = limit
        self._read: LRUCache[tuple[str, str | None], tuple[int, tuple[_Field, ...], Mapping[str, Any]]]
        self._read = LRUCache(_DOCUMENT_CHARACTERS, getsizeof=lambda known: known[0])

    def check(self, document: str, operation_name: str | None, variables: Mapping[str, Any] | None) -> None:
        """Raises Refusal. The document is one that the engine has validated."""
        identity = (document, operation_name)
        known = self._read.get(identity)
        if known is None:
            known = (len(document), *self._fields_of(parse(document, no_location=True), operation_name))
            if len(document) <= _DOCUMENT_CHARACTERS:
                self._read[identity] = known
        _, fields, defaults = known
        count = _Count({**defaults, **(variables or {})}, self._limit).objects(fields, None)
        if count > self._limit:
            raise malformed(
                f"the answer might hold more than {self._limit} objects; ask for smaller pages, or for fewer lists within lists"
            )

    def _fields_of(self, document: DocumentNode, name: str | None) -> tuple[tuple[_Field, ...], Mapping[str, Any]]:
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        operation = next(node for node in operations if not name or (node.name and node.name.value == name))
        defaults = {node.variable.name.value: node.default_value for node in operation.variable_definitions or ()}
        root = self._schema.get_root_type(operation.operation)
        fields = _Reader(self._schema, fragments).fields(operation.selection_set, root)
        return fields, {variable: default for variable, default in defaults.items() if default is not None}


class _Reader:
    """Reads selections into the fields that count. A fragment is read once, however often it is spread."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments
        self._spread: dict[str, tuple[_Field, ...]] = {}

    def fields(self, selection_set: SelectionSetNode, parent: Any) -> tuple[_Field, ...]:
        found: list[_Field] = []
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) and node.name.value in parent.fields:
                    found += self._field(node, parent.fields[node.name.value])
            elif isinstance(node, InlineFragmentNode):
                found += self.fields(node.selection_set, self._narrowed(node, parent))
            elif isinstance(node, FragmentSpreadNode):
                found += self._fragment(node.name.value)
        return tuple(found)

    def _fragment(self, name: str) -> tuple[_Field, ...]:
        known = self._spread.get(name)
        if known is None:
            fragment = self._fragments[name]
            type_ = self._schema.type_map.get(fragment.type_condition.name.value)
            known = self._spread[name] = self.fields(fragment.selection_set, type_)
        return known

    def _narrowed(self, node: InlineFragmentNode, parent: Any) -> Any:
        return self._schema.type_map.get(node.type_condition.name.value) if node.type_condition else parent

    def _field(self, node: FieldNode, field: GraphQLField) -> Sequence[_Field]:
        type_: GraphQLOutputType = field.type
        if not is_composite_type(get_named_type(type_)) or node.selection_set is None:
            return ()
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        members = (argument for name, argument in given.items() if is_list_type(get_nullable_type(field.args[name].type)))
        return (
            _Field(
                paged=any(name in field.args for name in _PAGE_ARGUMENTS),
                is_list=is_list_type(get_nullable_type(type_)),
                pages=tuple(given[name] for name in _PAGE_ARGUMENTS if name in given),
                members=tuple(members),
                below=self.fields(node.selection_set, get_named_type(type_)),
            ),
        )


class _Count:
    """Counts for one request. A value is the client's own, or a default's or a literal's node."""

    def __init__(self, variables: Mapping[str, Any], limit: int) -> None:
        self._variables = variables
        self._limit = limit
        self._known: dict[tuple[int, int | None], int] = {}

    def objects(self, fields: tuple[_Field, ...], page: int | None) -> int:
        """How many objects the fields of one object come to; `page` is the size of the lists among them, where it is known."""
        total = 0
        for field in fields:
            total += self._of(field, page)
            if total > self._limit:
                break
        return total

    def _of(self, field: _Field, page: int | None) -> int:
        known = self._known.get((id(field), page))
        if known is None:
            own = max((self._size(value) for value in field.pages), default=DEFAULT_PAGE) if field.paged else None
            members = max((self._length(value) for value in field.members), default=None)
            times = next((size for size in (own, members, page) if size is not None), GUESSED_LIST) if field.is_list else 1
            known = self._known[id(field), page] = times * (1 + self.objects(field.below, own)) if times else 0
        return known

    def _size(self, value: Any) -> int:
        if isinstance(value, VariableNode):
            return self._size(self._variables.get(value.name.value))
        if isinstance(value, IntValueNode):
            return self._size(int(value.value))
        # What is no size, or none that a page may have, is refused where pages are read, with its bounds.
        return min(max(value, 0), MAX_PAGE) if isinstance(value, int) else DEFAULT_PAGE

    def _length(self, value: Any) -> int:
        if isinstance(value, VariableNode):
            return self._length(self._variables.get(value.name.value))
        if isinstance(value, ListValueNode):
            return len(value.values)
        return len(value) if isinstance(value, list | tuple) else 1

"""What planning knows of a supergraph: the API, and what each subgraph can resolve."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from graphql import GraphQLSchema, SelectionSetNode


class InvalidSupergraph(Exception):
    """The document is no supergraph that the join specification allows; the message names the place."""


class Kind(Enum):
    """How one subgraph declares a composite type."""

    OBJECT = "object"
    INTERFACE = "interface"
    UNION = "union"
    INTERFACE_OBJECT = "interface object"  # declared `type`, an interface in the API

    @property
    def abstract(self) -> bool:
        return self is Kind.INTERFACE or self is Kind.UNION


@dataclass(frozen=True, slots=True, eq=False)
class FieldSet:
    """A parsed `fields:` argument of a key, a requirement or a provision. Equal only to itself."""

    text: str
    node: SelectionSetNode


@dataclass(frozen=True, slots=True)
class Key:
    fields: FieldSet
    resolvable: bool


@dataclass(frozen=True, slots=True, eq=False)
class ContextArgument:
    """An argument that no client gives: its value is `selection` of the nearest enclosing object in the context."""

    name: str
    type: str
    context: str
    selection: FieldSet


@dataclass(frozen=True, slots=True, eq=False)
class SubgraphField:
    """A field as one subgraph declares it.

    `shape` is the type as printed there, `named` its innermost name, `lists` how many lists surround it.
    An `external` field is known but can't be asked for, unless it is part of a key or provided on the way.
    With `label`, the field belongs here only while that override label is active (`active` true) or inactive.
    """

    name: str
    shape: str
    named: str
    lists: int
    external: bool = False
    requires: FieldSet | None = None
    provides: FieldSet | None = None
    label: str | None = None
    active: bool = True
    contextual: tuple[ContextArgument, ...] = ()

    @property
    def needs_jump(self) -> bool:
        """Whether it can only be asked for after a jump, which brings what it needs: a requirement or values of contexts."""
        return self.requires is not None or bool(self.contextual)


@dataclass(frozen=True, slots=True, eq=False)
class SubgraphType:
    """A composite type as one subgraph declares it. `members` are the object types that it may turn out to be there."""

    name: str
    kind: Kind
    keys: tuple[Key, ...]
    fields: Mapping[str, SubgraphField]
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Subgraph:
    name: str
    url: str
    types: Mapping[str, SubgraphType]


@dataclass(frozen=True, slots=True, eq=False)
class Supergraph:
    """`schema` holds every type, the inaccessible ones too; `api_schema` only what clients may see.

    `contexts` names the types that set each context.

    `directives` are the custom ones of operations that every subgraph defines, with their locations; of those that come by a
    linked specification nobody knows where they are defined.
    """

    schema: GraphQLSchema
    api_schema: GraphQLSchema
    subgraphs: Mapping[str, Subgraph]
    directives: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    contexts: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def override_labels(self) -> frozenset[str]:
        """Those of all progressive overrides."""
        return frozenset(
            field.label
            for subgraph in self.subgraphs.values()
            for declared in subgraph.types.values()
            for field in declared.fields.values()
            if field.label is not None
        )

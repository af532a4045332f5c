"""Schemas as composition sees them: one subgraph's, and the supergraph that they merge to.

Constants (default values, directive arguments) are kept as GraphQL text, so that they compare, hash and print as they are.
Directives of the federation specifications carry their specification's name (`key`), whatever the subgraph calls them;
all others are in `others` under the name written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .constants import constant


class Kind(StrEnum):
    SCALAR = "scalar"
    OBJECT = "type"
    INTERFACE = "interface"
    UNION = "union"
    ENUM = "enum"
    INPUT = "input"


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive where it is applied. `federation` tells that `name` is the federation specification's own."""

    name: str
    arguments: tuple[tuple[str, str], ...] = ()
    federation: bool = False

    def value(self, argument: str) -> object:
        """The argument's Python value, None where it is not given."""
        for name, text in self.arguments:
            if name == argument:
                return constant(text)
        return None

    def text(self, argument: str) -> str:
        """The argument as a string, empty where it is not given or no string."""
        value = self.value(argument)
        return value if isinstance(value, str) else ""

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}: {text}" for name, text in self.arguments)
        return f"@{self.name}({arguments})" if arguments else f"@{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """What may be described and carry directives."""

    name: str
    description: str | None = None
    directives: tuple[Directive, ...] = ()

    def all(self, directive: str) -> tuple[Directive, ...]:
        """Applications of a federation directive."""
        return tuple(applied for applied in self.directives if applied.federation and applied.name == directive)

    def first(self, directive: str) -> Directive | None:
        return next(iter(self.all(directive)), None)

    def has(self, directive: str) -> bool:
        return any(applied.federation and applied.name == directive for applied in self.directives)

    def others(self, directive: str) -> tuple[Directive, ...]:
        """Applications of a directive that is not of the federation specifications."""
        return tuple(applied for applied in self.directives if not applied.federation and applied.name == directive)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputValue(Element):
    """An argument, or a field of an input object."""

    type: str
    default: str | None = None

    @property
    def is_required(self) -> bool:
        return self.type.endswith("!") and self.default is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Element):
    """A field of an object or interface."""

    type: str
    arguments: Mapping[str, InputValue] = field(default_factory=dict[str, InputValue])


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeDefinition(Element):
    """A type of any kind; only what its kind has is filled. `extension` tells that no base definition stands beside it."""

    kind: Kind
    extension: bool = False
    interfaces: tuple[str, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict[str, Field])
    inputs: Mapping[str, InputValue] = field(default_factory=dict[str, InputValue])
    members: tuple[str, ...] = ()
    values: Mapping[str, Element] = field(default_factory=dict[str, Element])

    @property
    def is_composite(self) -> bool:
        return self.kind in (Kind.OBJECT, Kind.INTERFACE, Kind.UNION)

    @property
    def is_interface_object(self) -> bool:
        return self.has("interfaceObject")


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectiveDefinition(Element):
    locations: tuple[str, ...]
    repeatable: bool = False
    arguments: Mapping[str, InputValue] = field(default_factory=dict[str, InputValue])


@dataclass(frozen=True, slots=True)
class Link:
    """A `@link` of a schema: the specification, its version, its prefix there and what is imported (name to local name)."""

    url: str
    identity: str
    name: str
    version: tuple[int, int]
    prefix: str
    imports: Mapping[str, str]
    purpose: str | None = None

    def local_directive(self, name: str) -> str:
        """What the schema calls this specification's directive, without the `@`."""
        imported = self.imports.get(f"@{name}")
        if imported is not None:
            return imported[1:]
        return self.prefix if name == self.name else f"{self.prefix}__{name}"

    def local_type(self, name: str) -> str:
        return self.imports.get(name, f"{self.prefix}__{name}")


@dataclass(frozen=True, slots=True)
class Subgraph:
    """One subgraph's schema. `graph` is its value in the enum `join__Graph`; root types have their default names."""

    name: str
    url: str
    graph: str
    version: tuple[int, int]
    types: Mapping[str, TypeDefinition]
    directives: Mapping[str, DirectiveDefinition]
    schema: Element
    links: tuple[Link, ...]

    @property
    def is_federation_1(self) -> bool:
        return self.version < (2, 0)

    def possible_types(self, name: str) -> tuple[str, ...]:
        """The object types that a composite type may be at run time, in this subgraph."""
        definition = self.types[name]
        if definition.kind is Kind.UNION:
            return definition.members
        if definition.kind is Kind.INTERFACE:
            return tuple(other.name for other in self.types.values() if other.kind is Kind.OBJECT and name in other.interfaces)
        return (name,)

    def fields(self) -> Iterator[tuple[TypeDefinition, Field]]:
        """Every field of every object and interface."""
        for definition in self.types.values():
            for member in definition.fields.values():
                yield definition, member


@dataclass(frozen=True, slots=True)
class Supergraph:
    """What the subgraphs merge to: types with their join directives, ready to print."""

    schema: Element
    types: Mapping[str, TypeDefinition]
    directives: Mapping[str, DirectiveDefinition]
    links: tuple[Directive, ...]

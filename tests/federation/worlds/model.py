"""What a random supergraph is made of, and its SDLs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]

KINDS = ("ONE", "THREE", "TWO")
QUERY = "Query"
HOME = "Home"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field of a requirement or a provision, with the literal of its argument."""

    name: str
    argument: int | None = None
    children: "tuple[Wanted, ...]" = ()
    on: str | None = None

    def __str__(self) -> str:
        text = self.name + (f"(n: {self.argument})" if self.argument is not None else "")
        text += f" {{ {print_wanted(self.children)} }}" if self.children else ""
        return f"... on {self.on} {{ {text} }}" if self.on else text


def print_wanted(wanted: Sequence[Wanted]) -> str:
    return " ".join(map(str, wanted))


@dataclass(slots=True, eq=False)
class Field:
    """A field of the whole graph. `target` is the type of its objects, None for a leaf; `contract` is of an interface."""

    name: str
    type: str
    target: str | None = None
    argument: bool = False
    contract: str | None = None
    requires: tuple[Wanted, ...] = ()
    hidden: bool = False
    kinds: set[str] = field(default_factory=lambda: {*KINDS})

    @property
    def listed(self) -> bool:
        return "[" in self.type


@dataclass(slots=True, eq=False)
class Declared:
    """A field as one subgraph declares it; `overridden` where another has taken it over."""

    field: Field
    external: bool = False
    shareable: bool = False
    overridden: bool = False
    override: str | None = None
    requires: tuple[Wanted, ...] = ()
    provides: tuple[Wanted, ...] = ()

    @property
    def owned(self) -> bool:
        return not self.external and not self.overridden

    def __str__(self) -> str:
        text = f"{self.field.name}{'(n: Int = 1)' if self.field.argument else ''}: {self.field.type}"
        for on, directive in (
            (self.external, "external"),
            (self.shareable, "shareable"),
            (self.field.hidden and self.owned, "inaccessible"),
        ):
            text += f" @{directive}" if on else ""
        text += f' @override(from: "{self.override}")' if self.override else ""
        text += f' @requires(fields: "{print_wanted(self.requires)}")' if self.requires else ""
        return text + (f' @provides(fields: "{print_wanted(self.provides)}")' if self.provides else "")


@dataclass(slots=True, eq=False)
class Type:
    """`keys` are those of an entity; a type without any is a value."""

    name: str
    keys: tuple[str, ...] = ()
    fields: dict[str, Field] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Part:
    """What one subgraph declares.

    `members` are those of the interfaces and unions that it knows, `contracts` the fields of its interfaces, and
    `interface_objects` are among its `types`. When `queried`, some field leads back to the root.
    """

    name: str
    types: dict[str, dict[str, Declared]] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    contracts: dict[str, list[str]] = field(default_factory=dict)
    interface_objects: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    roots: dict[str, Declared] = field(default_factory=dict)
    queried: bool = False

    def declared(self, type_: str, name: str) -> Declared | None:
        return (self.roots if type_ == QUERY else self.types.get(type_, {})).get(name)

    def owns(self, type_: str, name: str) -> bool:
        found = self.declared(type_, name)
        return found is not None and found.owned

    def in_key(self, type_: str, name: str) -> bool:
        return any(name == key_field(key) for key in self.keys.get(type_, ()))


def key_field(key: str) -> str:
    return key.partition(" ")[0]


@dataclass(slots=True, eq=False)
class World:
    """`objects` are those of each type, with the fields of all subgraphs; `root` are the values of the root fields."""

    types: dict[str, Type] = field(default_factory=dict)
    interfaces: dict[str, list[str]] = field(default_factory=dict)
    unions: dict[str, list[str]] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    roots: dict[str, Field] = field(default_factory=dict)
    objects: dict[str, list[Object]] = field(default_factory=dict)
    root: Object = field(default_factory=dict)

    def __repr__(self) -> str:
        return "\n".join(f"--- {part.name}\n{self.sdl(part)}" for part in self.parts.values())

    def members_of(self, name: str) -> list[str]:
        return self.interfaces.get(name) or self.unions.get(name) or [name]

    def sdl(self, part: Part) -> str:
        return "\n".join(_print_part(self, part))


def _print_part(world: World, part: Part) -> Iterator[str]:
    if part.queried and not part.roots:
        yield f"type {QUERY} {{ only{part.name}: Int }}"
    if part.roots:
        yield f"type {QUERY} {{ {' '.join(map(str, part.roots.values()))} }}"
    for name, members in part.members.items():
        if name in world.unions:
            yield f"union {name} = {' | '.join(members)}"
        else:
            key = ' @key(fields: "id")' if name in part.keys else ""
            sample = part.types[members[0]]
            yield f"interface {name}{key} {{ {' '.join(str(Declared(sample[each].field)) for each in part.contracts[name])} }}"
    for name, fields in part.types.items():
        implemented = [each for each, members in part.members.items() if each in world.interfaces and name in members]
        head = f"type {name}" + (f" implements {' & '.join(implemented)}" if implemented else "")
        head += "".join(f' @key(fields: "{key}")' for key in part.keys.get(name, ()))
        head += " @interfaceObject" if name in part.interface_objects else ""
        yield f"{head} {{ {' '.join(map(str, fields.values()))} }}"
    if part.kinds:
        yield f"enum Kind {{ {' '.join(sorted(part.kinds))} }}"

"""Draws worlds by hypothesis, so that one that fails shrinks."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from .fill import fill
from .model import HOME, KINDS, QUERY, Declared, Field, Part, Type, Wanted, World, key_field

_LEAVES = ("String", "String!", "Int", "[String!]", "Kind")
_WRAPS = ("{}", "{}!", "[{}!]!", "[{}]", "[[{}!]]")
_KEYS = {"code": "code", "home": "home { place }"}


@st.composite
def worlds(draw: Any) -> World:
    return Drawing(draw).draw_world()


class Drawing:
    """One world in the making."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw
        self.world = World()

    def draw_world(self) -> World:
        for name in "abcdef"[: self.number(2, 5)]:
            self.world.parts[name] = Part(name)
        self._name_types()
        self._add_fields()
        self._split()
        self._add_interface_objects()
        self._add_roots()
        self._add_requirements()
        self._add_provisions()
        self._override()
        self._hide()
        self._complete()
        fill(self.world)
        return self.world

    def chance(self, one_in: int) -> bool:
        return self._draw(st.integers(0, one_in - 1)) == one_in - 1

    def number(self, least: int, most: int) -> int:
        return self._draw(st.integers(least, most))

    def one(self, items: Sequence[Any]) -> Any:
        return self._draw(st.sampled_from(items))

    def some(self, items: Sequence[Any], most: int) -> list[Any]:
        """At least one of them, in their order."""
        chosen = {self.number(0, len(items) - 1) for _ in range(self.number(1, most))}
        return [items[index] for index in sorted(chosen)]

    # The whole graph.

    def _name_types(self) -> None:
        world = self.world
        for number in range(self.number(2, 4)):
            world.types[f"T{number}"] = Type(f"T{number}", ("id", *(key for key in _KEYS.values() if self.chance(3))))
        for number in range(self.number(0, 2)):
            world.types[f"V{number}"] = Type(f"V{number}")
        entities = [each.name for each in world.types.values() if each.keys]
        for number in range(self.number(0, 2)):
            world.interfaces[f"I{number}"] = self.some(entities, 3)
        for number in range(self.number(0, 2)):
            world.unions[f"U{number}"] = self.some([*world.types], 3)

    def _add_fields(self) -> None:
        for each in self.world.types.values():
            for key in each.keys:
                home = key == _KEYS["home"]
                each.fields[key_field(key)] = Field(key_field(key), f"{HOME}!" if home else "ID!", HOME if home else None)
            for number in range(self.number(1, 3)):
                each.fields[f"s{number}"] = self._leaf(f"s{number}")
            for number in range(self.number(0, 2)):
                each.fields[f"r{number}"] = self._reference(f"r{number}")
            if self.chance(8):
                each.fields["query"] = Field("query", f"{QUERY}!", QUERY)
        for name, members in self.world.interfaces.items():
            shared = self._leaf(f"c{name}") if self.chance(2) else self._reference(f"c{name}")
            shared.contract = name
            for member in members:
                self.world.types[member].fields[shared.name] = shared

    def _leaf(self, name: str) -> Field:
        return Field(name, self.one(_LEAVES), argument=self.chance(4))

    def _reference(self, name: str) -> Field:
        target = self.one([*self.world.types, *self.world.interfaces, *self.world.unions])
        return Field(name, self.one(_WRAPS).format(target), target)

    # Which subgraph has what.

    def _split(self) -> None:
        world = self.world
        for type_ in world.types.values():
            for each in type_.fields.values():
                if all(each.name != key_field(key) for key in type_.keys):
                    for part in self.some([*world.parts.values()], 2 if each.target in world.types else 3):
                        self._declare(part, type_.name, each)
        for name, members in {**world.interfaces, **world.unions}.items():
            for part in world.parts.values():
                if known := [each for each in members if each in part.types and not self.chance(6)]:
                    part.members[name] = known
        for part in world.parts.values():
            for fields in [*part.types.values()]:
                for declared in [*fields.values()]:
                    self._know(part, declared.field)

    def _declare(self, part: Part, type_: str, field: Field) -> Declared:
        self._know_type(part, type_)
        declared = part.types[type_].get(field.name)
        if declared is None:
            declared = part.types[type_][field.name] = Declared(field)
        return declared

    def _know_type(self, part: Part, name: str) -> None:
        if name in part.types:
            return
        part.types[name] = {}
        if name == HOME:
            part.types[name]["place"] = Declared(Field("place", "String!"), shareable=True)
            return
        type_ = self.world.types[name]
        if type_.keys:
            self._add_keys(part, type_, self.some(type_.keys, 2) if self.chance(3) else ["id"])

    def _add_keys(self, part: Part, type_: Type, keys: Sequence[str]) -> None:
        part.keys[type_.name] = [*part.keys.get(type_.name, ()), *keys]
        for key in keys:
            self._declare(part, type_.name, type_.fields[key_field(key)])
            self._know(part, type_.fields[key_field(key)])

    def _know(self, part: Part, field: Field) -> None:
        """Makes the type of a field known where the field is."""
        target = field.target
        if target in self.world.interfaces or target in self.world.unions:
            if target not in part.members and target not in part.interface_objects:
                part.members[target] = self.some(self.world.members_of(target), 2)
                for each in part.members[target]:
                    self._know_type(part, each)
        elif target == QUERY:
            part.queried = True
        elif target:
            self._know_type(part, target)

    def _add_interface_objects(self) -> None:
        """An interface with a key has all its types in its homes; guests know none of them, and add fields to all."""
        world = self.world
        for name, members in world.interfaces.items():
            homes = [each for each in world.parts.values() if all(member in each.types for member in members)]
            guests = [each for each in world.parts.values() if not any(member in each.types for member in members)]
            if not homes or not guests or self.chance(3):
                continue
            for home in homes:
                home.members[name] = [*members]
                home.keys[name] = ["id"]
                for member in members:
                    if "id" not in home.keys[member]:
                        self._add_keys(home, world.types[member], ["id"])
            for number, guest in enumerate(guests):
                self._add_guest(name, guest, number)

    def _add_guest(self, name: str, guest: Part, number: int) -> None:
        members = [self.world.types[member] for member in self.world.interfaces[name]]
        guest.members.pop(name, None)
        guest.interface_objects.add(name)
        guest.keys[name] = ["id"]
        guest.types[name] = {"id": Declared(members[0].fields["id"])}
        added = self._leaf(f"g{name}{number}")
        declared = self._declare(guest, name, added)
        contract = members[0].fields[f"c{name}"]
        if contract.target is None and self.chance(2):
            self._declare(guest, name, contract).external = True
            added.requires = declared.requires = (Wanted(contract.name, 2 if contract.argument else None),)
            added.argument = False
        for member in members:
            member.fields[added.name] = added

    def _add_roots(self) -> None:
        for number, part in enumerate(self.world.parts.values()):
            for index in range(self.number(0 if number else 1, 2)):
                target = self.one([each for each in (*part.types, *part.members) if each != HOME] or [*self.world.types])
                name = f"q{part.name}{index}"
                made = self.world.roots[name] = Field(name, self.one(_WRAPS).format(target), target)
                for each in [part, *(self.some([*self.world.parts.values()], 1) if self.chance(4) else ())]:
                    self._know(each, made)
                    each.roots[name] = Declared(made)

    # What depends on other subgraphs.

    def _add_requirements(self) -> None:
        for part in self.world.parts.values():
            for name in [each for each in part.types if each in part.keys]:
                if name in part.interface_objects or not self.chance(3):
                    continue
                for number in range(self.number(1, 2)):
                    if wanted := self._want(part, name, 2):
                        made = Field(f"n{part.name}{number}", self.one(("String", "String!")), requires=wanted)
                        self.world.types[name].fields[made.name] = made
                        self._declare(part, name, made).requires = wanted

    def _want(self, part: Part, name: str, depth: int, *, plain: bool = False) -> tuple[Wanted, ...]:
        """Fields of `name` that others own, made external here; `plain` ones take no argument."""
        candidates = [
            each
            for each in self.world.types[name].fields.values()
            if ((known := part.types[name].get(each.name)) is None or known.external)
            and any(other.owns(name, each.name) for other in self.world.parts.values())
            and (each.target is None or depth > 1)
            and each.target != QUERY
            and not (plain and each.argument)
        ]
        wanted: list[Wanted] = []
        for each in self.some(candidates, 2) if candidates else ():
            children = self._want_below(part, each.target, depth - 1, plain=plain) if each.target else ()
            if children or not each.target:
                self._know(part, each)
                self._declare(part, name, each).external = True
                wanted.append(Wanted(each.name, self.number(1, 3) if each.argument else None, children))
        return tuple(wanted)

    def _want_below(self, part: Part, target: str, depth: int, *, plain: bool) -> tuple[Wanted, ...]:
        self._know(part, Field("", target, target))
        if target in part.interface_objects:
            return (Wanted("id"),)
        if target in part.members:
            member = self.one(part.members[target])
            below = self._want_below(part, member, depth, plain=plain)
            return tuple(Wanted(each.name, each.argument, each.children, member) for each in below)
        if target == HOME:
            return (Wanted("place"),)
        own = [
            each.field for each in part.types[target].values() if not each.field.target and not (plain and each.field.argument)
        ]
        if own and self.chance(2):
            each = self.one(own)
            return (Wanted(each.name, self.number(1, 3) if each.argument else None),)
        return self._want(part, target, depth, plain=plain)

    def _add_provisions(self) -> None:
        for part in self.world.parts.values():
            for fields in [part.roots, *part.types.values()]:
                for declared in [*fields.values()]:
                    target = declared.field.target
                    if declared.owned and target in self.world.types and target in part.types and self.chance(4):
                        declared.provides = self._want(part, target, self.number(1, 2), plain=True)

    def _override(self) -> None:
        for name, type_ in self.world.types.items():
            for each in type_.fields.values():
                having = [part for part in self.world.parts.values() if each.name in part.types.get(name, {})]
                others = [part for part in self.world.parts.values() if name in part.keys and part not in having]
                if len(having) != 1 or not others or each.requires or each.contract or not self.chance(5):
                    continue
                old = having[0].types[name][each.name]
                if old.owned and not old.provides and not having[0].in_key(name, each.name):
                    new = self.one(others)
                    self._know(new, each)
                    self._declare(new, name, each).override = having[0].name
                    old.overridden = True

    def _hide(self) -> None:
        for type_ in self.world.types.values():
            leaves = [each for each in type_.fields.values() if not each.target and not each.contract]
            if len(leaves) > 1 and self.chance(6):
                hidden = self.one(leaves)
                hidden.hidden = not hidden.name.startswith("g")

    # What follows from all that.

    def _complete(self) -> None:
        world = self.world
        for part in world.parts.values():
            for name in part.members:
                if name in world.interfaces:
                    self._agree(part, name)
            for name, fields in part.types.items():
                if not fields:
                    leaf = next(each for each in world.types[name].fields.values() if each.target is None)
                    fields[leaf.name] = Declared(leaf)
        world.parts = {name: part for name, part in world.parts.items() if part.types or part.roots}
        for part in world.parts.values():
            leaves = [each.field for fields in part.types.values() for each in fields.values() if each.field.type == "Kind"]
            part.kinds = {*self.some(KINDS, 3)} if leaves else set()
            for each in leaves:
                each.kinds &= part.kinds
            for name, fields in [(QUERY, part.roots), *part.types.items()]:
                for each in fields.values():
                    each.shareable = each.shareable or self._shared(part, name, each)

    def _agree(self, part: Part, interface: str) -> None:
        """What an interface asks of its types in one subgraph."""
        members = [part.types[member] for member in part.members[interface]]
        contract = [each for each in ("id", f"c{interface}") if all(each in fields for fields in members)]
        if not contract:
            for member in part.members[interface]:
                self._declare(part, member, self.world.types[member].fields["id"])
            contract = ["id"]
        part.contracts[interface] = contract

    def _shared(self, part: Part, type_: str, declared: Declared) -> bool:
        name = declared.field.name
        if not declared.owned or part.in_key(type_, name):
            return False
        others = [each for each in self.world.parts.values() if each is not part]
        return any(each.owns(type_, name) or self._provides(each, type_, name) for each in others)

    def _provides(self, part: Part, type_: str, name: str) -> bool:
        found = part.declared(type_, name)
        return found is not None and found.external

"""Gives a world its data: two objects of each type, whose fields tell where they are from."""

from collections.abc import Sequence
from typing import Any

from .model import HOME, KINDS, QUERY, Field, Object, Part, World

_EACH = 2


def fill(world: World) -> None:
    world.root["__typename"] = QUERY
    world.objects = {name: [{"__typename": name} for _ in range(_EACH)] for name in world.types}
    for name, type_ in world.types.items():
        for field in type_.fields.values():
            having = [part for part in world.parts.values() if field.name in part.types.get(name, {})]
            if field.contract:
                having = [part for part in world.parts.values() if any(field.name in each for each in part.types.values())]
            for index, whole in enumerate(world.objects[name]):
                whole[field.name] = _value(world, having, f"{name}{index}.{field.name}", field, index)
    for name, field in world.roots.items():
        world.root[name] = _value(world, [part for part in world.parts.values() if name in part.roots], name, field, 0)


def _value(world: World, having: Sequence[Part], place: str, field: Field, index: int) -> Any:
    if field.target == HOME:
        return {"__typename": HOME, "place": place}
    if field.target == QUERY:
        return world.root
    if field.target:
        return _link(world, having, field, index)
    if field.argument:
        return lambda _info, n=1: _leaf(place, field, index, n)
    return _leaf(place, field, index, 1)


def _leaf(place: str, field: Field, index: int, n: int) -> Any:
    if field.type == "ID!":
        return place
    if field.type == "Int":
        return None if index else n
    if field.type == "[String!]":
        return [place] * n
    if field.type == "Kind":
        known = [each for each in KINDS if each in field.kinds]
        return known[(index + n) % len(known)] if known else None
    return f"{place}*{n}"


def _link(world: World, having: Sequence[Part], field: Field, index: int) -> Any:
    """Objects of types that all subgraphs know which have the field."""
    target = field.target or ""
    possible = {*world.members_of(target)}
    for part in having:
        possible &= {*part.members.get(target, possible)}
    found: list[Object] = [each for name in sorted(possible) for each in world.objects[name]]
    if not found:
        field.type = field.type if field.listed else field.type.rstrip("!")
        return [] if field.listed else None
    first, second = (found[(index + len(field.name) + step) % len(found)] for step in (0, 1))
    if field.type.startswith("[["):
        return [[first], None, [second, first]]
    if field.listed:
        return [first, second] if "!" in field.type else [first, None, second]
    return None if index and "!" not in field.type else first

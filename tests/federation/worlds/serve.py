"""A world behind its subgraphs, and behind one schema.

Whatever a subgraph may not be asked for (what is external there, unless it is provided, and what was overridden) it answers
wrongly, and a field whose requirement did not come along as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import ExecutionResult, GraphQLInterfaceType, GraphQLSchema, GraphQLUnionType, execute, parse

from gateway.federation.composition import SubgraphSdl, compose
from tests.federation.doubles import LINK, Recorder

from .model import QUERY, Declared, Object, Part, Wanted, World

_WRONG = "wrong"


def compose_world(world: World) -> str:
    """The supergraph; raises CompositionFailed for a world whose fields can't all be reached."""
    return compose(SubgraphSdl(part.name, f"http://{part.name}.test", LINK + world.sdl(part)) for part in world.parts.values())


def subgraphs_of(world: World) -> dict[str, Recorder]:
    made: dict[str, Recorder] = {}
    for part in world.parts.values():
        roots = _Seen(world, part, world.root, QUERY)
        entities = {name: _Entrance(world, part, name) for name in part.keys}
        made[part.name] = Recorder(world.sdl(part), {name: roots[name] for name in part.roots}, entities)
    return made


def one_schema(world: World, schema: GraphQLSchema, document: str, variables: Mapping[str, object]) -> ExecutionResult:
    """What the operation answers over all data at once."""
    for named in schema.type_map.values():
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            named.resolve_type = lambda value, _info, _type: value["__typename"]
    result = execute(schema, parse(document), world.root, variable_values=dict(variables))
    assert isinstance(result, ExecutionResult)
    return result


class _Seen(Mapping[str, Any]):
    """An object as a subgraph sees it. `sent` is the representation by which one came, `provided` what the way provides."""

    def __init__(
        self, world: World, part: Part, whole: Object, type_: str, sent: Object | None = None, provided: Sequence[Wanted] = ()
    ) -> None:
        self._world, self._part, self._whole, self._type = world, part, whole, type_
        self._sent, self._provided = sent, provided

    def __getitem__(self, name: str) -> Any:
        if name == "__typename":
            return self._type
        declared = self._part.declared(self._type, name)
        if declared is None:
            raise KeyError(name)
        provided = [each for each in self._provided if each.name == name and each.on in (None, self._whole["__typename"])]
        if not declared.owned and not provided and not self._part.in_key(self._type, name):
            return lambda _info, **_arguments: _wrong(declared)
        if declared.requires and not (self._sent and _agrees(self._sent, pick(self._whole, declared.requires))):
            return f"{_WRONG}: {name} of {self._sent}"
        below = [*declared.provides, *(child for each in provided for child in each.children)]
        return self._see(declared.field.target, self._whole[name], below)

    def __iter__(self) -> Iterator[str]:
        return iter(self._part.types[self._type])

    def __len__(self) -> int:
        return len(self._part.types[self._type])

    def _see(self, target: str | None, value: Any, provided: Sequence[Wanted]) -> Any:
        if isinstance(value, list):
            return [self._see(target, each, provided) for each in value]
        if not isinstance(value, dict):
            return value
        named = target if target in self._part.interface_objects else value["__typename"]
        return _Seen(self._world, self._part, value, named, None, provided)


def _wrong(declared: Declared) -> Any:
    if declared.field.target:
        return [] if declared.field.listed else None
    if declared.field.listed:
        return [_WRONG]
    return -1 if "Int" in declared.field.type else None if "Kind" in declared.field.type else _WRONG


class _Entrance:
    """From a representation to the object that it stands for."""

    def __init__(self, world: World, part: Part, name: str) -> None:
        self._world, self._part, self._name = world, part, name

    def __call__(self, sent: Object) -> Mapping[str, Any]:
        for member in self._world.members_of(self._name):
            for whole in self._world.objects[member]:
                if any(_has_key(sent, whole, key) for key in self._part.keys[self._name]):
                    known = member if member in self._part.types else self._name
                    return _Seen(self._world, self._part, whole, known, sent)
        raise ValueError(f"{self._part.name} knows no {sent}")


def _has_key(sent: Object, whole: Object, key: str) -> bool:
    name, _, below = key.partition(" ")
    if name not in sent:
        return False
    inner = below.strip(" {}")
    return sent[name][inner] == whole[name][inner] if inner else sent[name] == whole[name]


def _agrees(sent: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return isinstance(sent, list) and len(sent) == len(wanted) and all(map(_agrees, sent, wanted))
    if isinstance(wanted, dict):
        return isinstance(sent, dict) and all(key in sent and _agrees(sent[key], value) for key, value in wanted.items())
    return sent == wanted


def pick(whole: Any, wanted: Sequence[Wanted]) -> Any:
    """What meets a requirement."""
    if isinstance(whole, list):
        return [pick(each, wanted) for each in whole]
    if not isinstance(whole, dict):
        return whole
    picked: Object = {}
    for each in wanted:
        if each.on in (None, whole["__typename"]):
            value = whole[each.name]
            value = value(None, n=1 if each.argument is None else each.argument) if callable(value) else value
            value = pick(value, each.children) if each.children else value
            merged = picked.get(each.name)
            picked[each.name] = {**merged, **value} if isinstance(merged, dict) and isinstance(value, dict) else value
    return picked

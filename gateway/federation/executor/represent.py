"""Objects of the tree to the representations that stand for them in another subgraph."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from ..planner.plan import InputField, Representation
from .collect import Tree

_MISSING = object()
_SCALARS = frozenset((str, int, bool, float))

NOTHING: Mapping[int, frozenset[str]] = {}


@dataclass(frozen=True, slots=True)
class Targets:
    """The objects that each representation stands for; all in one entry for root fields.

    `withheld` names, by representation, the fields whose requirement is missing: what is answered to them means nothing.
    """

    objects: list[list[Tree]]
    withheld: Mapping[int, frozenset[str]]

    def __bool__(self) -> bool:
        return bool(self.objects)


Represented = tuple[list[Tree], Targets]


def make_representer(representations: Sequence[Representation], brought: Collection[str]) -> Callable[[list[Tree]], Represented]:
    """A function from objects to representations, each value once, and for each of them the objects that it stands for.

    An object whose key is null or missing is left out, and so is one for which nothing of `brought`, the fields that
    are asked for, would be left. A requirement that is null is sent as it is.
    """
    if len(representations) == 1:
        only = representations[0]
        if only.types is None and len(only.fields) == 1 and not only.fields[0].children and not only.fields[0].nullable:
            return _one_scalar(only.typename, only.fields[0])
        if only.types is None and len(only.fields) > 1 and not any(each.children or each.types for each in only.fields):
            return _scalars(only, _any_shape(representations, brought))
    return _any_shape(representations, brought)


def _any_shape(representations: Sequence[Representation], brought: Collection[str]) -> Callable[[list[Tree]], Represented]:
    by_type: dict[str, Representation] = {}
    fallback: Representation | None = None
    for each in representations:
        if each.types is None:
            fallback = each
        else:
            by_type.update(dict.fromkeys(each.types, each))

    def represent(objects: list[Tree]) -> Represented:
        sent: list[Tree] = []
        standing: list[list[Tree]] = []
        withheld: dict[int, frozenset[str]] = {}
        index: dict[str, int] = {}
        for each in objects:
            typename = each.get("__typename")
            wanted = by_type.get(typename, fallback) if isinstance(typename, str) else fallback
            if wanted is None:
                continue
            lost: set[str] = set()
            representation = _represent(each, wanted, lost)
            if representation is None or (lost and lost.issuperset(brought)):
                continue
            identity = repr(representation)
            at = index.get(identity)
            if at is None:
                if lost:
                    withheld[len(sent)] = frozenset(lost)
                index[identity] = len(sent)
                sent.append(representation)
                standing.append([each])
            else:
                standing[at].append(each)
        return sent, Targets(standing, withheld)

    return represent


def _represent(value: Tree, wanted: Representation, lost: set[str]) -> Tree | None:
    """The representation without the requirements that are missing; the fields that need them are added to `lost`."""
    picked: Tree = {"__typename": wanted.typename}
    return picked if _pick(value, wanted.fields, picked, lost) else None


def _one_scalar(typename: str, field: InputField) -> Callable[[list[Tree]], Represented]:
    """By far the most frequent case: an entity with one scalar key."""
    key, name = field.key, field.name

    def represent(objects: list[Tree]) -> Represented:
        index: dict[object, list[Tree]] = {}
        for each in objects:
            value = each.get(key)
            if value is None or value.__class__ not in _SCALARS:
                continue
            same = index.get(value)
            if same is None:
                index[value] = [each]
            else:
                same.append(each)
        return [{"__typename": typename, name: value} for value in index], Targets(list(index.values()), NOTHING)

    return represent


def _scalars(wanted: Representation, any_shape: Callable[[list[Tree]], Represented]) -> Callable[[list[Tree]], Represented]:
    """An entity with a key and requirements that are scalars; `any_shape` is for when one is missing, or none after all."""
    pick = itemgetter(*(each.key for each in wanted.fields))
    names = ("__typename", *(each.name for each in wanted.fields))
    required = [number for number, each in enumerate(wanted.fields) if not each.nullable]

    def represent(objects: list[Tree]) -> Represented:
        index: dict[tuple[object, ...], list[Tree]] = {}
        try:
            for each in objects:
                values = pick(each)
                same = index.get(values)
                if same is None:
                    index[values] = [each]
                else:
                    same.append(each)
        except (KeyError, TypeError):  # not there, or an object or a list, which can't be hashed
            return any_shape(objects)
        if any(values[number] is None for values in index for number in required):
            return any_shape(objects)
        sent = [dict(zip(names, (wanted.typename, *values), strict=True)) for values in index]
        return sent, Targets(list(index.values()), NOTHING)

    return represent


def _pick(value: Tree, fields: Sequence[InputField], picked: Tree, lost: set[str]) -> bool:
    """Whether all is there that can't be missing."""
    for field in fields:
        if field.types is not None and value.get("__typename") not in field.types:
            continue
        found = _pick_value(value.get(field.key, _MISSING), field, lost)
        if found is not _MISSING:
            picked[field.name] = found
        elif field.nullable:
            lost.update(field.dependents)
        else:
            return False
    return True


def _pick_value(value: object, field: InputField, lost: set[str]) -> object:
    if value is None:
        return None if field.nullable else _MISSING
    if value is _MISSING or not field.children:
        return value
    if isinstance(value, list):
        items = [_pick_value(item, field, lost) for item in value]
        return _MISSING if any(item is _MISSING for item in items) else items
    if not isinstance(value, dict):
        return _MISSING
    picked: Tree = {}
    return picked if _pick(value, field.children, picked, lost) else _MISSING

"""Objects of the tree to the representations that stand for them in another subgraph."""

from collections.abc import Callable, Sequence

from ..planner.plan import InputField, Representation
from .collect import Tree

_MISSING = object()
_SCALARS = frozenset((str, int, bool, float))

Represented = tuple[list[Tree], list[list[Tree]]]


def make_representer(representations: Sequence[Representation]) -> Callable[[list[Tree]], Represented]:
    """A function from objects to representations, each value once, and for each of them the objects that it stands for.

    An object whose key is null or missing is left out.
    """
    if len(representations) == 1:
        only = representations[0]
        if only.types is None and len(only.fields) == 1 and not only.fields[0].children and not only.fields[0].nullable:
            return _one_scalar(only.typename, only.fields[0])
    by_type: dict[str, tuple[str, tuple[InputField, ...]]] = {}
    fallback: tuple[str, tuple[InputField, ...]] | None = None
    for each in representations:
        if each.types is None:
            fallback = (each.typename, each.fields)
        else:
            by_type.update(dict.fromkeys(each.types, (each.typename, each.fields)))

    def represent(objects: list[Tree]) -> Represented:
        sent: list[Tree] = []
        standing: list[list[Tree]] = []
        index: dict[str, int] = {}
        for each in objects:
            typename = each.get("__typename")
            wanted = by_type.get(typename, fallback) if isinstance(typename, str) else fallback
            if wanted is None:
                continue
            fields = _pick(each, wanted[1])
            if fields is None:
                continue
            representation: Tree = {"__typename": wanted[0], **fields}
            identity = repr(representation)
            at = index.get(identity)
            if at is None:
                index[identity] = len(sent)
                sent.append(representation)
                standing.append([each])
            else:
                standing[at].append(each)
        return sent, standing

    return represent


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
        return [{"__typename": typename, name: value} for value in index], list(index.values())

    return represent


def _pick(value: Tree, fields: Sequence[InputField]) -> Tree | None:
    picked: Tree = {}
    for field in fields:
        if field.types is not None and value.get("__typename") not in field.types:
            continue
        found = _pick_value(value.get(field.key, _MISSING), field)
        if found is _MISSING:
            return None
        picked[field.name] = found
    return picked


def _pick_value(value: object, field: InputField) -> object:
    if value is None:
        return None if field.nullable else _MISSING
    if value is _MISSING or not field.children:
        return value
    if isinstance(value, list):
        items = [_pick_value(item, field) for item in value]
        return _MISSING if any(item is _MISSING for item in items) else items
    if not isinstance(value, dict):
        return _MISSING
    picked = _pick(value, field.children)
    return _MISSING if picked is None else picked

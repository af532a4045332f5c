"""Prints a step's draft as the document that its subgraph gets."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .directives import Applied
from .draft import Draft, DraftField
from .plan import ContextInput, DocumentText, PartText, Rename, context_name

ENTITIES = "_entities"

_NOT_NAME = re.compile(r"\W", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """A draft and, unless it is of root fields, the alias and the variable of its `_entities`.

    `contexts` are the variables for the draft's contexts, each with its type.
    """

    draft: Draft
    alias: str = ""
    variable: str = ""
    contexts: tuple[tuple[str, str], ...] = ()


class _Pieces:
    """Text in the making, cut where copies of it differ."""

    __slots__ = ("pieces",)

    def __init__(self) -> None:
        self.pieces: list[str] = [""]

    def add(self, text: str) -> None:
        self.pieces[-1] += text

    def cut(self) -> None:
        self.pieces.append("")


def print_document(
    parts: Sequence[Part],
    kind: str,
    name: str | None,
    variable_types: Mapping[str, str],
    directives: Iterable[Applied],
) -> tuple[DocumentText, tuple[str, ...]]:
    """The document of a request, and the operation's variables that it declares.

    It has those of the `directives` that may stand on an operation of this kind.
    """
    own = [each for each in directives if kind.upper() in each.locations]
    used = {name: None for each in own for name in sorted(each.variables)}
    printed = tuple(_print_part(part, used) for part in parts)
    variables = tuple(each for each in variable_types if each in used)
    declared = tuple(f"${each}:{variable_types[each]}" for each in variables)
    head = " ".join([kind, name] if name else [kind])
    return DocumentText(head, printed, declared, "".join(f" {each.text}" for each in own)), variables


def _print_part(part: Part, used: dict[str, None]) -> PartText:
    root = _Pieces()
    if not part.alias:
        _compact(part.draft, used, root, {})
        return PartText((), ("".join(root.pieces)[1:-1],))
    declared = _Pieces()
    declared.add(f"${part.variable}")
    declared.cut()
    declared.add(":[_Any!]!")
    for variable, type_ in part.contexts:
        declared.add(f",${variable}")
        declared.cut()
        declared.add(f":{type_}")
    if part.alias != ENTITIES or part.contexts:
        root.add(part.alias)
        root.cut()
        root.add(":")
    root.add(f"{ENTITIES}(representations:${part.variable}")
    root.cut()
    root.add(")")
    names = [variable for variable, _ in part.contexts]
    _compact(part.draft, used, root, dict(zip(part.draft.contexts(), names, strict=True)))
    return PartText(tuple(declared.pieces), tuple(root.pieces))


def print_selection(draft: Draft) -> str:
    """The draft for people to read."""
    contexts = {each: context_name(number) for number, each in enumerate(draft.contexts())}
    return "\n".join(["{", *_lines(draft, 1, contexts), "}"])


def document_name(operation: str | None, subgraph: str, number: int) -> str | None:
    """A name that shows a subgraph's logs whose part it answers: operation, subgraph and the number of the fetch."""
    return f"{operation}__{_NOT_NAME.sub('_', subgraph)}__{number}" if operation else None


def rename_clashes(draft: Draft, taken: frozenset[str]) -> tuple[Rename, ...]:
    """Gives an alias to every field that may not share its name with another of its level.

    Fields of different members may stand under one name only if their types have one shape.
    """
    renames: list[Rename] = []
    _rename_level([draft], (), taken, renames)
    return tuple(renames)


def _rename_level(level: Iterable[Draft], path: tuple[str, ...], taken: frozenset[str], renames: list[Rename]) -> None:
    shapes: dict[str, str] = {}
    below: dict[str, list[Draft]] = {}
    for field in _fields_of_level(level):
        shape = _shape(field)
        alias = field.selected.key
        number = 0
        while shapes.get(alias, shape) != shape or (number and alias in taken):
            number += 1
            alias = f"{field.selected.key}__as{number}"
        shapes[alias] = shape
        if alias != field.selected.key:
            rename = Rename(path, alias, field.selected.key)
            if rename not in renames:
                renames.append(rename)
        field.alias = alias
        if not field.selected.leaf:
            below.setdefault(alias, []).append(field.below)
    for alias, drafts in below.items():
        _rename_level(drafts, (*path, alias), taken, renames)


def _fields_of_level(level: Iterable[Draft]) -> Iterator[DraftField]:
    for draft in level:
        yield from draft.fields.values()
        yield from _fields_of_level(draft.fragments.values())


def _shape(field: DraftField) -> str:
    shape = field.field.shape
    return shape.replace(field.field.named, "{}") if not field.selected.leaf else shape


def _compact(draft: Draft, used: dict[str, None], out: _Pieces, contexts: Mapping[ContextInput, str]) -> None:
    """Prints a draft; `contexts` are the variables that fill contextual arguments."""
    opening = "{"
    if draft.typename or not (draft.fields or draft.fragments):
        out.add("{__typename")
        opening = " "
    for field in draft.fields.values():
        used.update(dict.fromkeys(sorted(field.selected.variables)))
        used.update((name, None) for name, _ in field.condition)
        before, head, after, closing = _under(field)
        out.add(opening + before + head)
        for number, (argument, context) in enumerate(field.contexts.items()):
            out.add(f"{',' if number else '('}{argument}:${contexts[context]}")
            out.cut()
        out.add(_continued(field, "," if field.contexts else "") + after)
        if not field.selected.leaf:
            _compact(field.below, used, out, {})
        out.add(closing)
        opening = " "
    for member, inner in draft.fragments.items():
        out.add(f"{opening}...on {member}")
        _compact(inner, used, out, contexts)
        opening = " "
    out.add("}")


def _lines(draft: Draft, depth: int, contexts: Mapping[ContextInput, str]) -> list[str]:
    margin = "  " * depth
    lines = [margin + "__typename"] if draft.typename or not (draft.fields or draft.fragments) else []
    for field in draft.fields.values():
        before, head, after, closing = _under(field)
        filled = ", ".join(f"{argument}: ${contexts[each]}" for argument, each in field.contexts.items())
        opening = before + head + (f"({filled}" if filled else "") + _continued(field, ", " if filled else "") + after
        if not field.selected.leaf:
            lines += [f"{margin}{opening} {{", *_lines(field.below, depth + 1, {}), f"{margin}}}{closing}"]
        else:
            lines.append(margin + opening + closing)
    for member, inner in draft.fragments.items():
        lines += [f"{margin}... on {member} {{", *_lines(inner, depth + 1, contexts), f"{margin}}}"]
    return lines


def _under(field: DraftField) -> tuple[str, str, str, str]:
    """What stands before a field, its name, what follows its arguments and its selections.

    A directive may not stand twice in one place.
    """
    name = field.selected.name
    head = name if field.alias == name else f"{field.alias}: {name}"
    conditions = [f"@include(if: ${each})" if wanted else f"@skip(if: ${each})" for each, wanted in field.condition]
    around = (*conditions[1:], *field.selected.around)
    outer = "".join(f"... {each} {{ " for each in around)
    return outer, head, f" {conditions[0]}" if conditions else "", " }" * len(around)


def _continued(field: DraftField, separator: str) -> str:
    """A field's own arguments, after those from contexts where a separator is given."""
    arguments = field.selected.arguments
    if not separator:
        return arguments
    return separator + arguments[1:] if arguments.startswith("(") else ")" + arguments

"""Prints a step's draft as the document that its subgraph gets."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .draft import Draft, DraftField
from .plan import Rename

_NOT_NAME = re.compile(r"\W", re.ASCII)


@dataclass(frozen=True, slots=True)
class Document:
    text: str
    selection: str
    variables: tuple[str, ...]


def print_document(
    draft: Draft, kind: str, name: str | None, variable_types: Mapping[str, str], representations: str | None
) -> Document:
    """The document of a step; with `representations`, the name of that variable, its root is `_entities`."""
    used: dict[str, None] = {}
    selection = _compact(draft, used)
    variables = tuple(each for each in variable_types if each in used)
    declared = [f"${each}:{variable_types[each]}" for each in variables]
    if representations:
        declared.insert(0, f"${representations}:[_Any!]!")
        selection = f"{{_entities(representations:${representations}){selection}}}"
    head = f"{kind} {name}" if name else kind
    head += f"({','.join(declared)})" if declared else " " if name else ""
    if kind == "query" and not name and not declared:
        head = ""
    return Document(head.rstrip() + selection, "\n".join(["{", *_lines(draft, 1), "}"]), variables)


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
        while shapes.setdefault(alias, shape) != shape:
            number += 1
            alias = f"{field.selected.key}__as{number}"
            if alias in taken:
                continue
        if alias != field.selected.key:
            rename = Rename(path, alias, field.selected.key)
            if rename not in renames:
                renames.append(rename)
        field.alias = alias
        if field.selected.children:
            below.setdefault(alias, []).append(field.below)
    for alias, drafts in below.items():
        _rename_level(drafts, (*path, alias), taken, renames)


def _fields_of_level(level: Iterable[Draft]) -> Iterator[DraftField]:
    for draft in level:
        yield from draft.fields.values()
        yield from _fields_of_level(draft.fragments.values())


def _shape(field: DraftField) -> str:
    shape = field.field.shape
    return shape.replace(field.field.named, "{}") if field.selected.children else shape


def _compact(draft: Draft, used: dict[str, None]) -> str:
    parts = ["__typename"] if draft.typename else []
    for field in draft.fields.values():
        used.update(dict.fromkeys(sorted(field.selected.variables)))
        used.update((name, None) for name, _ in field.condition)
        opening, closing = _under(field)
        below = _compact(field.below, used) if field.selected.children else ""
        parts.append(opening + below + closing)
    parts += (f"...on {type}{_compact(inner, used)}" for type, inner in draft.fragments.items())
    return "{" + (" ".join(parts) or "__typename") + "}"


def _lines(draft: Draft, depth: int) -> list[str]:
    margin = "  " * depth
    lines = [margin + "__typename"] if draft.typename or not (draft.fields or draft.fragments) else []
    for field in draft.fields.values():
        opening, closing = _under(field)
        if field.selected.children:
            lines += [f"{margin}{opening} {{", *_lines(field.below, depth + 1), f"{margin}}}{closing}"]
        else:
            lines.append(margin + opening + closing)
    for type, inner in draft.fragments.items():
        lines += [f"{margin}... on {type} {{", *_lines(inner, depth + 1), f"{margin}}}"]
    return lines


def _under(field: DraftField) -> tuple[str, str]:
    """What stands before and after a field's selections; a directive may not stand twice in one place."""
    name = field.selected.name
    head = (name if field.alias == name else f"{field.alias}: {name}") + field.selected.arguments
    directives = [f"@include(if: ${each})" if wanted else f"@skip(if: ${each})" for each, wanted in field.condition]
    if not directives:
        return head, ""
    outer = "".join(f"... {each} {{ " for each in directives[1:])
    return f"{outer}{head} {directives[0]}", " }" * (len(directives) - 1)

"""Prints a step's draft as the document that its subgraph gets."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .draft import Draft, DraftField
from .plan import Rename

ENTITIES = "_entities"

_NOT_NAME = re.compile(r"\W", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """A draft and, unless it is of root fields, the alias and the variable of its `_entities`."""

    draft: Draft
    alias: str = ""
    variable: str = ""


def print_document(
    parts: Sequence[Part], kind: str, name: str | None, variable_types: Mapping[str, str]
) -> tuple[str, tuple[str, ...]]:
    """The document of a request, and the operation's variables that it declares."""
    used: dict[str, None] = {}
    roots: list[str] = []
    declared: list[str] = []
    for part in parts:
        selection = _compact(part.draft, used)
        if part.alias:
            declared.append(f"${part.variable}:[_Any!]!")
            alias = "" if part.alias == ENTITIES else f"{part.alias}:"
            roots.append(f"{alias}{ENTITIES}(representations:${part.variable}){selection}")
        else:
            roots.append(selection[1:-1])
    variables = tuple(each for each in variable_types if each in used)
    declared += (f"${each}:{variable_types[each]}" for each in variables)
    head = " ".join([kind, name] if name else [kind]) + (f"({','.join(declared)})" if declared else "")
    if head == "query":
        head = ""
    return f"{head}{{{' '.join(roots)}}}", variables


def print_selection(draft: Draft) -> str:
    """The draft for people to read."""
    return "\n".join(["{", *_lines(draft, 1), "}"])


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


def _compact(draft: Draft, used: dict[str, None]) -> str:
    parts = ["__typename"] if draft.typename else []
    for field in draft.fields.values():
        used.update(dict.fromkeys(sorted(field.selected.variables)))
        used.update((name, None) for name, _ in field.condition)
        opening, closing = _under(field)
        below = _compact(field.below, used) if not field.selected.leaf else ""
        parts.append(opening + below + closing)
    parts += (f"...on {member}{_compact(inner, used)}" for member, inner in draft.fragments.items())
    return "{" + (" ".join(parts) or "__typename") + "}"


def _lines(draft: Draft, depth: int) -> list[str]:
    margin = "  " * depth
    lines = [margin + "__typename"] if draft.typename or not (draft.fields or draft.fragments) else []
    for field in draft.fields.values():
        opening, closing = _under(field)
        if not field.selected.leaf:
            lines += [f"{margin}{opening} {{", *_lines(field.below, depth + 1), f"{margin}}}{closing}"]
        else:
            lines.append(margin + opening + closing)
    for member, inner in draft.fragments.items():
        lines += [f"{margin}... on {member} {{", *_lines(inner, depth + 1), f"{margin}}}"]
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

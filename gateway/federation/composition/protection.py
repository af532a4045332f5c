"""`@authenticated`, `@requiresScopes` and `@policy` across types: what an interface asks for follows from its
implementations, and whoever requires protected data is protected as well."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .field_sets import FieldSet, Narrowed
from .merge_directives import merge_directives
from .merge_fields import field_sources
from .merging import Merging
from .model import Directive, Element, Field, Kind, TypeDefinition
from .roles import context_selections
from .type_refs import base_name

PROTECTING = frozenset({"authenticated", "requiresScopes", "policy"})
_ARGUMENT = {"requiresScopes": "scopes", "policy": "policies"}


@dataclass(frozen=True, slots=True)
class Need:
    """What one element asks of a caller: each directive's alternatives of sets (`authenticated` is one empty alternative)."""

    element: str
    directives: tuple[Directive, ...]


def protect_interfaces(merging: Merging, types: Mapping[str, TypeDefinition]) -> dict[str, TypeDefinition]:
    """Give interfaces and their fields all that their implementations ask for."""
    protected = dict(types)
    for name, definition in types.items():
        if definition.kind is not Kind.INTERFACE:
            continue
        members = [other for other in types.values() if other.kind is Kind.OBJECT and name in other.interfaces]
        fields = {
            field.name: replace(field, directives=field.directives + _joint(merging, _same(members, field)))
            for field in definition.fields.values()
        }
        protected[name] = replace(definition, directives=definition.directives + _joint(merging, members), fields=fields)
    return protected


def _same(members: list[TypeDefinition], field: Field) -> list[Field]:
    return [member.fields[field.name] for member in members if field.name in member.fields]


def _joint(merging: Merging, members: Sequence[Element]) -> tuple[Directive, ...]:
    sources = [(merging.subgraphs[0], _only_protection(member)) for member in members]
    return merge_directives(merging, sources)


def _only_protection(element: Element) -> Element:
    kept = tuple(applied for applied in element.directives if applied.federation and applied.name in PROTECTING)
    return Element(name=element.name, directives=kept)


def check_protection(merging: Merging, types: Mapping[str, TypeDefinition]) -> None:
    """Findings for fields that require (or take from a context) what their own protection does not cover."""
    for definition in types.values():
        if definition.kind is not Kind.OBJECT:
            continue
        for field in definition.fields.values():
            own = (*_protection(definition), *_protection(field))
            for source in field_sources(merging, definition.name, field.name):
                needs = [
                    need
                    for applied in source.field.all("requires")
                    for need in _needs(types, definition.name, merging.field_set(applied.text("fields")))
                ]
                for _, context, selection in context_selections(source.field):
                    for setter in source.subgraph.types.values():
                        if any(mark.text("name") == context for mark in setter.all("context")):
                            needs.extend(_needs(types, setter.name, merging.field_set(selection)))
                missing = [need.element for need in needs if not all(_covers(own, asked) for asked in need.directives)]
                if missing:
                    merging.findings.add(
                        "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",
                        f'[{source.subgraph.name}] "{definition.name}.{field.name}" uses "{missing[0]}", so it must ask for all'
                        " that is asked there by @authenticated, @requiresScopes or @policy.",
                        f"{definition.name}.{field.name}",
                        [source.subgraph.name],
                    )


def _protection(element: Element | None) -> tuple[Directive, ...]:
    return _only_protection(element).directives if element else ()


def _needs(types: Mapping[str, TypeDefinition], parent: str, field_set: FieldSet) -> Iterator[Need]:
    definition = types.get(parent)
    for part in field_set:
        if isinstance(part, Narrowed):
            if part.type_name:
                yield Need(part.type_name, _protection(types.get(part.type_name)))
            yield from _needs(types, part.type_name or parent, part.selections)
            continue
        field = definition.fields.get(part.name) if definition else None
        if field is None:
            continue
        inner = base_name(field.type)
        yield Need(f"{parent}.{part.name}", (*_protection(field), *_protection(types.get(inner))))
        yield from _needs(types, inner, part.selections)


def _covers(own: tuple[Directive, ...], asked: Directive) -> bool:
    """Whether all who pass `own` pass `asked`."""
    same = [applied for applied in own if applied.name == asked.name]
    if asked.name == "authenticated":
        return bool(same)
    argument = _ARGUMENT[asked.name]
    wanted = _sets(asked.value(argument))
    return any(all(any(want <= have for want in wanted) for have in _sets(applied.value(argument))) for applied in same)


def _sets(value: object) -> list[frozenset[str]]:
    alternatives: list[object] = value if isinstance(value, list) else []
    return [frozenset(str(word) for word in one) for one in alternatives if isinstance(one, list)]

"""`@override`: a field that one subgraph takes over from another, at once or, with a label, by and by."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import Findings
from .model import Field, Kind, Subgraph, TypeDefinition
from .roles import Coordinate, Roles

_LABEL = re.compile(r"[a-zA-Z][a-zA-Z0-9_\-:./]*\Z|percent\((\d{1,2}(\.\d{1,8})?|100)\)\Z")


@dataclass(frozen=True, slots=True)
class Overrides:
    """For each coordinate: the subgraphs that are overridden, with the label (empty where it is complete)."""

    labels: Mapping[Coordinate, Mapping[str, str]]

    def label(self, coordinate: Coordinate, subgraph: str) -> str | None:
        """The label under which this subgraph's field is overridden, None where it is not."""
        return self.labels.get(coordinate, {}).get(subgraph)


def find_overrides(subgraphs: Sequence[Subgraph], roles: Mapping[str, Roles], findings: Findings) -> Overrides:
    """Which fields are taken over; findings tell of overrides that the rules do not allow."""
    by_name = {subgraph.name: subgraph for subgraph in subgraphs}
    labels: dict[Coordinate, dict[str, str]] = {}
    for subgraph in subgraphs:
        for definition, field in subgraph.fields():
            applied = field.first("override")
            if applied is None:
                continue
            source = by_name.get(applied.text("from"))
            if _takes_over(subgraph, definition, field, source, roles, findings) and source is not None:
                coordinate = (definition.name, field.name)
                labels.setdefault(coordinate, {})[source.name] = applied.text("label")
    return Overrides(labels)


def _takes_over(
    subgraph: Subgraph,
    definition: TypeDefinition,
    field: Field,
    source: Subgraph | None,
    roles: Mapping[str, Roles],
    findings: Findings,
) -> bool:
    """Whether the override has an effect; an external field of the source can not be taken over.

    A label still counts there: until it is on, the field is not resolved here either.
    """
    coordinate = f"{definition.name}.{field.name}"
    applied = field.first("override")
    names = [subgraph.name]

    def add(code: str, message: str) -> None:
        findings.add(code, message, coordinate, names)

    if definition.kind is Kind.INTERFACE:
        add("OVERRIDE_ON_INTERFACE", f'@override can not be used on "{coordinate}", a field of an interface.')
        return False
    if applied and applied.value("label") is not None and not _LABEL.match(applied.text("label")):
        add(
            "OVERRIDE_LABEL_INVALID",
            f'"{coordinate}" is overridden under the label "{applied.text("label")}"; a label is a name or percent(number).',
        )
    before = len(findings.errors)
    if applied and applied.text("from") == subgraph.name:
        add("OVERRIDE_FROM_SELF_ERROR", f'"{coordinate}" in subgraph "{subgraph.name}" overrides itself.')
        return False
    if field.has("external"):
        _collision(findings, coordinate, subgraph, subgraph, "@external")
    theirs = source.types.get(definition.name) if source else None
    their_field = theirs.fields.get(field.name) if theirs else None
    if source is None or theirs is None or their_field is None:
        return False
    names.append(source.name)
    if theirs.is_interface_object or definition.is_interface_object:
        add(
            "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
            f'"{coordinate}" can not be overridden: "{definition.name}" is an interface object.',
        )
    if their_field.has("override"):
        add(
            "OVERRIDE_SOURCE_HAS_OVERRIDE",
            f'"{coordinate}" in subgraph "{subgraph.name}" overrides subgraph "{source.name}", where it is marked @override too.',
        )
    for directive in ("requires", "provides"):
        if their_field.has(directive):
            _collision(findings, coordinate, subgraph, source, f"@{directive}")
    is_theirs = (definition.name, field.name) not in roles[source.name].external
    is_labelled = bool(applied and applied.text("label"))
    return (is_theirs or is_labelled) and len(findings.errors) == before


def _collision(findings: Findings, coordinate: str, subgraph: Subgraph, holder: Subgraph, directive: str) -> None:
    findings.add(
        "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
        f'"{coordinate}" in subgraph "{subgraph.name}" can not be overridden: it is {directive} in subgraph "{holder.name}".',
        coordinate,
        sorted({subgraph.name, holder.name}),
    )

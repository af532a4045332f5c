"""What every merge rule works with: the subgraphs, what their fields are, and what is known of all of them together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .constants import constant, quoted
from .custom_directives import CustomDirectives
from .errors import Findings
from .field_sets import FieldSet, parse_field_set
from .model import Directive, Element, InputValue, Subgraph, TypeDefinition
from .overrides import Overrides
from .roles import Roles
from .type_refs import base_name, is_list, is_non_null, item_type, nullable


@dataclass(frozen=True, slots=True)
class Merging:
    """One composition's merge: read-only but for `findings`."""

    subgraphs: Sequence[Subgraph]
    roles: Mapping[str, Roles]
    overrides: Overrides
    custom: CustomDirectives
    subtypes: frozenset[tuple[str, str]]
    findings: Findings

    def sources(self, type_name: str) -> list[tuple[Subgraph, TypeDefinition]]:
        """The subgraphs that define a type, in order, with their definitions."""
        return [(subgraph, subgraph.types[type_name]) for subgraph in self.subgraphs if type_name in subgraph.types]

    def field_set(self, text: str) -> FieldSet:
        """A field set that was found valid before."""
        return parse_field_set(text)

    def is_subtype(self, narrow: str, wide: str) -> bool:
        """Whether a value of the type reference `narrow` is one of `wide`, by any subgraph's interfaces and unions."""
        if narrow == wide:
            return True
        if is_non_null(narrow):
            return self.is_subtype(nullable(narrow), nullable(wide))
        if is_non_null(wide):
            return False
        if is_list(narrow) or is_list(wide):
            return is_list(narrow) and is_list(wide) and self.is_subtype(item_type(narrow), item_type(wide))
        return (narrow, wide) in self.subtypes


def join(name: str, **arguments: str) -> Directive:
    """A directive of the join specification; argument values are GraphQL text."""
    return Directive(f"join__{name}", tuple(arguments.items()))


def find_subtypes(subgraphs: Iterable[Subgraph]) -> frozenset[tuple[str, str]]:
    """Pairs (narrower, wider): members with their unions, implementations with their interfaces."""
    pairs: set[tuple[str, str]] = set()
    for subgraph in subgraphs:
        for definition in subgraph.types.values():
            pairs.update((definition.name, interface) for interface in definition.interfaces)
            pairs.update((member, definition.name) for member in definition.members)
    return frozenset(pairs)


def find_uses(types: Iterable[TypeDefinition]) -> tuple[frozenset[str], frozenset[str]]:
    """Names of types used as input, and as output."""
    inputs: set[str] = set()
    outputs: set[str] = set()
    for definition in types:
        inputs.update(base_name(value.type) for value in definition.inputs.values())
        for field in definition.fields.values():
            outputs.add(base_name(field.type))
            inputs.update(base_name(argument.type) for argument in field.arguments.values())
    return frozenset(inputs), frozenset(outputs)


def merge_description(elements: Sequence[Element]) -> str | None:
    """The description that most subgraphs give, the first of those where several are as frequent."""
    counts: dict[str, int] = {}
    for element in elements:
        if element.description:
            counts[element.description] = counts.get(element.description, 0) + 1
    return max(counts, key=lambda text: counts[text]) if counts else None


def told(values: Sequence[tuple[str, str]]) -> str:
    """`"Int" in subgraph "a" and "String" in subgraphs "b" and "c"`, for pairs of value and subgraph."""
    by_value: dict[str, list[str]] = {}
    for value, subgraph in values:
        by_value.setdefault(value, []).append(subgraph)
    return " and ".join(f"{value} in {named(names)}" for value, names in by_value.items())


def named(subgraphs: Sequence[str]) -> str:
    """`subgraph "a"`, `subgraphs "a", "b" and "c"`."""
    names = [quoted(name) for name in subgraphs]
    if len(names) == 1:
        return f"subgraph {names[0]}"
    return f"subgraphs {', '.join(names[:-1])} and {names[-1]}"


@dataclass(frozen=True, slots=True)
class MergedType:
    """A merged type reference and whether every subgraph wrote just that."""

    reference: str
    same_everywhere: bool


def merge_output_type(merging: Merging, code: str, coordinate: str, written: Sequence[tuple[str, str]]) -> MergedType | None:
    """The widest of the types written (pairs of type and subgraph), None with an error where none holds all others."""
    for wide, _ in written:
        if all(merging.is_subtype(reference, wide) for reference, _ in written):
            return MergedType(wide, all(reference == wide for reference, _ in written))
    return _mismatch(merging, code, coordinate, written)


def merge_input_type(merging: Merging, code: str, coordinate: str, written: Sequence[tuple[str, str]]) -> MergedType | None:
    """The narrowest of the types written, so that what a client may give fits all of them."""
    for narrow, _ in written:
        if all(merging.is_subtype(narrow, reference) for reference, _ in written):
            return MergedType(narrow, all(reference == narrow for reference, _ in written))
    return _mismatch(merging, code, coordinate, written)


def _mismatch(merging: Merging, code: str, coordinate: str, written: Sequence[tuple[str, str]]) -> None:
    quoted_types = [(f'"{reference}"', subgraph) for reference, subgraph in written]
    merging.findings.add(
        code,
        f'The type of "{coordinate}" differs between subgraphs: it is {told(quoted_types)}.',
        coordinate,
        [subgraph for _, subgraph in written],
    )


def merge_default(merging: Merging, code: str, coordinate: str, sources: Sequence[tuple[str, InputValue]]) -> str | None:
    """The default value, if all subgraphs have it. Two that differ are an error; one that is missing somewhere is dropped."""
    given = [(value.default, subgraph) for subgraph, value in sources if value.default is not None]
    if not given:
        return None
    first = given[0][0]
    if any(constant(text) != constant(first) for text, _ in given):
        merging.findings.add(
            code,
            f'The default value of "{coordinate}" differs between subgraphs: it is {told(given)}.',
            coordinate,
            [subgraph for _, subgraph in given],
        )
        return None
    return first if len(given) == len(sources) else None

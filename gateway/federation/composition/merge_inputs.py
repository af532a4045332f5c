"""Merging arguments and input objects: what a client may give is what every subgraph understands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .constants import quoted
from .merge_directives import merge_directives
from .merging import (
    MergedType,
    Merging,
    join,
    merge_default,
    merge_description,
    merge_input_type,
    named,
)
from .model import Directive, Element, InputValue, Kind, Subgraph, TypeDefinition


@dataclass(frozen=True, slots=True)
class _Codes:
    """The errors' codes differ between arguments and input fields, the rules do not."""

    missing: str
    type: str
    default: str


_ARGUMENT = _Codes(
    "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH", "FIELD_ARGUMENT_TYPE_MISMATCH", "FIELD_ARGUMENT_DEFAULT_MISMATCH"
)
_INPUT_FIELD = _Codes("REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH", "FIELD_TYPE_MISMATCH", "INPUT_FIELD_DEFAULT_MISMATCH")


def merge_arguments(
    merging: Merging, owner: str, holders: Sequence[tuple[Subgraph, Mapping[str, InputValue]]]
) -> dict[str, InputValue]:
    """The arguments that all of a field's (or directive's) holders have. `owner` is its coordinate."""
    merged: dict[str, InputValue] = {}
    for name in dict.fromkeys(name for _, arguments in holders for name in arguments):
        sources = [(subgraph, arguments[name]) for subgraph, arguments in holders if name in arguments]
        if any(value.has("fromContext") for _, value in sources):
            _check_contextual(merging, f"{owner}({name}:)", [subgraph for subgraph, _ in holders], sources)
            continue
        value = _merge_value(merging, _ARGUMENT, f"{owner}({name}:)", [holder for holder, _ in holders], sources)
        if value is not None:
            merged[name] = value
    return merged


def _check_contextual(
    merging: Merging, coordinate: str, holders: Sequence[Subgraph], sources: Sequence[tuple[Subgraph, InputValue]]
) -> None:
    """An argument filled from a context is hidden from clients, so the other subgraphs must do without it."""
    plain = [subgraph.name for subgraph, value in sources if not value.has("fromContext") and value.is_required]
    if plain:
        merging.findings.add(
            "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS",
            f'"{coordinate}" is filled from a context in some subgraphs but required from clients in {named(plain)}.',
            coordinate,
            [subgraph.name for subgraph in holders],
        )


def _merge_value(
    merging: Merging,
    codes: _Codes,
    coordinate: str,
    holders: Sequence[Subgraph],
    sources: Sequence[tuple[Subgraph, InputValue]],
) -> InputValue | None:
    """The merged value, None where some holder lacks it: clients can not give what not all understand.

    A hidden input field is no client's business and stays for those who have it.
    """
    is_argument = codes is _ARGUMENT
    having = {subgraph.name for subgraph, _ in sources}
    lacking = [subgraph.name for subgraph in holders if subgraph.name not in having]
    is_kept = not lacking or (not is_argument and any(value.has("inaccessible") for _, value in sources))
    if not is_kept:
        demanding = [subgraph.name for subgraph, value in sources if value.is_required]
        if demanding:
            merging.findings.add(
                codes.missing,
                f'"{coordinate}" is required in {named(demanding)} but {named(lacking)} does not have it.',
                coordinate,
                [*demanding, *lacking],
            )
        if is_argument:
            return None
    written = [(value.type, subgraph.name) for subgraph, value in sources]
    type_ = merge_input_type(merging, codes.type, coordinate, written)
    default = merge_default(merging, codes.default, coordinate, [(subgraph.name, value) for subgraph, value in sources])
    if type_ is None or not is_kept:
        return None
    return InputValue(
        name=sources[0][1].name,
        description=merge_description([value for _, value in sources]),
        directives=(
            *(() if is_argument else _joins(type_, sources, is_everywhere=not lacking)),
            *merge_directives(merging, sources),
        ),
        type=type_.reference,
        default=default,
    )


def _joins(type_: MergedType, sources: Sequence[tuple[Subgraph, InputValue]], *, is_everywhere: bool) -> list[Directive]:
    """Which subgraphs have an input field, and as what, where that is not all of them alike."""
    if not type_.same_everywhere:
        return [join("field", graph=subgraph.graph, type=quoted(value.type)) for subgraph, value in sources]
    return [] if is_everywhere else [join("field", graph=subgraph.graph) for subgraph, _ in sources]


def merge_input_object(merging: Merging, name: str) -> TypeDefinition:
    """An input object with the fields that all subgraphs know."""
    sources = merging.sources(name)
    holders = [subgraph for subgraph, _ in sources]
    inputs: dict[str, InputValue] = {}
    is_any_shared = False
    for field in dict.fromkeys(field for _, definition in sources for field in definition.inputs):
        having = [(subgraph, source.inputs[field]) for subgraph, source in sources if field in source.inputs]
        is_any_shared |= len(having) == len(holders) or any(value.has("inaccessible") for _, value in having)
        value = _merge_value(merging, _INPUT_FIELD, f"{name}.{field}", holders, having)
        if value is not None:
            inputs[field] = value
    if not is_any_shared:
        names = [holder.name for holder in holders]
        message = f'No field of the input object "{name}" is in all of {named(names)}.'
        merging.findings.add("EMPTY_MERGED_INPUT_TYPE", message, name, names)
    elements: list[tuple[Subgraph, Element]] = list(sources)
    return TypeDefinition(
        name=name,
        kind=Kind.INPUT,
        description=merge_description([element for _, element in elements]),
        directives=(
            *(join("type", graph=subgraph.graph) for subgraph in holders),
            *merge_directives(merging, elements),
        ),
        inputs=inputs,
    )

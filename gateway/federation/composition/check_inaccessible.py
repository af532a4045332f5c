"""The rules of `@inaccessible`: what is hidden must leave an API schema that stands without it."""

from collections.abc import Iterator, Mapping

from graphql import EnumValueNode, ListValueNode, ObjectValueNode, ValueNode, parse_const_value

from .errors import Findings
from .model import Element, Field, InputValue, Supergraph, TypeDefinition
from .type_refs import base_name, is_list, item_type, nullable

Types = Mapping[str, TypeDefinition]


def check_inaccessible(supergraph: Supergraph, findings: Findings) -> None:
    """Findings for visible elements that depend on hidden ones."""
    types = supergraph.types
    if "Query" in types and _is_hidden(types["Query"]):
        findings.add("QUERY_ROOT_TYPE_INACCESSIBLE", "The query root is @inaccessible, but every API has one.", "Query")
    for definition in types.values():
        if _is_hidden(definition):
            continue
        _check_children(types, definition, findings)
        for interface in definition.interfaces:
            if not _is_hidden(types[interface]):
                _check_implementation(types[interface], definition, findings)
        for field in definition.fields.values():
            if not _is_hidden(field):
                _check_reference(types, f"{definition.name}.{field.name}", field.type, findings)
        for coordinate, value in _input_values(definition):
            _check_input_value(types, coordinate, value, findings)


def _is_hidden(element: Element) -> bool:
    return element.has("inaccessible")


def _input_values(definition: TypeDefinition) -> Iterator[tuple[str, InputValue]]:
    """Input fields and the arguments of visible fields, with their coordinates."""
    for value in definition.inputs.values():
        yield f"{definition.name}.{value.name}", value
    for field in definition.fields.values():
        if not _is_hidden(field):
            for argument in field.arguments.values():
                yield f"{definition.name}.{field.name}({argument.name}:)", argument


def _check_children(types: Types, definition: TypeDefinition, findings: Findings) -> None:
    children: tuple[Element, ...] = (
        *definition.fields.values(),
        *definition.inputs.values(),
        *definition.values.values(),
        *(types[name] for name in definition.members),
    )
    if children and all(_is_hidden(child) for child in children):
        findings.add(
            "ONLY_INACCESSIBLE_CHILDREN",
            f'"{definition.name}" is visible, but all that is in it is @inaccessible.',
            definition.name,
        )


def _check_reference(types: Types, coordinate: str, reference: str, findings: Findings) -> None:
    target = types.get(base_name(reference))
    if target is not None and _is_hidden(target):
        findings.add(
            "REFERENCED_INACCESSIBLE",
            f'"{target.name}" is @inaccessible, but "{coordinate}", which is visible, is of that type.',
            target.name,
        )


def _check_input_value(types: Types, coordinate: str, value: InputValue, findings: Findings) -> None:
    if _is_hidden(value):
        if value.is_required:
            findings.add(
                "REQUIRED_INACCESSIBLE",
                f'"{coordinate}" is @inaccessible, but no request is complete without it.',
                coordinate,
            )
        return
    _check_reference(types, coordinate, value.type, findings)
    if value.default is not None:
        for hidden in _hidden_in(types, value.type, parse_const_value(value.default)):
            findings.add(
                "DEFAULT_VALUE_USES_INACCESSIBLE",
                f'"{hidden}" is @inaccessible, but the default value of "{coordinate}", which is visible, uses it.',
                hidden,
            )


def _hidden_in(types: Types, reference: str, value: ValueNode) -> Iterator[str]:
    """Coordinates of hidden enum values and input fields that a constant of this type uses."""
    reference = nullable(reference)
    if is_list(reference):
        items = value.values if isinstance(value, ListValueNode) else (value,)
        for item in items:
            yield from _hidden_in(types, item_type(reference), item)
        return
    definition = types.get(reference)
    if definition is None:
        return
    if isinstance(value, EnumValueNode):
        element = definition.values.get(value.value)
        if element and _is_hidden(element):
            yield f"{reference}.{element.name}"
    if isinstance(value, ObjectValueNode):
        for entry in value.fields:
            field = definition.inputs.get(entry.name.value)
            if field and _is_hidden(field):
                yield f"{reference}.{field.name}"
            elif field:
                yield from _hidden_in(types, field.type, entry.value)


def _check_implementation(interface: TypeDefinition, definition: TypeDefinition, findings: Findings) -> None:
    """What a visible interface shows, its visible implementations show too."""
    for theirs in interface.fields.values():
        own = definition.fields.get(theirs.name)
        if own is None or _is_hidden(theirs):
            continue
        if _is_hidden(own):
            findings.add(
                "IMPLEMENTED_BY_INACCESSIBLE",
                f'"{definition.name}.{own.name}" is @inaccessible, but the visible "{interface.name}.{own.name}" needs it.',
                f"{definition.name}.{own.name}",
            )
            continue
        _check_arguments(interface, theirs, definition, own, findings)


def _check_arguments(
    interface: TypeDefinition, theirs: Field, definition: TypeDefinition, own: Field, findings: Findings
) -> None:
    for argument in theirs.arguments.values():
        implemented = own.arguments.get(argument.name)
        if implemented is None:
            continue
        asked = f"{interface.name}.{theirs.name}({argument.name}:)"
        given = f"{definition.name}.{own.name}({argument.name}:)"
        if _is_hidden(implemented) and not _is_hidden(argument):
            findings.add(
                "IMPLEMENTED_BY_INACCESSIBLE",
                f'"{given}" is @inaccessible, but "{asked}", which is visible, needs it.',
                given,
            )
        if _is_hidden(argument) and not _is_hidden(implemented) and implemented.is_required:
            findings.add(
                "REQUIRED_INACCESSIBLE",
                f'"{asked}" is @inaccessible, but "{given}", which is visible, is required.',
                asked,
            )

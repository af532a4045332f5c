"""The rules of directives that stand alone in one subgraph: where `@external`, `@shareable`, `@interfaceObject`, … make sense."""

from collections.abc import Callable

from .errors import Findings
from .model import Field, Kind, Subgraph, TypeDefinition
from .roles import find_roles
from .type_refs import base_name, is_list, nullable

Add = Callable[[str, str, str], None]

# Directives that go to the supergraph's element: on an external field they would speak for a field of someone else.
_MERGED = ("tag", "inaccessible", "authenticated", "requiresScopes", "policy", "cost", "listSize")
_PROTECTING = ("authenticated", "requiresScopes", "policy")


def check_usage(subgraph: Subgraph, findings: Findings) -> None:
    """Findings for directives that one subgraph uses where they have no meaning."""
    add = findings.within(subgraph.name)
    _check_externals(subgraph, add)
    for definition in subgraph.types.values():
        _check_shareable(definition, add)
        _check_protection(definition, add)
        _check_interface_keys(subgraph, definition, add)
        if definition.is_interface_object:
            _check_interface_object(definition, add)
        for field in definition.fields.values():
            _check_costs(subgraph, definition, field, add)


def _check_externals(subgraph: Subgraph, add: Add) -> None:
    roles = find_roles(subgraph)
    for definition, field in subgraph.fields():
        if not field.has("external"):
            continue
        coordinate = f"{definition.name}.{field.name}"
        if definition.kind is Kind.INTERFACE:
            add(
                "EXTERNAL_ON_INTERFACE",
                f'"{coordinate}" is a field of an interface and can not be @external.',
                coordinate,
            )
        if (definition.name, field.name) not in roles.used:
            add(
                "EXTERNAL_UNUSED",
                f'"{coordinate}" is marked @external, but no key, @requires, @provides or interface uses it.',
                coordinate,
            )
        for name in _MERGED:
            if field.has(name):
                add(
                    "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
                    f'"{coordinate}" is @external and can not have @{name}, which belongs where the field is resolved.',
                    coordinate,
                )


def _check_shareable(definition: TypeDefinition, add: Add) -> None:
    for field in definition.fields.values():
        coordinate = f"{definition.name}.{field.name}"
        if definition.kind is Kind.INTERFACE and field.has("shareable"):
            add(
                "INVALID_SHAREABLE_USAGE",
                f'"{coordinate}" is a field of an interface; only fields of objects are @shareable.',
                coordinate,
            )
        if len(field.all("shareable")) > 1:
            add("INVALID_SHAREABLE_USAGE", f'"{coordinate}" is marked @shareable more than once.', coordinate)
        if definition.name == "Subscription" and field.has("shareable"):
            add("INVALID_FIELD_SHARING", f'"{coordinate}" is a subscription and can not be @shareable.', coordinate)


def _check_protection(definition: TypeDefinition, add: Add) -> None:
    """Who may see an interface follows from its implementations, so nothing is said on the interface."""
    if definition.kind is not Kind.INTERFACE and not definition.is_interface_object:
        return
    coordinates = {definition.name: definition} if any(definition.has(name) for name in _PROTECTING) else {}
    fields = {
        f"{definition.name}.{field.name}": field
        for field in definition.fields.values()
        if any(field.has(name) for name in _PROTECTING)
    }
    for coordinate in (*coordinates, *fields):
        add(
            "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE",
            f'"{coordinate}" can not have @authenticated, @requiresScopes or @policy: put them on the implementations.',
            coordinate,
        )


def _normal(fields: str) -> str:
    return " ".join(fields.replace(",", " ").replace("{", " { ").replace("}", " } ").split())


def _check_interface_keys(subgraph: Subgraph, definition: TypeDefinition, add: Add) -> None:
    """Whoever can enter an interface by a key can enter each implementation by it."""
    if definition.kind is not Kind.INTERFACE or subgraph.version < (2, 3):
        return
    for key in definition.all("key"):
        for name in subgraph.possible_types(definition.name):
            same = [
                other for other in subgraph.types[name].all("key") if _normal(other.text("fields")) == _normal(key.text("fields"))
            ]
            resolvable = any(other.value("resolvable") is not False for other in same)
            if not same or (key.value("resolvable") is not False and not resolvable):
                add(
                    "INTERFACE_KEY_NOT_ON_IMPLEMENTATION",
                    f'"{definition.name}" has {key}, which its implementation "{name}" '
                    + ("lacks." if not same else "has with resolvable: false."),
                    name,
                )


def _check_interface_object(definition: TypeDefinition, add: Add) -> None:
    if not definition.has("key"):
        add(
            "INTERFACE_OBJECT_USAGE_ERROR",
            f'"{definition.name}" is an @interfaceObject and needs a @key to be entered by.',
            definition.name,
        )


def _check_costs(subgraph: Subgraph, definition: TypeDefinition, field: Field, add: Add) -> None:
    coordinate = f"{definition.name}.{field.name}"
    if definition.kind is Kind.INTERFACE and field.has("cost"):
        add(
            "COST_APPLIED_TO_INTERFACE_FIELD",
            f'"{coordinate}" is a field of an interface; @cost belongs to the implementations.',
            coordinate,
        )
    for applied in field.all("listSize"):
        sized = applied.value("sizedFields")
        sized_fields: list[object] = sized if isinstance(sized, list) else []
        if not sized_fields and not is_list(field.type):
            add("LIST_SIZE_APPLIED_TO_NON_LIST", f'"{coordinate}" has {applied} but is no list.', coordinate)
        size = applied.value("assumedSize")
        if isinstance(size, int) and size < 0:
            add("LIST_SIZE_INVALID_ASSUMED_SIZE", f'"{coordinate}" has {applied}: a size is not negative.', coordinate)
        slicing = applied.value("slicingArguments")
        for name in slicing if isinstance(slicing, list) else []:
            argument = field.arguments.get(str(name))
            if argument is None or nullable(argument.type) != "Int":
                add(
                    "LIST_SIZE_INVALID_SLICING_ARGUMENT",
                    f'"{coordinate}" has {applied}, but "{name}" is no argument of type Int.',
                    coordinate,
                )
        for name in sized_fields:
            owner = subgraph.types.get(base_name(field.type))
            held = owner.fields.get(str(name)) if owner else None
            if held is None:
                add(
                    "LIST_SIZE_INVALID_SIZED_FIELD",
                    f'"{coordinate}" has {applied}, but "{base_name(field.type)}" has no field "{name}".',
                    coordinate,
                )
            elif not is_list(held.type):
                add(
                    "LIST_SIZE_APPLIED_TO_NON_LIST",
                    f'"{coordinate}" has {applied}, but "{base_name(field.type)}.{name}" is no list.',
                    coordinate,
                )

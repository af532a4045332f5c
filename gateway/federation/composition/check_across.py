"""What subgraphs as they are written must agree on before anything is merged."""

from collections.abc import Sequence

from .errors import Findings
from .merging import named
from .model import Kind, Subgraph

_ROOTS = frozenset({"Query", "Mutation", "Subscription"})


def check_across(subgraphs: Sequence[Subgraph], findings: Findings) -> None:
    """Findings for extensions of nothing, and for interface objects whose interface federation 1 can not serve."""
    for name in dict.fromkeys(name for subgraph in subgraphs for name in subgraph.types):
        holders = [subgraph for subgraph in subgraphs if name in subgraph.types]
        if name not in _ROOTS and all(holder.types[name].extension for holder in holders):
            names = [holder.name for holder in holders]
            message = f'"{name}" is extended in {named(names)}, but defined nowhere.'
            findings.add("EXTENSION_WITH_NO_BASE", message, name, names)
        _check_interface_object(name, holders, findings)


def _check_interface_object(name: str, holders: Sequence[Subgraph], findings: Findings) -> None:
    """An interface object needs a subgraph that tells the real type by the interface's key; federation 1 has no such keys."""
    old = [
        holder.name
        for holder in holders
        if holder.is_federation_1 and holder.types[name].kind is Kind.INTERFACE and holder.types[name].has("key")
    ]
    objects = [holder.name for holder in holders if holder.types[name].is_interface_object]
    if old and objects:
        findings.add(
            "INTERFACE_OBJECT_USAGE_ERROR",
            f'"{name}" is an @interfaceObject in {named(objects)}, but the key that {named(old)} gives the interface is of'
            " federation 1, which can not be entered.",
            name,
            [*objects, *old],
        )

"""Telling a person which query fails, and why in each subgraph."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..field_sets import print_field_set
from ..merging import Merging, named
from .nodes import Node
from .reach import Contexts, Reachability, requirements


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a query: a field, or (with `is_fragment`) a type condition."""

    name: str
    is_fragment: bool = False
    has_required_arguments: bool = False

    def __str__(self) -> str:
        if self.is_fragment:
            return f"... on {self.name}"
        return f"{self.name}(...)" if self.has_required_arguments else self.name


def print_query(operation: str, path: Sequence[Step], is_leaf: bool) -> str:
    """The shortest query found that goes this way, as a document a person can read."""
    lines = [operation if operation != "query" else ""]
    opened = ""
    body: list[str] = []
    for depth, step in enumerate(path):
        last = depth == len(path) - 1
        body.append("  " * (depth + 1) + str(step) + ("" if last and is_leaf else " {"))
        if last and not is_leaf:
            body.append("  " * (depth + 2) + "...")
    closings = ["  " * depth + "}" for depth in range(len(path) - (1 if is_leaf else 0), -1, -1)]
    opened = (lines[0] + " {").strip()
    return "\n".join([opened, *body, *closings])


def explain_field(
    merging: Merging,
    reachability: Reachability,
    entries: Iterable[Node],
    type_name: str,
    field: str,
    contexts: Contexts,
) -> str:
    """For each subgraph where the path arrives, why it neither has the field nor leads to one that has."""
    lines: list[str] = []
    for node in sorted(frozenset(entries), key=lambda node: (node.subgraph, node.type, print_field_set(node.provided))):
        lines.append(f'- from subgraph "{node.subgraph}":')
        lines.append(f"  - {_why_not_here(reachability, node, type_name, field, contexts)}.")
        reached = reachability.reach(node)
        lines.extend(f"  - {reason}." for reason in _why_not_there(merging, reachability, node, reached, type_name, field))
    return "\n".join(dict.fromkeys(lines))


def _why_not_here(reachability: Reachability, node: Node, type_name: str, name: str, contexts: Contexts) -> str:
    view = reachability.view
    field = view.definition(node).fields.get(name)
    coordinate = f'"{type_name}.{name}"'
    if field is None:
        return f"it does not have the field {coordinate}"
    if view.is_overridden(node, name):
        return f"its field {coordinate} is overridden by another subgraph"
    if view.is_external(node, name) and view.provided_below(node, name) is None:
        return f"its field {coordinate} is marked @external, and nothing on the way provides it"
    if field.has("requires") and reachability.follow(node, name, contexts) is None:
        return f'the fields "{" ".join(requirements(field))}" that {coordinate} requires can not be reached'
    return f"the context that {coordinate} needs is not set on the way"


def _why_not_there(
    merging: Merging, reachability: Reachability, node: Node, reached: frozenset[Node], type_name: str, name: str
) -> Iterable[str]:
    edges = reachability.key_edges(node.type)
    for subgraph in merging.subgraphs:
        definition = subgraph.types.get(type_name)
        if subgraph.name == node.subgraph or definition is None or name not in definition.fields:
            continue
        there = sorted(
            (target for target in reached if target.subgraph == subgraph.name), key=lambda target: target.type != type_name
        )
        if there:
            reason = _why_not_here(reachability, there[0], type_name, name, frozenset())
            yield f'subgraph "{subgraph.name}" can be reached, but {reason}'
            continue
        keys = [edge for edge in edges if edge.subgraph == subgraph.name and edge.is_resolvable]
        has = f'subgraph "{subgraph.name}", which has the field, can not be reached:'
        if not definition.has("key"):
            yield f'{has} "{type_name}" has no @key there'
        elif not keys:
            yield f'{has} no @key of "{type_name}" is resolvable there'
        for edge in keys:
            yield f"{has} the fields of {edge.key} can not be resolved from {named([node.subgraph])}"

"""A fetch graph's steps in Sequence and Parallel."""

from collections.abc import Callable, Sequence as Items

from .fetch_graph import Step
from .plan import Node, Parallel, Sequence


def arrange(steps: Items[Step], make: Callable[[Step], Node]) -> Node | None:
    """Each step after those it needs, those that don't meet beside each other; None without steps."""
    parts = _separate(steps)
    if not parts:
        return None
    nodes = [_arrange_connected(part, make) for part in parts]
    return nodes[0] if len(nodes) == 1 else Parallel(tuple(_flat(nodes, Parallel)))


def _arrange_connected(steps: Items[Step], make: Callable[[Step], Node]) -> Node:
    inside = set(steps)
    first = [step for step in steps if not step.needs & inside]
    made = [make(step) for step in first]
    rest = arrange([step for step in steps if step.needs & inside], make)
    head = made[0] if len(made) == 1 else Parallel(tuple(made))
    return head if rest is None else Sequence(tuple(_flat([head, rest], Sequence)))


def _flat(nodes: Items[Node], kind: type[Sequence] | type[Parallel]) -> list[Node]:
    flat: list[Node] = []
    for node in nodes:
        flat += node.nodes if isinstance(node, kind) else (node,)
    return flat


def _separate(steps: Items[Step]) -> list[list[Step]]:
    """The steps in groups that have nothing to do with each other, in their first order."""
    group_of: dict[Step, list[Step]] = {}
    for step in steps:
        group = [step]
        for needed in step.needs:
            other = group_of.get(needed)
            if other is not None and other is not group:
                for each in other:
                    group_of[each] = group
                group += other
        group_of.update(dict.fromkeys(group, group))
    order = {step: number for number, step in enumerate(steps)}
    groups = {id(group): group for group in group_of.values()}.values()
    return sorted((sorted(group, key=order.__getitem__) for group in groups), key=lambda group: order[group[0]])

"""A fetch graph's batchs in Sequence and Parallel."""

from collections.abc import Callable
from collections.abc import Sequence as Items

from .batch import Batch
from .plan import Node, Parallel, Sequence


def arrange(batchs: Items[Batch], make: Callable[[Batch], Node]) -> Node | None:
    """Each batch after those it needs, those that don't meet beside each other; None without batchs."""
    parts = _separate(batchs)
    if not parts:
        return None
    nodes = [_arrange_connected(part, make) for part in parts]
    return nodes[0] if len(nodes) == 1 else Parallel(tuple(_flat(nodes, Parallel)))


def _arrange_connected(batchs: Items[Batch], make: Callable[[Batch], Node]) -> Node:
    inside = set(batchs)
    first = [batch for batch in batchs if not batch.needs & inside]
    made = [make(batch) for batch in first]
    rest = arrange([batch for batch in batchs if batch.needs & inside], make)
    head = made[0] if len(made) == 1 else Parallel(tuple(made))
    return head if rest is None else Sequence(tuple(_flat([head, rest], Sequence)))


def _flat(nodes: Items[Node], kind: type[Sequence] | type[Parallel]) -> list[Node]:
    flat: list[Node] = []
    for node in nodes:
        flat += node.nodes if isinstance(node, kind) else (node,)
    return flat


def _separate(batches: Items[Batch]) -> list[list[Batch]]:
    """The batches in groups that have nothing to do with each other, in their first order."""
    group_of = {batch: [batch] for batch in batches}
    for batch in batches:
        for needed in batch.needs:
            own, other = group_of[batch], group_of.get(needed)
            if other is not None and other is not own:
                own += other
                group_of.update(dict.fromkeys(other, own))
    order = {batch: number for number, batch in enumerate(batches)}
    groups = {id(group): group for group in group_of.values()}.values()
    return sorted((sorted(group, key=order.__getitem__) for group in groups), key=lambda group: order[group[0]])

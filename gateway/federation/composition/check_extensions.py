"""Every type that subgraphs extend is defined in one of them."""

from collections.abc import Sequence

from .errors import Findings
from .merging import named
from .model import Subgraph

_ROOTS = frozenset({"Query", "Mutation", "Subscription"})


def check_extensions(subgraphs: Sequence[Subgraph], findings: Findings) -> None:
    """Findings `EXTENSION_WITH_NO_BASE`."""
    for name in dict.fromkeys(name for subgraph in subgraphs for name in subgraph.types):
        holders = [subgraph for subgraph in subgraphs if name in subgraph.types]
        if name not in _ROOTS and all(holder.types[name].extension for holder in holders):
            names = [holder.name for holder in holders]
            message = f'"{name}" is extended in {named(names)}, but defined nowhere.'
            findings.add("EXTENSION_WITH_NO_BASE", message, name, names)

"""Composition: subgraph schemas to one supergraph schema, or the rules that they break.

    read each subgraph -> check it alone -> merge -> check the whole -> prove that every field can be reached -> print

Each stage tells all that it finds; the next one runs only if there was nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .check_across import check_across
from .check_contexts import check_contexts
from .check_field_sets import check_field_sets
from .check_inaccessible import check_inaccessible
from .check_supergraph import check_interfaces, check_printed, check_shared_types, check_supergraph
from .check_usage import check_usage
from .errors import CompositionError, CompositionFailed, Findings
from .merge import begin, merge
from .model import Subgraph
from .name_graphs import name_graphs
from .print_supergraph import print_supergraph
from .protection import check_protection
from .read_subgraph import read_subgraph
from .satisfiability import prove_satisfiability
from .upgrade_federation_1 import upgrade_federation_1

__all__ = ["CompositionError", "CompositionFailed", "SubgraphSdl", "compose"]


@dataclass(frozen=True, slots=True)
class SubgraphSdl:
    """A subgraph as it is handed in: its name, the URL that the supergraph shall give for it, and its SDL."""

    name: str
    url: str
    sdl: str


def compose(subgraphs: Iterable[SubgraphSdl]) -> str:
    """Compose subgraphs to supergraph SDL (join v0.5, link v1.0).

    The bytes depend on the subgraphs alone, not on their order. Raises CompositionFailed with every broken rule found.
    """
    written = _read(sorted(subgraphs, key=lambda subgraph: subgraph.name))
    findings = Findings()
    read = upgrade_federation_1(written)
    for subgraph in read:
        check_field_sets(subgraph, findings)
        check_usage(subgraph, findings)
        check_contexts(subgraph, findings)
    findings.stop_if_any()
    check_across(written, findings)
    merging = begin(read, findings)
    supergraph = merge(merging)
    check_interfaces(merging, supergraph)
    findings.stop_if_any()
    check_supergraph(merging, supergraph)
    findings.stop_if_any()
    sdl = print_supergraph(supergraph, read)
    check_printed(merging, supergraph, sdl)
    findings.stop_if_any()
    check_inaccessible(supergraph, findings)
    check_protection(merging, supergraph.types)
    findings.stop_if_any()
    check_shared_types(merging, supergraph)
    prove_satisfiability(merging, supergraph)
    findings.stop_if_any()
    return sdl


def _read(sources: list[SubgraphSdl]) -> list[Subgraph]:
    findings = Findings()
    graphs = name_graphs(source.name for source in sources)
    for source in sources:
        if source.name in ("", "_") or sum(other.name == source.name for other in sources) > 1:
            findings.add(
                "INVALID_SUBGRAPH_NAME",
                f'"{source.name}" can not name a subgraph: names are unique, not empty and not "_".',
                subgraphs=(source.name,),
            )
    if not sources:
        findings.add("NO_QUERIES", "There are no subgraphs to compose.")
    findings.stop_if_any()
    read = [read_subgraph(source.name, source.url, graphs[source.name], source.sdl, findings) for source in sources]
    findings.stop_if_any()
    return [subgraph for subgraph in read if subgraph is not None]

"""Supergraphs of the npm composers load here and are planned as ours of the same subgraphs are, and ours load in a gateway."""

from functools import cache

import pytest
from graphql import lexicographic_sort_schema, print_schema

from gateway.federation.composition import compose
from gateway.federation.engine import Engine
from gateway.federation.supergraph import load_supergraph
from tests.federation.doubles import Recorder
from tests.federation.everything import operations

from .differences import NOT_SERVED, PLANS
from .graphs import MURMUR, SMALL, VILLAGE, Graph
from .peers import PEERS, Peer, PeerFailed, Peers, Verdict

GRAPHS = [pytest.param(graph, id=graph.name) for graph in (MURMUR, VILLAGE, *SMALL)]
SILENT = Recorder("type Query { nothing: Int }")


@cache
def own(graph: Graph) -> str:
    return compose(graph.subgraphs)


@cache
def documents(graph: Graph) -> list[str]:
    return list(operations(load_supergraph(own(graph)).api_schema, depth=3))


def plans(sdl: str, documents: list[str]) -> list[str]:
    supergraph = load_supergraph(sdl)
    engine = Engine(supergraph, dict.fromkeys(supergraph.subgraphs, SILENT), max_tokens=100_000, planning_budget=10_000_000)
    return [str(engine.prepare(document).plan) for document in documents]


@cache
def own_plans(graph: Graph) -> list[str]:
    return plans(own(graph), documents(graph))


def shown(sdl: str) -> str:
    return print_schema(lexicographic_sort_schema(load_supergraph(sdl).api_schema))


@pytest.fixture
def verdict(graph: Graph, peer: Peer, peers: Peers) -> Verdict:
    return peers.compose(peer, graph.subgraphs)


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("graph", GRAPHS)
def test_everything_is_planned_alike_on_a_peers_supergraph(graph: Graph, peer: Peer, verdict: Verdict) -> None:
    assert verdict.sdl, verdict.errors
    agrees = plans(verdict.sdl, documents(graph)) == own_plans(graph)

    assert agrees != ((graph.name, peer) in PLANS)


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("graph", GRAPHS)
def test_clients_see_the_same_schema_on_a_peers_supergraph(graph: Graph, verdict: Verdict) -> None:
    assert verdict.sdl, verdict.errors
    assert shown(verdict.sdl) == shown(own(graph))


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_supergraph_of_ours_loads_in_the_gateway(graph: Graph, peers: Peers) -> None:
    if unsupported := NOT_SERVED.get(graph.name):
        with pytest.raises(PeerFailed, match=unsupported):
            peers.open(graph.name, own(graph), {})
    else:
        peers.open(graph.name, own(graph), {})

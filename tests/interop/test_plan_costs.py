"""Our plans of random operations are never deeper than those of @apollo/gateway, nor of more fetches where they are as deep.

`INTEROP_OPERATIONS=5000 pytest tests/interop/test_plan_costs.py` plans more, and others each time.
"""

import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from gateway.federation.composition import compose
from gateway.federation.engine import Engine
from gateway.federation.planner.plan import Condition, Fetch, Node, Parallel, Sequence, Subscription
from gateway.federation.supergraph import load_supergraph
from tests.federation.doubles import Recorder
from tests.federation.random_operations import Request, requests

from .differences import NOT_SERVED
from .graphs import MURMUR, SMALL, VILLAGE, Graph
from .peers import PeerFailed, Peers
from .test_answers import SDL, SUBGRAPHS, answer, answer_of_gateway, with_plain_aliases

OPERATIONS = int(os.environ.get("INTEROP_OPERATIONS", "0"))
SERVED = [graph for graph in (VILLAGE, MURMUR, *SMALL) if graph.name not in NOT_SERVED]
SILENT = Recorder("type Query { nothing: Int }")

Cost = tuple[int, int]
"""Fetches that follow one another, and all of them."""


def cost(node: Node | None) -> Cost:
    match node:
        case None:
            return 0, 0
        case Fetch():
            return 1, 1
        case Sequence(nodes):
            return in_sequence([cost(each) for each in nodes])
        case Parallel(nodes):
            return in_parallel([cost(each) for each in nodes])
        case Condition(_, inner):
            return cost(inner)
        case Subscription(primary, rest):
            return in_sequence([cost(primary), cost(rest)])


def cost_there(node: dict[str, Any]) -> Cost:
    match node:
        case {"kind": "Fetch"}:
            return 1, 1
        case {"kind": "Flatten", "node": inner}:
            return cost_there(inner)
        case {"kind": "Sequence", "nodes": nodes}:
            return in_sequence([cost_there(each) for each in nodes])
        case {"kind": "Parallel", "nodes": nodes}:
            return in_parallel([cost_there(each) for each in nodes])
        case {"kind": "Condition"}:
            return in_parallel([cost_there(node.get(clause) or {}) for clause in ("ifClause", "elseClause")])
        case {}:
            return 0, 0


def in_sequence(costs: list[Cost]) -> Cost:
    return sum(depth for depth, _ in costs), sum(fetches for _, fetches in costs)


def in_parallel(costs: list[Cost]) -> Cost:
    return max(depth for depth, _ in costs), sum(fetches for _, fetches in costs)


def answers_otherwise(peers: Peers, graph: Graph, request: Request) -> bool:
    """Whether the gateway saved what it should not have: it asks for fields that require others without sending these."""
    if graph is not VILLAGE:
        return False
    peers.open("answers", SDL, SUBGRAPHS)
    there = answer_of_gateway(peers, "answers", request)
    return there is None or there["data"] != answer(request)["data"]


@pytest.mark.parametrize("graph", [pytest.param(graph, id=graph.name) for graph in SERVED])
def test_no_plan_costs_more_than_the_gateways(graph: Graph, peers: Peers) -> None:
    sdl = compose(graph.subgraphs)
    supergraph = load_supergraph(sdl)
    engine = Engine(supergraph, dict.fromkeys(supergraph.subgraphs, SILENT), planning_budget=2_000_000)
    peers.open(f"{graph.name}, planned", sdl, {})
    outcomes: Counter[str] = Counter()

    @settings(
        deadline=None,
        max_examples=OPERATIONS or 40,
        derandomize=not OPERATIONS,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(supergraph.api_schema))
    def compare(drawn: Request) -> None:
        request = Request(with_plain_aliases(drawn.document), drawn.variables)
        try:
            there = cost_there(peers.plan(f"{graph.name}, planned", request.document))
        except PeerFailed:
            outcomes["not planned there"] += 1
            return
        here = cost(engine.prepare(request.document).plan.root)
        outcomes["planned"] += 1
        assert here <= there or answers_otherwise(peers, graph, request), engine.explain(request.document).plan

    compare()
    assert outcomes["planned"] > outcomes["not planned there"]

"""A supergraph of ours, served by @apollo/gateway, answers random operations as our engine does.

`INTEROP_OPERATIONS=5000 pytest tests/interop/test_answers.py` asks more, and others each time.
"""

import asyncio
import os
from collections import Counter
from typing import Any

from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLInterfaceType,
    GraphQLUnionType,
    NameNode,
    Visitor,
    execute,
    parse,
    print_ast,
    visit,
)
from hypothesis import HealthCheck, given, settings

from gateway.federation.composition import compose
from gateway.federation.engine import Engine
from gateway.federation.supergraph import load_supergraph
from tests.federation.random_operations import Request, requests
from tests.federation.village import Village

from .graphs import VILLAGE
from .peers import PeerFailed, Peers

OPERATIONS = int(os.environ.get("INTEROP_OPERATIONS", "0"))
DATA = Village()
SUBGRAPHS = DATA.subgraphs()
SDL = compose(VILLAGE.subgraphs)
SUPERGRAPH = load_supergraph(SDL)
ENGINE = Engine(SUPERGRAPH, SUBGRAPHS, planning_budget=2_000_000)
SCHEMA = SUPERGRAPH.api_schema
for named in SCHEMA.type_map.values():
    if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        named.resolve_type = lambda value, _info, _type: value["__typename"]


class _Renaming(Visitor):
    def enter_field(self, node: FieldNode, *_: object) -> FieldNode | None:
        if node.alias is None:
            return None
        kept = {key: getattr(node, key) for key in node.keys if key != "alias"}
        return FieldNode(**kept, alias=NameNode(value=f"{node.alias.value}_"))


def with_plain_aliases(document: str) -> str:
    """With aliases that are no field's name: the gateway takes what is called like a key for the key."""
    return print_ast(visit(parse(document), _Renaming()))


def answer(request: Request) -> dict[str, Any]:
    return asyncio.run(ENGINE.execute(ENGINE.prepare(request.document), request.variables, None))


def answer_of_gateway(peers: Peers, gateway: str, request: Request) -> dict[str, Any] | None:
    try:
        return peers.execute(gateway, request.document, request.variables)
    except PeerFailed:
        return None


def test_the_gateway_answers_alike(peers: Peers) -> None:
    """Where it errs, it errs alike on the supergraph of its own composer, and one schema over all data decides."""
    reference = peers.compose("apollo", VILLAGE.subgraphs).sdl
    assert reference
    peers.open("ours", SDL, SUBGRAPHS)
    peers.open("its own", reference, SUBGRAPHS)
    outcomes: Counter[bool] = Counter()

    @settings(
        deadline=None,
        max_examples=OPERATIONS or 150,
        derandomize=not OPERATIONS,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(SCHEMA))
    def compare(drawn: Request) -> None:
        request = Request(with_plain_aliases(drawn.document), drawn.variables)
        here = answer(request)
        there = answer_of_gateway(peers, "ours", request)
        alike = there is not None and there["data"] == here["data"] and bool(there["errors"]) == bool(here.get("errors"))
        outcomes[alike] += 1
        if not alike:
            expected = execute(SCHEMA, parse(request.document), DATA.roots, variable_values=request.variables)
            assert isinstance(expected, ExecutionResult)
            assert here["data"] == expected.data
            assert bool(here.get("errors")) == bool(expected.errors)
            assert answer_of_gateway(peers, "its own", request) == there

    compare()
    assert outcomes[True] >= 0.9 * outcomes.total()

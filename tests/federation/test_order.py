"""A plan does not depend on the order in which a supergraph's text names types, members, fields and subgraphs."""

from functools import cache
from random import Random

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InterfaceTypeDefinitionNode,
    Node,
    ObjectTypeDefinitionNode,
    UnionTypeDefinitionNode,
    parse,
    print_ast,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.federation.composition import SubgraphSdl, compose
from gateway.federation.engine import Engine
from gateway.federation.supergraph import load_supergraph

from .doubles import LINK, Recorder, plan
from .random_operations import Request, requests
from .village import SDLS

_SDL = compose(SubgraphSdl(name, f"http://{name}.test", LINK + sdl) for name, sdl in SDLS.items())


def shuffled(sdl: str, seed: int) -> str:
    """The same supergraph in another order; only the keys of a type in one subgraph keep theirs, which is theirs to say."""
    return print_ast(_shuffle(parse(sdl, no_location=True), Random(seed)))


def _shuffle(node: Node, random: Random) -> Node:
    inside = {
        DocumentNode: "definitions",
        ObjectTypeDefinitionNode: "fields",
        InterfaceTypeDefinitionNode: "fields",
        UnionTypeDefinitionNode: "types",
        EnumTypeDefinitionNode: "values",
    }
    given = {key: getattr(node, key) for key in node.keys}
    if name := inside.get(type(node)):
        parts = [_shuffle(each, random) for each in given[name] or ()]
        random.shuffle(parts)
        given[name] = tuple(parts)
    if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | UnionTypeDefinitionNode | FieldDefinitionNode):
        given["directives"] = tuple(_shuffle_directives(node.directives or (), random))
    return type(node)(**given)


def _shuffle_directives(directives: tuple[ConstDirectiveNode, ...], random: Random) -> list[ConstDirectiveNode]:
    graphs = [*{_graph(each) for each in directives}]
    random.shuffle(graphs)
    return sorted(directives, key=lambda each: graphs.index(_graph(each)))


def _graph(directive: ConstDirectiveNode) -> str:
    return "".join(print_ast(each.value) for each in directive.arguments or () if each.name.value == "graph")


@cache
def gateway(seed: int | None) -> Engine:
    supergraph = load_supergraph(_SDL if seed is None else shuffled(_SDL, seed))
    silent = Recorder("type Query { nothing: Int }")
    return Engine(supergraph, dict.fromkeys(supergraph.subgraphs, silent), planning_budget=2_000_000)


def test_the_order_is_another() -> None:
    assert shuffled(_SDL, 1) != shuffled(_SDL, 2)


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(requests(gateway(None).api_schema), st.integers(1, 10))
def test_plans_do_not_depend_on_the_order_of_the_supergraph(request: Request, seed: int) -> None:
    assert plan(gateway(seed), request.document) == plan(gateway(None), request.document)

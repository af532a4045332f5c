"""Corners of federation where gateways differ: each a supergraph as small as it can be."""

from typing import Any

import pytest

from gateway.federation.engine import Engine, RequestRefused

from .doubles import Recorder, ask, engine, federate, supergraph_sdl

SHIPS = {"s1": {"__typename": "Ship", "id": "s1", "mast": "tall"}, "p1": {"__typename": "Port", "id": "p1", "quay": "long"}}


def harbour() -> Engine:
    """Each subgraph gives any thing by its id, but knows the id of its own kind alone."""
    sdl = supergraph_sdl(
        "a b",
        """
        type Query @join__type(graph: A) @join__type(graph: B) { thing(id: ID!): Thing ship: Ship @join__field(graph: A) }
        interface Thing @join__type(graph: A) @join__type(graph: B) { id: ID! }
        type Ship implements Thing @join__type(graph: A, key: "id") @join__type(graph: B, key: "id")
          @join__implements(graph: A, interface: "Thing") @join__implements(graph: B, interface: "Thing")
        {
          id: ID! @join__field(graph: A) @join__field(graph: B, external: true)
          mast: String @join__field(graph: A)
          ports: [Port!] @join__field(graph: B)
        }
        type Port implements Thing @join__type(graph: A, key: "id") @join__type(graph: B, key: "id")
          @join__implements(graph: A, interface: "Thing") @join__implements(graph: B, interface: "Thing")
        {
          id: ID! @join__field(graph: A, external: true) @join__field(graph: B)
          quay: String @join__field(graph: B)
        }
        """,
    )

    def thing(own: str) -> Any:
        def resolve(_info: object, id: str) -> object:
            found = SHIPS.get(id)
            return found and (found if found["__typename"] == own else {**found, "id": "unknown here"})

        return resolve

    subgraph = """
    type Query { thing(id: ID!): Thing ship: Ship }
    interface Thing { id: ID! }
    type Ship implements Thing @key(fields: "id") { id: ID! mast: String ports: [Port!] }
    type Port implements Thing @key(fields: "id") { id: ID! quay: String }
    """
    a = Recorder(subgraph, {"thing": thing("Ship"), "ship": SHIPS["s1"]})
    b = Recorder(subgraph, {"thing": thing("Port")}, {"Ship": lambda r: {"id": r["id"], "ports": [SHIPS["p1"]]}})
    return engine(sdl, a=a, b=b)


@pytest.mark.parametrize(
    ("document", "data"),
    [
        (
            '{ s: thing(id: "s1") { ... on Ship { id mast } } p: thing(id: "p1") { ... on Port { id quay } } }',
            {"s": {"id": "s1", "mast": "tall"}, "p": {"id": "p1", "quay": "long"}},
        ),
        ('{ s: thing(id: "s1") { __typename ... on Port { id } } }', {"s": {"__typename": "Ship"}}),
        ('{ s: thing(id: "s1") { ... on Port { id } } p: thing(id: "p1") { ... on Ship { id } } }', {"s": {}, "p": {}}),
        ('{ s: thing(id: "s1") { __typename } }', {"s": {"__typename": "Ship"}}),
        ("{ ship { id ports { id quay } } }", {"ship": {"id": "s1", "ports": [{"id": "p1", "quay": "long"}]}}),
    ],
)
async def test_an_external_key_is_not_read_where_it_is_external(document: str, data: object) -> None:
    assert await ask(harbour(), document) == {"data": data}


def test_an_interface_field_that_no_one_subgraph_has_for_all_members_is_refused() -> None:
    with pytest.raises(RequestRefused, match=r"thing|id"):
        harbour().prepare('{ thing(id: "s1") { id } }')


def museum() -> Engine:
    """Two interface objects whose other side can't be entered, one of them with no implementation at all."""
    a = Recorder(
        """
        type Query { piece: Piece artwork: Artwork! }
        interface Piece @key(fields: "id") { id: ID! }
        type Artwork @key(fields: "id", resolvable: false) @interfaceObject { id: ID! }
        """,
        {"piece": {"__typename": "Nothing", "id": "1"}, "artwork": {"id": "v1"}},
    )
    b = Recorder(
        """
        type Query { found: Piece }
        type Piece @key(fields: "id", resolvable: false) @interfaceObject { id: ID! era: String }
        interface Artwork @key(fields: "id") { id: ID! }
        type Vase implements Artwork @key(fields: "id") { id: ID! glaze: String! }
        """,
        {"found": {"id": "2", "era": "iron"}},
        {name: lambda r: {"__typename": "Vase", "id": r["id"], "glaze": "green"} for name in ("Artwork", "Vase")},
    )
    return federate({"a": a, "b": b})


@pytest.mark.parametrize(
    ("document", "data"),
    [
        ("{ found { id era } }", {"found": {"id": "2", "era": "iron"}}),
        ("{ found { id } }", {"found": {"id": "2"}}),
        ("{ artwork { id } }", {"artwork": {"id": "v1"}}),
        ("{ artwork { ... on Vase { id } } }", {"artwork": {"id": "v1"}}),
        ("{ artwork { __typename ... on Vase { glaze } } }", {"artwork": {"__typename": "Vase", "glaze": "green"}}),
    ],
)
async def test_interface_objects_that_can_be_left_but_not_entered(document: str, data: object) -> None:
    assert await ask(museum(), document) == {"data": data}


async def test_an_object_of_no_known_type_is_null_with_an_error() -> None:
    response = await ask(museum(), "{ piece { id } }")
    assert response["data"] == {"piece": None}
    assert response["errors"]


def test_a_field_that_only_an_unreachable_interface_object_has_is_refused() -> None:
    with pytest.raises(RequestRefused, match=r"Piece.era|piece"):
        museum().prepare("{ piece { era } }")

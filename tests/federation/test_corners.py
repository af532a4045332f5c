"""Corners of federation where gateways differ: each a supergraph as small as it can be."""

from typing import Any

import pytest

from gateway.federation.composition import SubgraphSdl, compose
from gateway.federation.engine import Engine, RequestRefused
from gateway.federation.supergraph import load_supergraph

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


@pytest.mark.parametrize("selection", ["id", "id ... on Port { id }", "... on Ship { n: id } id"])
def test_an_interface_field_that_no_one_subgraph_has_for_all_members_is_refused(selection: str) -> None:
    with pytest.raises(RequestRefused, match=r"thing|id"):
        harbour().prepare(f'{{ thing(id: "s1") {{ {selection} }} }}')


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


async def test_a_directive_whose_argument_only_one_subgraph_lets_out() -> None:
    head = """
    extend schema
      @link(url: "https://audience.test/audience/v1.0", import: ["@audience"])
      @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@composeDirective"])
      @composeDirective(name: "@audience")
    enum Audience { ALL STAFF }
    """
    subgraphs = {
        name: Recorder(
            f"enum Audience {{ ALL STAFF }} directive @audience({argument}) on FIELD type Query {{ {name}: Int }}", {name: 1}
        )
        for name, argument in (("a", "of: Audience!"), ("b", "of: Audience! = ALL"))
    }
    sdls = [SubgraphSdl(name, f"http://{name}.test", head + each.sdl.partition("STAFF }")[2]) for name, each in subgraphs.items()]
    gateway = Engine(load_supergraph(compose(sdls)), subgraphs)
    assert await ask(gateway, "{ a @audience b @audience }") == {"data": {"a": 1, "b": 1}}


async def test_a_member_that_did_not_come_causes_no_fetch() -> None:
    def broken(_representation: object) -> object:
        raise ValueError("nobody wanted this")

    notes = Recorder(
        """
        type Query { note: Note }
        union Note = Anonymous | Signed
        type Anonymous { song: Song } type Signed { song: Song }
        type Song @key(fields: "id") { id: ID! }
        """,
        {"note": {"__typename": "Anonymous", "song": {"id": "1"}}},
    )
    wanted = Recorder('type Song @key(fields: "id") { id: ID! key: String! }', entities={"Song": lambda r: {**r, "key": "E"}})
    other = Recorder('type Song @key(fields: "id") { id: ID! bars: Int! }', entities={"Song": broken})
    gateway = federate({"notes": notes, "wanted": wanted, "other": other})
    document = "{ note { ... on Anonymous { song { key } } ... on Signed { song { key bars } } } }"
    assert await ask(gateway, document) == {"data": {"note": {"song": {"key": "E"}}}}
    assert other.requests == []


def shelf(name: str, own: str, things: list[dict[str, str]]) -> Recorder:
    box = {"id": "1", "tray": {"things": things}, f"tray{own}": {"things": things}}
    return Recorder(
        f"""
        type Query {{ {name}: Box both: Box @shareable }}
        type Box @key(fields: "id") {{ id: ID! tray: Tray @shareable tray{own}: Tray }}
        type Tray @shareable {{ things: [Thing!]! }}
        union Thing = Nail | Only{own}
        type Nail @shareable {{ size: String }}
        type Only{own} {{ {own.lower()}: String }}
        """,
        {name: box, "both": {"id": "1", "tray": {"things": things[:1]}}},
        {"Box": lambda _r: box},
    )


NAIL, FILE, SAW = ({"__typename": "Nail", "size": "m"}, {"__typename": "OnlyA", "a": "x"}, {"__typename": "OnlyB", "b": "y"})
THINGS = "things { __typename ... on Nail { size } ... on OnlyA { a } ... on OnlyB { b } }"


@pytest.mark.parametrize(
    ("document", "data"),
    [
        (f"{{ one {{ tray {{ {THINGS} }} }} }}", {"one": {"tray": {"things": [NAIL, FILE]}}}),
        (f"{{ two {{ tray {{ {THINGS} }} }} }}", {"two": {"tray": {"things": [NAIL, SAW]}}}),
        (f"{{ both {{ tray {{ {THINGS} }} }} }}", {"both": {"tray": {"things": [NAIL]}}}),
        (f"{{ one {{ trayB {{ {THINGS} }} }} }}", {"one": {"trayB": {"things": [NAIL, SAW]}}}),
    ],
)
async def test_a_list_of_a_union_comes_from_one_subgraph_with_the_members_that_it_knows(document: str, data: object) -> None:
    gateway = federate({"a": shelf("one", "A", [NAIL, FILE]), "b": shelf("two", "B", [NAIL, SAW])})
    assert await ask(gateway, document) == {"data": data}


async def test_only_what_is_asked_for_is_taken_of_what_is_provided() -> None:
    def broken(_info: object) -> object:
        raise ValueError("nobody wanted this")

    owner = Recorder(
        'type Song @key(fields: "id") { id: ID! name: String! @shareable text: String! @shareable bars: Int! }',
        entities={"Song": lambda r: {**r, "name": "owned", "text": "", "bars": 8}},
    )
    player = Recorder(
        """
        type Query { song: Song @provides(fields: "name text") }
        type Song @key(fields: "id") { id: ID! name: String! @external text: String! @external }
        """,
        {"song": {"id": "1", "name": "provided", "text": broken}},
    )
    gateway = federate({"owner": owner, "player": player})
    response = await ask(gateway, "{ song { ... { name } ... { bars } ... on Song @skip(if: true) { text } } }")
    assert response == {"data": {"song": {"name": "provided", "bars": 8}}}

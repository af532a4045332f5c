"""Arguments that are filled from a context: `@context` and `@fromContext`."""

from textwrap import dedent
from typing import Any

from gateway.federation.engine import Engine

from .doubles import Data, Recorder, ask, federate, plan

# What a test's subgraph gives for U: its key, and what came from the context.
ENTITIES = {"U": lambda sent: {**sent, "x": lambda _info, n=None, by=None: f"{sent['id']} {n}" + (f" by {by}" if by else "")}}
U = 'type U @key(fields: "id") { id: ID! plain: Int x(by: Int, n: String @fromContext(field: "$c %s")): String }'


def shelves(**roots: object) -> tuple[Engine, Recorder, Recorder]:
    """Shelves with books; a book's label takes the shelf's name, which another subgraph knows."""
    books = Recorder(
        """
        type Query { shelves: [Shelf!]! }
        type Shelf @key(fields: "id") @context(name: "c") { id: ID! name: String @external u: [U!]! }
        """
        + U % "{ name }",
        {
            "shelves": [
                {"id": "1", "u": [{"id": "a"}, {"id": "b"}]},
                {"id": "2", "u": [{"id": "a"}]},
                {"id": "3", "u": [{"id": "c"}]},
            ]
        }
        | roots,
        ENTITIES,
    )
    names = {"1": "one", "2": "two", "3": None}
    naming = Recorder(
        'type Shelf @key(fields: "id") { id: ID! name: String }',
        entities={"Shelf": lambda sent: {**sent, "name": names[sent["id"]]}},
    )
    return federate({"books": books, "names": naming}), books, naming


async def test_each_object_gets_the_value_of_what_is_around_it_in_one_request() -> None:
    engine, books, _ = shelves()
    response = await ask(engine, "query($by: Int) { shelves { u { label: x(by: $by) } } }", {"by": 7})
    assert response == {
        "data": {
            "shelves": [
                {"u": [{"label": "a one by 7"}, {"label": "b one by 7"}]},
                {"u": [{"label": "a two by 7"}]},
                {"u": [{"label": "c None by 7"}]},
            ]
        }
    }
    assert len(books.requests) == 2


async def test_requests_with_as_many_values_are_the_same_document() -> None:
    engine, books, _ = shelves()
    for _ in range(2):
        await ask(engine, "{ shelves { u { x } } }")
    assert books.requests[1].document is books.requests[3].document


async def test_many_values_come_in_requests_of_a_bounded_size() -> None:
    engine, books, naming = shelves(shelves=[{"id": str(each), "u": [{"id": "a"}]} for each in range(50)])
    naming.entities["Shelf"] = lambda sent: {**sent, "name": f"shelf {sent['id']}"}
    response = await ask(engine, "{ shelves { u { x } } }")
    assert [each["u"][0]["x"] for each in response["data"]["shelves"]] == [f"a shelf {each}" for each in range(50)]
    assert len(books.requests) == 1 + 3


async def test_equal_values_share_their_representations() -> None:
    engine, books, naming = shelves()
    naming.entities["Shelf"] = lambda sent: {**sent, "name": "same"}
    await ask(engine, "{ shelves { u { x } } }")
    assert books.requests[1].variables == {
        "representations": [{"__typename": "U", "id": each} for each in "abc"],
        "context_0": "same",
    }


async def test_what_has_no_value_because_its_subgraph_is_down_stays_null_and_the_rest_stands() -> None:
    engine, _, naming = shelves()
    naming.down = True
    response = await ask(engine, "{ shelves { id name u { id x } } }")
    assert [each["u"] for each in response["data"]["shelves"]][1] == [{"id": "a", "x": None}]
    assert {tuple(error["path"]) for error in response["errors"]} == {("shelves", each, "name") for each in range(3)}


def test_a_clients_variables_do_not_clash_with_those_of_contexts() -> None:
    engine, _, _ = shelves()
    prepared = engine.prepare(
        "query($context_0: Int, $representations: Int) { shelves { u { x(by: $context_0) y: x(by: $representations) } } }"
    )
    *_, fetch = prepared.plan.fetches()
    assert fetch.variables == ("context_0", "representations")
    assert "$context___0:String" in fetch.document


def test_the_value_is_fetched_first_and_the_subgraph_entered_again() -> None:
    engine, _, _ = shelves()
    expected = """
    QueryPlan {
      Sequence {
        Fetch(service: "books") {
          {
            shelves {
              u {
                plain
                id
              }
              id
            }
          }
        },
        Flatten(path: "shelves.@") {
          Fetch(service: "names") {
            ... on Shelf { id }
            =>
            {
              ... on Shelf {
                name
              }
            }
          }
        },
        Flatten(path: "shelves.@.u.@") {
          Fetch(service: "books") {
            ... on U { id }
            $context_0: String = ../name
            =>
            {
              ... on U {
                x(n: $context_0, by: 1)
              }
            }
          }
        },
      }
    }
    """
    assert plan(engine, "{ shelves { u { plain x(by: 1) } } }") == dedent(expected).strip()


def test_clients_do_not_see_the_argument() -> None:
    engine, _, _ = shelves()
    assert [*engine.api_schema.type_map["U"].fields["x"].args] == ["by"]  # pyright: ignore[reportAttributeAccessIssue] - an object


def alone(sdl: str, roots: Data, **entities: Any) -> Engine:
    return federate({"a": Recorder(sdl, roots, {**ENTITIES, **entities})})


async def test_the_nearest_object_in_the_context_counts() -> None:
    sdl = """
    type Query { t: T }
    type T @key(fields: "id") @context(name: "c") { id: ID! name: String of: S u: U }
    type S @key(fields: "id") @context(name: "c") { id: ID! name: String between: Between }
    type Between { u: U }
    """
    inner = {"id": "3", "name": "near", "between": {"u": {"id": "b"}}}
    engine = alone(sdl + U % "{ name }", {"t": {"id": "1", "name": "far", "u": {"id": "a"}, "of": inner}})
    response = await ask(engine, "{ t { u { x } of { between { u { x } } } } }")
    assert response["data"] == {"t": {"u": {"x": "a far"}, "of": {"between": {"u": {"x": "b near"}}}}}


async def test_an_object_sets_no_context_for_its_own_fields() -> None:
    sdl = """
    type Query { t: T }
    type T @key(fields: "id") @context(name: "c") { id: ID! name: String u: U }
    type U @key(fields: "id") @context(name: "c") {
      id: ID! name: String u: U x(n: String @fromContext(field: "$c { name }")): String
    }
    """
    data = {"t": {"id": "1", "name": "outer", "u": {"id": "a", "name": "own", "u": {"id": "b", "name": "inner"}}}}
    response = await ask(alone(sdl, data), "{ t { u { x u { x } } } }")
    assert response["data"] == {"t": {"u": {"x": "a outer", "u": {"x": "b own"}}}}


ABSTRACT = """
type Query { all: [Any] named: [Named] }
type T implements Named @key(fields: "id") @context(name: "c") { id: ID! name: String u: U }
type S implements Named @key(fields: "id") @context(name: "c") { id: ID! title: String u: U }
union Any = T | S
interface Named { u: U }
"""
MIXED = [
    {"__typename": "T", "id": "1", "name": "a name", "u": {"id": "a"}},
    {"__typename": "S", "id": "2", "title": "a title", "u": {"id": "b"}},
]


async def test_a_value_may_be_selected_by_type() -> None:
    engine = alone(ABSTRACT + U % "... on T { name } ... on S { title }", {"all": MIXED, "named": MIXED})
    response = await ask(engine, "{ named { u { x } } all { ... on Named { u { x } } } }")
    labels = [{"u": {"x": "a a name"}}, {"u": {"x": "b a title"}}]
    assert response["data"] == {"named": labels, "all": labels}


async def test_a_union_sets_a_context_for_its_members() -> None:
    sdl = ABSTRACT.replace(' @context(name: "c")', "").replace("union Any", 'union Any @context(name: "c")')
    engine = alone(sdl.replace("named: [Named]", "") + U % "... on T { name } ... on S { title }", {"all": MIXED})
    response = await ask(engine, "{ all { ... on T { u { x } } ... on S { u { x } } } }")
    assert response["data"] == {"all": [{"u": {"x": "a a name"}}, {"u": {"x": "b a title"}}]}


async def test_an_interface_sets_a_context_for_its_members() -> None:
    sdl = """
    type Query { named: [Named] }
    interface Named @context(name: "c") { name: String u: U }
    type T implements Named { name: String u: U }
    type S implements Named { name: String u: U }
    """
    data = [{"__typename": "T", "name": "t", "u": {"id": "a"}}, {"__typename": "S", "name": "s", "u": {"id": "b"}}]
    response = await ask(alone(sdl + U % "{ name }", {"named": data}), "{ named { u { x } } }")
    assert response["data"] == {"named": [{"u": {"x": "a t"}}, {"u": {"x": "b s"}}]}


async def test_where_a_member_does_not_set_the_context_what_is_further_out_does() -> None:
    sdl = """
    type Query { root: Root }
    type Root @key(fields: "id") @context(name: "c") { id: ID! name: String named: [Named] }
    interface Named { u: U }
    type T implements Named @key(fields: "id") @context(name: "c") { id: ID! name: String u: U }
    type S implements Named @key(fields: "id") { id: ID! u: U }
    """
    engine = alone(sdl + U % "{ name }", {"root": {"id": "0", "name": "root", "named": MIXED}})
    response = await ask(engine, "{ root { named { u { x } } } }")
    assert response["data"] == {"root": {"named": [{"u": {"x": "a a name"}}, {"u": {"x": "b root"}}]}}


async def test_a_value_may_be_in_an_object_and_in_a_list() -> None:
    sdl = """
    type Query @context(name: "c") { settings: Settings u: U }
    type Settings { names: [Name] }
    type Name { text: String }
    type U @key(fields: "id") { id: ID! x(n: [String] @fromContext(field: "$c { settings { names { text } } }")): String }
    """
    data = {"settings": {"names": [{"text": "one"}, {"text": "two"}]}, "u": {"id": "a"}}
    response = await ask(alone(sdl, data), "{ u { x } }")
    assert response["data"] == {"u": {"x": "a ['one', 'two']"}}


async def test_the_field_may_be_in_another_subgraph_than_the_way_to_it() -> None:
    first = Recorder(
        'type Query { t: T } type T @key(fields: "id") { id: ID! u: U } type U @key(fields: "id") { id: ID! }',
        {"t": {"id": "1", "u": {"id": "a"}}},
    )
    second = Recorder(
        'type T @key(fields: "id") @context(name: "c") { id: ID! name: String }' + U % "{ name }",
        entities={**ENTITIES, "T": lambda sent: {**sent, "name": "named"}},
    )
    engine = federate({"first": first, "second": second})
    assert (await ask(engine, "{ t { u { x } } }"))["data"] == {"t": {"u": {"x": "a named"}}}


async def test_two_fields_with_values_of_two_contexts_travel_together() -> None:
    sdl = """
    type Query { t: T }
    type T @key(fields: "id") @context(name: "c") { id: ID! name: String s: S }
    type S @key(fields: "id") @context(name: "d") { id: ID! title: String u: U }
    type U @key(fields: "id") {
      id: ID!
      x(n: String @fromContext(field: "$c { name }"), m: String @fromContext(field: "$d { title }")): String
      y(n: String @fromContext(field: "$c { name }")): String
    }
    """
    subgraph = Recorder(
        sdl,
        {"t": {"id": "1", "name": "far", "s": {"id": "2", "title": "near", "u": {"id": "a"}}}},
        {"U": lambda _: {"x": lambda _info, n, m: f"{n} {m}", "y": lambda _info, n: n}},
    )
    response = await ask(federate({"a": subgraph}), "{ t { s { u { x y } } } }")
    assert response["data"] == {"t": {"s": {"u": {"x": "far near", "y": "far"}}}}
    assert len(subgraph.requests) == 2


async def test_a_skipped_field_needs_no_value() -> None:
    engine, books, naming = shelves()
    response = await ask(engine, "query($no: Boolean!) { shelves { id u { id x @skip(if: $no) } } }", {"no": True})
    assert response["data"]["shelves"][1] == {"id": "2", "u": [{"id": "a"}]}
    assert (len(books.requests), len(naming.requests)) == (1, 0)


async def test_a_mutation_may_set_a_context() -> None:
    sdl = 'type Query { u: Int } type Mutation { make(name: String!): T } type T @key(fields: "id") @context(name: "c") { id: ID! name: String u: U }'
    engine = alone(sdl + U % "{ name }", {"make": lambda _info, name: {"id": "1", "name": name, "u": {"id": "a"}}})
    response = await ask(engine, 'mutation { a: make(name: "one") { u { x } } b: make(name: "two") { u { x } } }')
    assert response["data"] == {"a": {"u": {"x": "a one"}}, "b": {"u": {"x": "a two"}}}

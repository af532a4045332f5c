"""Supergraph documents of every join version, and those that are refused with the place named."""

import pytest
from graphql import print_schema

from gateway.federation.supergraph import InvalidSupergraph, load_supergraph

from .doubles import Recorder, ask, engine, plan, supergraph_sdl

JOIN_0_1 = """
schema @core(feature: "https://specs.apollo.dev/core/v0.1") @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query }
directive @core(feature: String!) repeatable on SCHEMA
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet) on FIELD_DEFINITION
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT | INTERFACE
directive @join__owner(graph: join__Graph!) on OBJECT | INTERFACE
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
scalar join__FieldSet
enum join__Graph {
  ACCOUNTS @join__graph(name: "accounts" url: "http://accounts.test")
  REVIEWS @join__graph(name: "reviews" url: "http://reviews.test")
}
type Query { me: User @join__field(graph: ACCOUNTS) top: [Review] @join__field(graph: REVIEWS) }
type User @join__owner(graph: ACCOUNTS) @join__type(graph: ACCOUNTS, key: "id") @join__type(graph: REVIEWS, key: "id") {
  id: ID! @join__field(graph: ACCOUNTS)
  name: String @join__field(graph: ACCOUNTS)
  size: Size @join__field(graph: ACCOUNTS)
  reviews: [Review] @join__field(graph: REVIEWS)
  label: String @join__field(graph: REVIEWS, requires: "name")
}
type Review { body: String author: User @join__field(graph: REVIEWS, provides: "name") }
type Size { width: Int }
"""


async def test_the_first_join_specification_with_owners() -> None:
    accounts = Recorder(
        'type Query { me: User } type User @key(fields: "id") { id: ID! name: String size: Size } type Size { width: Int }',
        {"me": {"id": "1", "name": "Ada", "size": {"width": 2}}},
        {"User": lambda r: {**r, "name": "Ada"}},
    )
    reviews = Recorder(
        """
        type Query { top: [Review] }
        type User @key(fields: "id") { id: ID! name: String reviews: [Review] label: String }
        type Review { body: String author: User }
        """,
        {"top": [{"body": "ok", "author": {"id": "1", "name": "provided"}}]},
        {"User": lambda r: {**r, "reviews": [{"body": "fine"}], "label": (r.get("name") or "").upper()}},
    )
    gateway = engine(JOIN_0_1, accounts=accounts, reviews=reviews)
    response = await ask(gateway, "{ me { name size { width } reviews { body } label } top { author { id name } } }")
    assert response["data"] == {
        "me": {"name": "Ada", "size": {"width": 2}, "reviews": [{"body": "fine"}], "label": "ADA"},
        "top": [{"author": {"id": "1", "name": "provided"}}],
    }


def test_specifications_under_other_names() -> None:
    sdl = """
    schema
      @link(url: "https://specs.apollo.dev/link/v1.0")
      @link(url: "https://specs.apollo.dev/join/v0.3", as: "j", for: EXECUTION)
      @link(url: "https://specs.apollo.dev/inaccessible/v0.2", as: "hidden", for: SECURITY)
      @link(url: "https://specs.apollo.dev/tag/v0.3", import: [{ name: "@tag", as: "@label" }])
    { query: Query }
    directive @label(name: String!) repeatable on FIELD_DEFINITION
    directive @hidden on FIELD_DEFINITION | OBJECT
    directive @own on FIELD
    enum j__Graph { A @j__graph(name: "a", url: "http://a.test") }
    type Query @j__type(graph: A) { seen: Int @label(name: "x") unseen: Int @hidden secret: Secret with(x: Int): Int }
    type Secret @j__type(graph: A) @hidden { x: Int }
    """
    supergraph = load_supergraph(sdl)
    printed = print_schema(supergraph.api_schema)
    assert printed == "directive @own on FIELD\n\ntype Query {\n  seen: Int\n  with(x: Int): Int\n}"
    assert supergraph.subgraphs["a"].url == "http://a.test"


def test_older_specifications_say_less_and_mean_everywhere() -> None:
    """Without join__implements, join__unionMember and join__enumValue, a type is known wherever both sides are."""
    sdl = """
    schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.2", for: EXECUTION)
    { query: Query }
    enum join__Graph { A @join__graph(name: "a", url: "") B @join__graph(name: "b", url: "") }
    type Query @join__type(graph: A) @join__type(graph: B) { all: [Any] @join__field(graph: A) item: Item @join__field(graph: A) }
    interface Item @join__type(graph: A) { id: ID }
    union Any @join__type(graph: A) = One | Two
    type One implements Item @join__type(graph: A) { id: ID }
    type Two implements Item @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
      id: ID
      kind: Kind @join__field(graph: B)
    }
    enum Kind @join__type(graph: B) { X }
    """
    silent = engine(sdl)
    text = plan(silent, "{ all { ... on One { id } ... on Two { kind } } item { id } }")
    assert text.count("Fetch(") == 2
    assert load_supergraph(sdl).subgraphs["a"].types["Any"].members == ("One", "Two")


@pytest.mark.parametrize(
    ("sdl", "place"),
    [
        ("type Query { a: Int }", "join"),
        ("type Query {", "no GraphQL document"),
        (supergraph_sdl("a", "type Query @join__type(graph: B) { x: Int }"), "Query: unknown graph 'B'"),
        (supergraph_sdl("a", "type Query @join__type(graph: A) { x: Int @join__field(graph: C) }"), "Query.x: unknown graph 'C'"),
        (supergraph_sdl("a", "type Query { x: Int }"), "Query"),
        (
            supergraph_sdl("a", 'type Query @join__type(graph: A) { x: T } type T @join__type(graph: A, key: "id") { x: Int }'),
            "@key of T in A: T has no field id",
        ),
        (
            supergraph_sdl("a", 'type Query @join__type(graph: A) { x: T } type T @join__type(graph: A, key: "x {") { x: Int }'),
            "@key of T in A",
        ),
        (
            supergraph_sdl("a", 'type Query @join__type(graph: A) { x: Int @join__field(graph: A, requires: "y") }'),
            "@requires of Query.x",
        ),
        (supergraph_sdl("a", "type Query @join__type(graph: A) { x: Nobody }"), "Nobody"),
        (supergraph_sdl("a", "type T @join__type(graph: A) { x: Int }"), "Query"),
    ],
)
def test_what_breaks_the_specification_is_refused_and_the_place_named(sdl: str, place: str) -> None:
    with pytest.raises(InvalidSupergraph) as refused:
        load_supergraph(sdl)
    assert place in str(refused.value)


def test_a_hidden_mutation_root_is_no_mutation() -> None:
    sdl = supergraph_sdl(
        "a",
        """
        directive @inaccessible on OBJECT
        type Query @join__type(graph: A) { x: Int }
        type Mutation @join__type(graph: A) @inaccessible { x: Int }
        """,
    )
    assert load_supergraph(sdl).api_schema.mutation_type is None


def test_an_implementation_may_deprecate_what_its_interface_does_not() -> None:
    gateway = engine(
        supergraph_sdl(
            "a",
            """
            type Query @join__type(graph: A) { node: Node }
            interface Node @join__type(graph: A) { x(a: Int): Int }
            type One implements Node @join__type(graph: A) @join__implements(graph: A, interface: "Node") {
              x(a: Int @deprecated): Int @deprecated
            }
            """,
        )
    )
    assert plan(gateway, "{ node { x } }").count("Fetch(") == 1


def test_executable_directives_of_a_linked_specification_are_part_of_the_api() -> None:
    sdl = """
    schema
      @link(url: "https://specs.apollo.dev/link/v1.0")
      @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
      @link(url: "https://audience.test/audience/v1.0", import: ["@audience"])
    { query: Query }
    directive @audience(of: Audience! = ALL) on FIELD
    enum join__Graph { A @join__graph(name: "a", url: "http://a.test") }
    enum Audience @join__type(graph: A) { ALL STAFF }
    type Query @join__type(graph: A) { x: Int }
    """
    text = plan(engine(sdl), "{ x @audience }")
    assert "audience" not in text  # nobody knows which subgraphs have it
    assert load_supergraph(sdl).api_schema.get_directive("audience")


def test_a_context_that_no_type_sets_is_refused() -> None:
    sdl = supergraph_sdl(
        "a",
        """
        type Query @join__type(graph: A) {
          x: Int @join__field(graph: A, contextArguments: [{ context: "a__c", name: "n", type: "Int", selection: "{ y }" }])
        }
        """,
    )
    with pytest.raises(InvalidSupergraph, match=r"Query\.x: it takes the context a__c, which no type sets"):
        load_supergraph(sdl)


def test_an_external_key_of_a_type_extension_can_be_read() -> None:
    sdl = supergraph_sdl(
        "a b",
        """
        type Query @join__type(graph: A) @join__type(graph: B) { one: One @join__field(graph: B) }
        type One @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", extension: true) {
          id: ID! @join__field(graph: A) @join__field(graph: B, external: true)
          x: Int @join__field(graph: A)
        }
        """,
    )
    assert plan(engine(sdl), "{ one { id x } }").count("Fetch(") == 2

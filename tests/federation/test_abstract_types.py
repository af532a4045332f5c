"""Interfaces and unions that each subgraph knows differently."""

from typing import Any

from .doubles import Recorder, ask, federate, plan

BOOK = {"__typename": "Book", "id": "b", "title": "Dune", "pages": 400, "maker": {"id": "m1"}}
FILM = {"__typename": "Film", "id": "f", "title": "Alien", "minutes": 117, "maker": {"id": "m2"}}
GAME = {"__typename": "Game", "id": "g", "title": "Pong", "maker": {"id": "m1"}}


def library() -> Recorder:
    return Recorder(
        """
        type Query { media: [Media!]! any: [Any!]! first: Media }
        interface Media { id: ID! title: String maker: Maker }
        union Any = Book | Game
        type Book implements Media @key(fields: "id") { id: ID! title: String @shareable pages: Int maker: Maker }
        type Film implements Media @key(fields: "id") { id: ID! title: String @shareable minutes: Int maker: Maker }
        type Game implements Media @key(fields: "id") { id: ID! title: String @shareable maker: Maker }
        type Maker @key(fields: "id") { id: ID! }
        """,
        {"media": [BOOK, FILM, GAME], "any": [BOOK, GAME], "first": FILM},
        {"Book": lambda _r: BOOK, "Film": lambda _r: FILM, "Game": lambda _r: GAME},
    )


def shop() -> Recorder:
    return Recorder(
        """
        type Query { sale: [Any] }
        union Any = Book | Film
        interface Media { id: ID! price: Int }
        type Book implements Media @key(fields: "id") { id: ID! price: Int }
        type Film implements Media @key(fields: "id") { id: ID! price: Int }
        type Game implements Media @key(fields: "id") { id: ID! price: Int }
        """,
        {"sale": [{"__typename": "Book", "id": "b", "price": 1}, {"__typename": "Film", "id": "f", "price": 2}, None]},
        {name: lambda r: {"id": r["id"], "price": len(r["id"])} for name in ("Book", "Film", "Game")},
    )


def makers() -> Recorder:
    return Recorder(
        'type Maker @key(fields: "id") { id: ID! name: String }',
        entities={"Maker": lambda r: {"id": r["id"], "name": "M" + r["id"]}},
    )


def all_of_them() -> dict[str, Recorder]:
    return {"library": library(), "shop": shop(), "makers": makers()}


async def test_an_interface_field_of_another_subgraph_comes_for_every_member_in_one_fetch() -> None:
    subgraphs = all_of_them()
    gateway = federate(subgraphs)
    response = await ask(gateway, "{ media { title price maker { name } } }")
    assert response["data"]["media"] == [
        {"title": "Dune", "price": 1, "maker": {"name": "Mm1"}},
        {"title": "Alien", "price": 1, "maker": {"name": "Mm2"}},
        {"title": "Pong", "price": 1, "maker": {"name": "Mm1"}},
    ]
    assert [len(each.requests) for each in subgraphs.values()] == [1, 1, 1]


def test_what_all_members_answer_alike_is_asked_of_the_interface() -> None:
    text = plan(federate(all_of_them()), "{ media { title ... on Book { pages } } }")
    assert (
        text
        == """QueryPlan {
  Fetch(service: "library") {
    {
      media {
        __typename
        title
        ... on Book {
          pages
        }
      }
    }
  }
}"""
    )


async def test_only_the_members_that_a_subgraph_knows_are_sent_to_it() -> None:
    gateway = federate(all_of_them())
    response = await ask(
        gateway,
        """
        { sale { __typename ... on Game { title } ... on Film { minutes price } } any { ... on Film { id } ... on Game { title } } }
        """,
    )
    assert response["data"] == {
        "sale": [{"__typename": "Book"}, {"__typename": "Film", "minutes": 117, "price": 2}, None],
        "any": [{}, {"title": "Pong"}],
    }


async def test_nested_fragments_narrow_step_by_step() -> None:
    gateway = federate(all_of_them())
    document = """
    { media { ...all } first { ... on Media { ... on Film { ... on Media { id } m: minutes } ... on Book { id } } } }
    fragment all on Media { ... on Book { ... on Media { n: title } ...book } ... on Game { price } }
    fragment book on Book { maker { __typename name } }
    """
    assert (await ask(gateway, document))["data"] == {
        "media": [{"n": "Dune", "maker": {"__typename": "Maker", "name": "Mm1"}}, {}, {"price": 1}],
        "first": {"id": "f", "m": 117},
    }


async def test_members_whose_types_differ_get_inner_aliases() -> None:
    a = Recorder(
        """
        type Query { nodes: [Node!]! }
        union Node = A | B | C
        type A { id: ID! tags: [String!]! own: Own! }
        type B { id: ID tags: [String] own: Own }
        type C { id: Int tags: String own: [Own!] }
        type Own { x: Int }
        """,
        {
            "nodes": [
                {"__typename": "A", "id": "1", "tags": ["t"], "own": {"x": 1}},
                {"__typename": "B", "id": None, "tags": [None], "own": {"x": 2}},
                {"__typename": "C", "id": 3, "tags": "u", "own": [{"x": 3}]},
            ]
        },
    )
    gateway = federate({"a": a})
    response = await ask(
        gateway,
        """
        { nodes { ... on A { id tags own { x } } ... on B { b: id t: tags o: own { x } } ... on C { c: id u: tags p: own { x } } } }
        """,
    )
    assert response == {
        "data": {
            "nodes": [
                {"id": "1", "tags": ["t"], "own": {"x": 1}},
                {"b": None, "t": [None], "o": {"x": 2}},
                {"c": 3, "u": "u", "p": [{"x": 3}]},
            ]
        }
    }


async def test_errors_under_an_inner_alias_are_told_at_the_clients_path() -> None:
    def fail(_info: object) -> Any:
        raise ValueError("broken")

    a = Recorder(
        "type Query { nodes: [Node] } union Node = A | B type A { x: Int! } type B { x: Int }",
        {"nodes": [{"__typename": "A", "x": 1}, {"__typename": "B", "x": fail}]},
    )
    response = await ask(federate({"a": a}), "{ nodes { ... on A { x } ... on B { y: x } } }")
    assert response["data"] == {"nodes": [{"x": 1}, {"y": None}]}
    assert [error["path"] for error in response["errors"]] == [["nodes", 1, "y"]]


async def test_a_subgraph_that_has_a_member_where_the_api_has_a_union() -> None:
    from .doubles import engine, supergraph_sdl

    sdl = supergraph_sdl(
        "a b",
        """
        type Query @join__type(graph: A) @join__type(graph: B) {
          viewer: Viewer @join__field(graph: A) @join__field(graph: B)
        }
        type Viewer @join__type(graph: A) @join__type(graph: B) {
          media: ViewerMedia @join__field(graph: A, type: "ViewerMedia") @join__field(graph: B, type: "Book")
          book: Book @join__field(graph: A, type: "Book!") @join__field(graph: B, type: "Book")
          a: Int @join__field(graph: A)
          b: Int @join__field(graph: B)
        }
        union ViewerMedia
          @join__type(graph: A)
          @join__unionMember(graph: A, member: "Book")
          @join__unionMember(graph: A, member: "Song")
          = Book | Song
        type Book @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
          id: ID!
          title: String @join__field(graph: B)
        }
        type Song @join__type(graph: A) { title: String! }
        """,
    )
    a = Recorder(
        """
        type Query { viewer: Viewer } type Viewer { media: ViewerMedia book: Book! a: Int } union ViewerMedia = Book | Song
        type Book @key(fields: "id") { id: ID! } type Song { title: String! }
        """,
        {"viewer": {"media": {"__typename": "Book", "id": "1"}, "book": {"id": "1"}, "a": 1}},
    )
    b = Recorder(
        """
        type Query { viewer: Viewer } type Viewer { media: Book book: Book b: Int }
        type Book @key(fields: "id") { id: ID! title: String }
        """,
        {"viewer": {"media": {"id": "1", "title": "T"}, "book": {"id": "1", "title": "T"}, "b": 2}},
        {"Book": lambda r: {**r, "title": "T"}},
    )
    gateway = engine(sdl, a=a, b=b)
    response = await ask(
        gateway, "{ viewer { media { __typename ... on Book { title } ... on Song { s: title } } book { title } a b } }"
    )
    assert response == {
        "data": {"viewer": {"media": {"__typename": "Book", "title": "T"}, "book": {"title": "T"}, "a": 1, "b": 2}}
    }


async def test_a_type_that_the_api_hides_is_null() -> None:
    a = Recorder(
        """
        type Query { all: [Any] strict: [Any!] }
        union Any = Seen | Hidden
        type Seen { x: Int }
        type Hidden @inaccessible { y: Int }
        """,
        {name: [{"__typename": "Seen", "x": 1}, {"__typename": "Hidden", "y": 1}] for name in ("all", "strict")},
    )
    response = await ask(federate({"a": a}), "{ all { __typename ... on Seen { x } } strict { __typename } }")
    assert response["data"] == {"all": [{"__typename": "Seen", "x": 1}, None], "strict": None}

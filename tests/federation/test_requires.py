"""Fields that need other subgraphs' fields first, and fields that a path brings along."""

from typing import Any

import pytest

from gateway.federation.engine import RequestRefused

from .doubles import Recorder, ask, engine, federate, plan, supergraph_sdl

CATALOG = """
type Query { products: [Product!]! }
type Product @key(fields: "upc") {
  upc: ID! weight: Int price(currency: String = "EUR"): Int size: Size
}
type Size { width: Int height: Int }
"""
PRODUCTS: list[dict[str, Any]] = [
    {
        "upc": "1",
        "weight": 3,
        "price": lambda _i, currency: {"EUR": 10, "USD": 12, "GBP": 8}[currency],
        "size": {"width": 2, "height": 5},
    },
    {"upc": "2", "weight": None, "price": lambda _i, currency: {"EUR": 20, "USD": 24, "GBP": 16}[currency], "size": None},
]


def catalog() -> Recorder:
    return Recorder(CATALOG, {"products": PRODUCTS}, {"Product": lambda r: next(p for p in PRODUCTS if p["upc"] == r["upc"])})


async def test_a_requirement_is_sent_with_the_key() -> None:
    seen: list[dict[str, Any]] = []

    def product(r: dict[str, Any]) -> dict[str, Any]:
        seen.append(r)
        return {**r, "shipping": (r["weight"] or 100) * 2 + (r["size"] or {"width": 0})["width"]}

    shipping = Recorder(
        """
        type Product @key(fields: "upc") {
          upc: ID! weight: Int @external size: Size @external
          shipping: Int @requires(fields: "weight size { width }")
        }
        type Size @external { width: Int }
        """,
        entities={"Product": product},
    )
    gateway = federate({"catalog": catalog(), "shipping": shipping})
    response = await ask(gateway, "{ products { weight: upc shipping } }")
    assert response == {"data": {"products": [{"weight": "1", "shipping": 8}, {"weight": "2", "shipping": 200}]}}
    assert seen[0] == {"__typename": "Product", "upc": "1", "weight": 3, "size": {"width": 2}}
    assert seen[1] == {"__typename": "Product", "upc": "2", "weight": None, "size": None}


async def test_requirements_with_arguments_never_meet_the_clients_own() -> None:
    tax = Recorder(
        """
        type Product @key(fields: "upc") {
          upc: ID! price(currency: String = "EUR"): Int @external
          dollars: Int @requires(fields: "price(currency: \\"USD\\")")
          pounds: Int @requires(fields: "price(currency: \\"GBP\\")")
        }
        """,
        entities={"Product": lambda r: {**r, "dollars": r["price"], "pounds": r["price"]}},
    )
    gateway = federate({"catalog": catalog(), "tax": tax})
    response = await ask(gateway, '{ products { price dollars pounds other: price(currency: "GBP") } }')
    assert response["data"]["products"][0] == {"price": 10, "dollars": 12, "pounds": 8, "other": 8}


async def test_a_requirement_that_itself_requires() -> None:
    b = Recorder(
        'type Product @key(fields: "upc") { upc: ID! weight: Int @external heavy: Boolean @requires(fields: "weight") }',
        entities={"Product": lambda r: {**r, "heavy": (r["weight"] or 0) > 2}},
    )
    c = Recorder(
        'type Product @key(fields: "upc") { upc: ID! heavy: Boolean @external carrier: String @requires(fields: "heavy") }',
        entities={"Product": lambda r: {**r, "carrier": "truck" if r["heavy"] else "bike"}},
    )
    gateway = federate({"catalog": catalog(), "b": b, "c": c})
    response = await ask(gateway, "{ products { carrier } }")
    assert response["data"]["products"] == [{"carrier": "truck"}, {"carrier": "bike"}]
    assert [len(each.requests) for each in (b, c)] == [1, 1]


async def test_requirements_that_go_to_and_fro_between_two_subgraphs() -> None:
    a = Recorder(
        """
        type Query { item: Item }
        type Item @key(fields: "id") { id: ID! one: Int two: Int @external three: Int @requires(fields: "two") }
        """,
        {"item": {"id": "1", "one": 1}},
        {"Item": lambda r: {**r, "three": r.get("two", 0) + 1}},
    )
    b = Recorder(
        """
        type Item @key(fields: "id") {
          id: ID! one: Int @external two: Int @requires(fields: "one") three: Int @external four: Int @requires(fields: "three")
        }
        """,
        entities={"Item": lambda r: {**r, "two": r.get("one", 0) + 1, "four": r.get("three", 0) + 1}},
    )
    gateway = federate({"a": a, "b": b})
    assert (await ask(gateway, "{ item { four } }"))["data"] == {"item": {"four": 4}}
    assert (await ask(gateway, "{ item { one two three four } }"))["data"]["item"] == {"one": 1, "two": 2, "three": 3, "four": 4}


def test_a_circle_of_requirements_is_refused_and_the_field_named() -> None:
    a = Recorder(
        """
        type Query { item: Item }
        type Item @key(fields: "id") { id: ID! left: Int @requires(fields: "right") right: Int @external }
        """,
    )
    b = Recorder('type Item @key(fields: "id") { id: ID! left: Int @external right: Int @requires(fields: "left") }')
    sdl = supergraph_sdl(
        "a b",
        """
        type Query @join__type(graph: A) @join__type(graph: B) { item: Item @join__field(graph: A) }
        type Item @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
          id: ID!
          left: Int @join__field(graph: A, requires: "right") @join__field(graph: B, external: true)
          right: Int @join__field(graph: B, requires: "left") @join__field(graph: A, external: true)
        }
        """,
    )
    with pytest.raises(RequestRefused, match=r"Item\.left"):
        engine(sdl, a=a, b=b).prepare("{ item { left } }")


async def test_requirements_through_an_interface_with_fragments() -> None:
    a = Recorder(
        """
        type Query { item: Item }
        type Item @key(fields: "id") { id: ID! media: Media }
        interface Media { title: String }
        type Book implements Media { title: String pages: Int }
        type Film implements Media { title: String minutes: Int }
        """,
        {"item": {"id": "1", "media": {"__typename": "Film", "title": "T", "minutes": 90}}},
    )
    b = Recorder(
        """
        type Item @key(fields: "id") {
          id: ID! media: Media @external
          label: String @requires(fields: "media { title ... on Book { pages } ... on Film { minutes } }")
        }
        interface Media { title: String }
        type Book implements Media @external { title: String pages: Int }
        type Film implements Media @external { title: String minutes: Int }
        """,
        entities={"Item": lambda r: {**r, "label": f"{r['media']['__typename']} {r['media']['title']} {r['media']['minutes']}"}},
    )
    gateway = federate({"a": a, "b": b})
    assert (await ask(gateway, "{ item { label } }"))["data"] == {"item": {"label": "Film T 90"}}


def test_what_a_path_provides_saves_a_fetch() -> None:
    a = Recorder(
        """
        type Query { review: Review reviewed: Product }
        type Review { product: Product @provides(fields: "name maker { name }") }
        type Product @key(fields: "upc") { upc: ID! name: String @external maker: Maker @external }
        type Maker @key(fields: "id") { id: ID! name: String @external }
        """,
    )
    b = Recorder(
        """
        type Product @key(fields: "upc") { upc: ID! name: String @shareable maker: Maker @shareable }
        type Maker @key(fields: "id") { id: ID! name: String @shareable founded: Int }
        """,
        entities={"Product": dict, "Maker": dict},
    )
    gateway = federate({"a": a, "b": b})
    assert plan(gateway, "{ review { product { name maker { name } } } }").count("Fetch(") == 1
    assert plan(gateway, "{ reviewed { name } }").count("Fetch(") == 2
    assert plan(gateway, "{ review { product { name maker { name founded } } } }").count("Fetch(") == 2


def test_what_is_provided_on_one_member_of_a_union() -> None:
    a = Recorder(
        """
        type Query { media: [Media] @provides(fields: "... on Book { title }") }
        union Media = Book | Film
        type Book @key(fields: "id") { id: ID! title: String @external }
        type Film @key(fields: "id") { id: ID! }
        """,
    )
    b = Recorder(
        """
        type Book @key(fields: "id") { id: ID! title: String @shareable }
        type Film @key(fields: "id") { id: ID! title: String @shareable }
        """,
        entities={"Book": dict, "Film": dict},
    )
    text = plan(federate({"a": a, "b": b}), "{ media { ... on Book { title } ... on Film { title } } }")
    assert text.count("... on Film {\n") + text.count("... on Film { id }") == 3
    assert text.count("... on Book { id }") == 0


def workshop(**down: bool) -> dict[str, Recorder]:
    tools = Recorder(
        'type Query { tools: [Tool] } type Tool @key(fields: "id") { id: ID! }', {"tools": [{"id": "1"}, {"id": "2"}]}
    )
    scales = Recorder(
        'type Tool @key(fields: "id") { id: ID! weight: Int }',
        entities={"Tool": lambda r: {**r, "weight": 5} if r["id"] == "1" else None},
    )
    post = Recorder(
        """
        type Tool @key(fields: "id") {
          id: ID! weight: Int @external postage: Int @requires(fields: "weight") boxed: Boolean
        }
        """,
        entities={"Tool": lambda r: {**r, "postage": lambda _info: r["weight"] * 2, "boxed": True}},
    )
    subgraphs = {"tools": tools, "scales": scales, "post": post}
    for name, is_down in down.items():
        subgraphs[name].down = is_down
    return subgraphs


async def test_where_a_requirement_is_missing_only_what_requires_it_is_null() -> None:
    subgraphs = workshop()
    response = await ask(federate(subgraphs), "{ tools { boxed postage } }")
    assert response == {"data": {"tools": [{"boxed": True, "postage": 10}, {"boxed": True, "postage": None}]}}


async def test_what_requires_nothing_comes_although_a_requirement_can_not_be_had() -> None:
    response = await ask(federate(workshop(scales=True)), "{ tools { boxed postage } }")
    assert response["data"] == {"tools": [{"boxed": True, "postage": None}] * 2}
    assert [error["message"] for error in response["errors"]] == ["connection refused"] * len(response["errors"])


async def test_the_requirement_of_a_skipped_field_is_not_fetched() -> None:
    subgraphs = workshop()
    gateway = federate(subgraphs)
    document = "query ($no: Boolean!) { tools { boxed postage @include(if: $no) } }"
    assert (await ask(gateway, document, {"no": False}))["data"] == {"tools": [{"boxed": True}] * 2}
    assert subgraphs["scales"].requests == []
    response = await ask(gateway, document, {"no": True})
    assert response["data"] == {"tools": [{"boxed": True, "postage": 10}, {"boxed": True, "postage": None}]}


@pytest.mark.parametrize("values", [[{"a": 1}, {"a": 1}], [["x"], None], ["plain", {"a": [None]}], ["plain", "plain"]])
async def test_scalars_of_any_shape_are_sent_as_they_are(values: list[Any]) -> None:
    boxes = [{"id": str(number), "what": value} for number, value in enumerate(values)]
    first = Recorder(
        'scalar Json type Query { boxes: [Box] } type Box @key(fields: "id") { id: ID! what: Json }', {"boxes": boxes}
    )
    second = Recorder(
        'scalar Json type Box @key(fields: "id") { id: ID! what: Json @external echo: Json @requires(fields: "what") }',
        entities={"Box": lambda r: {**r, "echo": r["what"]}},
    )
    response = await ask(federate({"first": first, "second": second}), "{ boxes { echo } }")
    assert response == {"data": {"boxes": [{"echo": value} for value in values]}}


async def test_what_one_step_brings_for_one_type_and_another_for_another_is_not_taken_for_the_same() -> None:
    items = [{"__typename": "Book", "id": "b"}, {"__typename": "Map", "id": "m"}]

    def known(book: str) -> str:
        return f"""
        interface Item {{ id: ID! }}
        type Book implements Item @key(fields: "id") {{ id: ID! {book} }}
        type Map implements Item @key(fields: "id") {{ id: ID! }}
        """

    shelf = 'type Shelf @key(fields: "id") { id: ID! items: [Item!] @shareable }'
    front = Recorder(
        known("") + 'type Query { shelf: Shelf map: Map } type Film implements Item @key(fields: "id") { id: ID! }' + shelf,
        {"shelf": {"id": "s", "items": items}, "map": {"id": "n"}},
    )
    back = Recorder(
        known("isbn: Int") + shelf,
        entities={"Shelf": lambda r: {**r, "items": items}, "Book": lambda r: {**r, "isbn": 7}},
    )
    notes = Recorder(
        known("isbn: Int @external")
        + """
        type Shelf @key(fields: "id") {
          id: ID! items: [Item!] @external note: Int @requires(fields: "items { ... on Book { isbn } }")
        }
        """,
        entities={"Shelf": lambda r: {**r, "note": r["items"][0]["isbn"]}},
    )
    scales = Recorder(
        """
        type Map @key(fields: "id") { id: ID! scale: Int }
        type Film @key(fields: "id") { id: ID! maker: Maker }
        type Maker @key(fields: "id") { id: ID! }
        """,
        entities={"Map": lambda r: {**r, "scale": 3}},
    )
    makers = Recorder('type Maker @key(fields: "id") { id: ID! name: String }')
    gateway = federate({"front": front, "back": back, "notes": notes, "scales": scales, "makers": makers})
    document = "{ map { scale } shelf { items { ... on Map { scale } ... on Film { maker { name } } } note } }"
    assert await ask(gateway, document) == {"data": {"map": {"scale": 3}, "shelf": {"items": [{}, {"scale": 3}], "note": 7}}}


@pytest.mark.parametrize(("skipped", "down"), [(True, False), (False, True)])
async def test_what_one_requirement_misses_below_a_field_is_not_missed_by_another(skipped: bool, down: bool) -> None:
    parcels = Recorder(
        """
        type Query { parcel: Parcel }
        type Parcel @key(fields: "id") { id: ID! goods: [Good!] @external
          cost: Int @requires(fields: "goods { price }") load: Int @requires(fields: "goods { weight }")
        }
        type Good @key(fields: "id") { id: ID! price: Int @external weight: Int @external }
        """,
        {"parcel": {"id": "1"}},
        {
            "Parcel": lambda r: {
                **r,
                "cost": sum(each.get("price", 0) for each in r["goods"]),
                "load": sum(each.get("weight", 0) for each in r["goods"]),
            }
        },
    )
    contents = Recorder(
        'type Parcel @key(fields: "id") { id: ID! goods: [Good!] } type Good @key(fields: "id") { id: ID! }',
        entities={"Parcel": lambda r: {**r, "goods": [{"id": "a"}, {"id": "b"}]}},
    )
    prices = Recorder('type Good @key(fields: "id") { id: ID! price: Int }', entities={"Good": lambda r: {**r, "price": 5}})
    weights = Recorder('type Good @key(fields: "id") { id: ID! weight: Int }', entities={"Good": lambda r: {**r, "weight": 2}})
    prices.down = down
    gateway = federate({"parcels": parcels, "contents": contents, "prices": prices, "weights": weights})
    response = await ask(gateway, "query($s: Boolean!) { parcel { cost @skip(if: $s) load } }", {"s": skipped})
    assert response["data"] == {"parcel": {"load": 4} if skipped else {"cost": None, "load": 4}}
    assert bool(response.get("errors")) is down

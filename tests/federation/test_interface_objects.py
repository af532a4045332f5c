"""Fields for all implementations from a subgraph that knows only the interface."""

from typing import Any

import pytest

from .doubles import Recorder, ask, federate, plan

OWNED = [
    {"__typename": "Book", "id": "1", "title": "Dune", "pages": 400},
    {"__typename": "Film", "id": "2", "title": "Alien", "minutes": 117},
]


def owner() -> Recorder:
    return Recorder(
        """
        type Query { media: [Media!]! one: Media }
        interface Media @key(fields: "id") { id: ID! title: String }
        type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int }
        type Film implements Media @key(fields: "id") { id: ID! title: String minutes: Int }
        """,
        {"media": OWNED, "one": OWNED[0]},
        {name: lambda r: next(each for each in OWNED if each["id"] == r["id"]) for name in ("Media", "Book", "Film")},
    )


def reviews() -> Recorder:
    return Recorder(
        """
        type Query { top: [Media!]! }
        type Media @key(fields: "id") @interfaceObject { id: ID! rating: Int reviews: [Review!]! }
        type Review { body: String of: Media }
        """,
        {"top": [{"id": "2", "rating": 5, "reviews": []}, {"id": "1", "rating": 4, "reviews": []}]},
        {"Media": lambda r: rated(r["id"])},
    )


def rated(id_: str) -> dict[str, Any]:
    return {"id": id_, "rating": int(id_) * 10, "reviews": lambda _info: [{"body": "ok", "of": rated(id_)}]}


@pytest.mark.parametrize(
    ("document", "data", "fetches"),
    [
        ("{ media { id rating } }", {"media": [{"id": "1", "rating": 10}, {"id": "2", "rating": 20}]}, 2),
        (
            "{ media { __typename ... on Book { rating pages } ... on Film { minutes } } }",
            {"media": [{"__typename": "Book", "rating": 10, "pages": 400}, {"__typename": "Film", "minutes": 117}]},
            2,
        ),
        ("{ top { id rating } }", {"top": [{"id": "2", "rating": 5}, {"id": "1", "rating": 4}]}, 1),
        ("{ top { t: __typename rating } }", {"top": [{"t": "Film", "rating": 5}, {"t": "Book", "rating": 4}]}, 2),
        ("{ top { title } }", {"top": [{"title": "Alien"}, {"title": "Dune"}]}, 2),
        ("{ top { rating ... on Book { pages rating } } }", {"top": [{"rating": 5}, {"rating": 4, "pages": 400}]}, 2),
        ("{ top { ... on Film { __typename rating } } }", {"top": [{"__typename": "Film", "rating": 5}, {}]}, 2),
        (
            "{ one { reviews { body of { __typename title rating } } } }",
            {"one": {"reviews": [{"body": "ok", "of": {"__typename": "Book", "title": "Dune", "rating": 10}}]}},
            3,
        ),
        (
            "{ one { ... on Book { reviews { of { ... on Book { pages reviews { body } } } } } } }",
            {"one": {"reviews": [{"of": {"pages": 400, "reviews": [{"body": "ok"}]}}]}},
            None,
        ),
    ],
)
async def test_interface_objects(document: str, data: object, fetches: int | None) -> None:
    gateway = federate({"owner": owner(), "reviews": reviews()})
    assert await ask(gateway, document) == {"data": data}
    if fetches is not None:
        assert plan(gateway, document).count("Fetch(") == fetches


async def test_an_interface_object_that_requires_what_the_owner_has() -> None:
    labels = Recorder(
        """
        type Media @key(fields: "id") @interfaceObject {
          id: ID! title: String @external label: String @requires(fields: "title")
        }
        """,
        entities={"Media": lambda r: {**r, "label": r["title"].upper()}},
    )
    gateway = federate({"owner": owner(), "reviews": reviews(), "labels": labels})
    response = await ask(gateway, "{ media { label } top { label __typename } one { ... on Book { label } } }")
    assert response == {
        "data": {
            "media": [{"label": "DUNE"}, {"label": "ALIEN"}],
            "top": [{"label": "ALIEN", "__typename": "Film"}, {"label": "DUNE", "__typename": "Book"}],
            "one": {"label": "DUNE"},
        }
    }


async def test_fields_of_an_implementation_that_only_a_third_subgraph_has() -> None:
    third = Recorder(
        'type Book @key(fields: "id") { id: ID! isbn: String }', entities={"Book": lambda r: {**r, "isbn": "isbn" + r["id"]}}
    )
    gateway = federate({"owner": owner(), "reviews": reviews(), "third": third})
    response = await ask(gateway, "{ top { rating ... on Book { isbn } } }")
    assert response == {"data": {"top": [{"rating": 5}, {"rating": 4, "isbn": "isbn1"}]}}


async def test_an_interface_object_whose_key_is_not_resolvable_is_left_but_not_entered() -> None:
    links = Recorder(
        """
        type Query { links: [Link!]! }
        type Link { to: Media }
        type Media @key(fields: "id", resolvable: false) @interfaceObject { id: ID! }
        """,
        {"links": [{"to": {"id": "1"}}]},
    )
    gateway = federate({"owner": owner(), "reviews": reviews(), "links": links})
    response = await ask(gateway, "{ links { to { __typename id title rating ... on Book { pages } } } }")
    assert response == {
        "data": {"links": [{"to": {"__typename": "Book", "id": "1", "title": "Dune", "rating": 10, "pages": 400}}]}
    }


async def test_two_interface_objects_of_one_subgraph_meet_in_a_type_that_only_the_owner_knows() -> None:
    guest = Recorder(
        """
        type Query { stored: [Stored!]! printed: Printed }
        type Stored @key(fields: "id") @interfaceObject { id: ID! shelf: Int }
        type Lent @key(fields: "id") @interfaceObject { id: ID! due: String }
        type Printed @key(fields: "id") @interfaceObject { id: ID! }
        """,
        {"stored": [{"id": "m1", "shelf": 1}, {"id": "b1", "shelf": 2}], "printed": {"id": "b1"}},
        {"Lent": lambda r: {**r, "due": "soon"} if r["id"] == "b1" else None},
    )
    owner = Recorder(
        """
        interface Stored @key(fields: "id") { id: ID! }
        interface Lent @key(fields: "id") { id: ID! }
        interface Printed @key(fields: "id") { id: ID! }
        type Book implements Stored & Lent & Printed @key(fields: "id") { id: ID! pages: Int }
        type Map implements Stored @key(fields: "id") { id: ID! }
        type Film implements Lent @key(fields: "id") { id: ID! }
        """,
        entities={"Stored": lambda r: {"__typename": "Map" if r["id"] == "m1" else "Book", "id": r["id"], "pages": 9}},
    )
    gateway = federate({"guest": guest, "owner": owner})
    assert await ask(gateway, "{ stored { shelf ... on Book { due pages } } }") == {
        "data": {"stored": [{"shelf": 1}, {"shelf": 2, "due": "soon", "pages": 9}]}
    }
    assert guest.requests[-1].variables == {"representations": [{"__typename": "Lent", "id": "b1"}]}
    assert await ask(gateway, "{ printed { ... on Book { due } } }") == {"data": {"printed": {"due": "soon"}}}
    assert len(owner.requests) == 1

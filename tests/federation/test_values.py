"""Values and root fields that several subgraphs share, overrides, enums and inputs that differ."""

import pytest

from gateway.federation.engine import RequestRefused

from .doubles import Canned, Recorder, ask, federate, plan


def _settings() -> dict[str, Recorder]:
    return {
        "a": Recorder(
            """
            type Query { settings: Settings @shareable list: [Settings!] @shareable }
            type Settings { a: Int inner: Inner @shareable } type Inner { x: Int }
            """,
            {"settings": {"a": 1, "inner": {"x": 1}}, "list": [{"a": n} for n in (1, 2)]},
        ),
        "b": Recorder(
            """
            type Query { settings: Settings @shareable list: [Settings!] @shareable }
            type Settings { b: Int inner: Inner @shareable } type Inner { y: Int }
            """,
            {"settings": {"b": 2, "inner": {"y": 2}}, "list": [{"b": n} for n in (10, 20)]},
        ),
    }


async def test_shared_root_fields_merge_deeply_objects_and_lists() -> None:
    gateway = federate(_settings())
    response = await ask(gateway, "{ settings { a b inner { x y } } list { b a } }")
    assert response == {
        "data": {
            "settings": {"a": 1, "b": 2, "inner": {"x": 1, "y": 2}},
            "list": [{"b": 10, "a": 1}, {"b": 20, "a": 2}],
        }
    }


def test_shared_root_fields_are_fetched_side_by_side() -> None:
    assert plan(federate(_settings()), "{ settings { b inner { x } } }").startswith("QueryPlan {\n  Parallel {")
    assert plan(federate(_settings()), "{ settings { b inner { y } } }").count("Fetch(") == 1


async def test_one_of_two_shared_sources_fails_and_the_rest_stands() -> None:
    subgraphs = _settings()
    subgraphs["b"].down = True
    response = await ask(federate(subgraphs), "{ settings { a b } }")
    assert response["data"] == {"settings": {"a": 1, "b": None}}
    assert response["errors"][0]["path"] == ["settings", "b"]


async def test_a_keyless_child_is_reached_by_entering_its_parent_again() -> None:
    a = Recorder(
        """
        type Query { product: Product }
        type Product @key(fields: "id") { id: ID! size: Size @shareable parts: [Part!]! @shareable }
        type Size { width: Int } type Part { name: String }
        """,
        {"product": {"id": "1", "size": {"width": 3}, "parts": [{"name": "x"}, {"name": "y"}]}},
    )
    b = Recorder(
        """
        type Product @key(fields: "id") { id: ID! size: Size @shareable parts: [Part!]! @shareable }
        type Size { height: Int maker: Maker } type Part { weight: Int }
        type Maker @key(fields: "id") { id: ID! }
        """,
        entities={
            "Product": lambda r: {**r, "size": {"height": 4, "maker": {"id": "m"}}, "parts": [{"weight": 1}, {"weight": 2}]}
        },
    )
    c = Recorder('type Maker @key(fields: "id") { id: ID! name: String }', entities={"Maker": lambda r: {**r, "name": "M"}})
    gateway = federate({"a": a, "b": b, "c": c})
    response = await ask(gateway, "{ product { size { width height maker { name } } parts { name weight } } }")
    assert response["data"]["product"] == {
        "size": {"width": 3, "height": 4, "maker": {"name": "M"}},
        "parts": [{"name": "x", "weight": 1}, {"name": "y", "weight": 2}],
    }
    assert [len(each.requests) for each in (a, b, c)] == [1, 1, 1]


async def test_a_query_below_a_field_is_entered_again() -> None:
    a = Recorder(
        """
        type Query { a: Int node(id: ID!): Node }
        type Mutation { change: Payload! } type Payload { query: Query! done: Boolean }
        interface Node { id: ID! }
        type User implements Node @key(fields: "id") { id: ID! }
        """,
        {"change": {"query": {"a": 1}, "done": True}, "a": 1, "node": {"__typename": "User", "id": "1"}},
    )
    b = Recorder(
        'type Query { b: Int } type User @key(fields: "id") { id: ID! name: String }',
        {"b": 2},
        {"User": lambda r: {**r, "name": "Ada"}},
    )
    gateway = federate({"a": a, "b": b})
    assert (await ask(gateway, "mutation { change { done query { a b } } }"))["data"] == {
        "change": {"done": True, "query": {"a": 1, "b": 2}}
    }
    assert len(a.requests) == 1
    response = await ask(gateway, '{ node(id: "1") { id ... on User { name } __typename } }')
    assert response["data"] == {"node": {"id": "1", "name": "Ada", "__typename": "User"}}


async def test_an_overridden_field_is_read_from_its_new_home() -> None:
    a = Recorder(
        'type Query { item: Item } type Item @key(fields: "id") { id: ID! name: String note: String }',
        {"item": {"id": "1", "name": "old", "note": "n"}},
        {"Item": lambda r: {**r, "note": "n"}},
    )
    b = Recorder(
        """
        type Item @key(fields: "id") {
          id: ID! name: String @override(from: "a") note: String @override(from: "nowhere") @shareable
        }
        """,
        entities={"Item": lambda r: {**r, "name": "new", "note": "n"}},
    )
    c = Recorder(
        'type Item @key(fields: "id") { id: ID! name: String @external loud: String @requires(fields: "name") }',
        entities={"Item": lambda r: {**r, "loud": r["name"].upper()}},
    )
    a.sdl = a.sdl.replace("note: String", "note: String @shareable")
    gateway = federate({"a": a, "b": b, "c": c})
    assert (await ask(gateway, "{ item { name loud note } }"))["data"]["item"] == {"name": "new", "loud": "NEW", "note": "n"}
    assert plan(gateway, "{ item { note } }").count("Fetch(") == 1


async def test_a_progressive_override_follows_its_label() -> None:
    a = Recorder(
        'type Query { item: Item } type Item @key(fields: "id") { id: ID! name: String }', {"item": {"id": "1", "name": "old"}}
    )
    b = Recorder(
        'type Item @key(fields: "id") { id: ID! name: String @override(from: "a", label: "move-name") }',
        entities={"Item": lambda r: {**r, "name": "new"}},
    )
    subgraphs = {"a": a, "b": b}
    assert (await ask(federate(subgraphs), "{ item { name } }"))["data"]["item"] == {"name": "old"}
    labelled = federate(subgraphs, override_labels=["move-name"])
    assert (await ask(labelled, "{ item { name } }"))["data"]["item"] == {"name": "new"}


async def test_an_enum_value_that_the_api_hides_is_null() -> None:
    a = Recorder(
        """
        type Query { all: [Kind] strict: [Kind!]! first: Kind one(kind: Kind): Kind box: Box }
        type Box { kinds: [Kind!] }
        enum Kind { A B @inaccessible }
        """,
        {"all": ["A", "B"], "strict": ["A"], "first": "B", "box": {"kinds": ["B"]}, "one": lambda _info, kind: kind},
    )
    gateway = federate({"a": a})
    assert await ask(gateway, "{ all strict first one(kind: A) }") == {
        "data": {"all": ["A", None], "strict": ["A"], "first": None, "one": "A"}
    }
    response = await ask(gateway, "{ first box { kinds } }")
    assert response["data"] == {"first": None, "box": {"kinds": None}}
    assert [error["path"] for error in response["errors"]] == [["box", "kinds", 0]]
    with pytest.raises(RequestRefused, match="Kind"):
        gateway.prepare("{ one(kind: B) }")
    assert "data" not in await ask(gateway, "query($k: Kind) { one(kind: $k) }", {"k": "B"})


async def test_an_enum_value_that_nobody_declares_is_null_with_an_error() -> None:
    a = Canned("type Query { kind: Kind } enum Kind { A B @inaccessible }", {"kind": "C"})
    response = await ask(federate({"a": a}), "{ kind }")
    assert response["data"] == {"kind": None}
    assert [error["path"] for error in response["errors"]] == [["kind"]]


async def test_inputs_are_what_all_subgraphs_understand() -> None:
    a = Recorder(
        """
        type Query { find(filter: Filter): String @shareable }
        input Filter { name: String! = "ada" only: Int }
        """,
        {"find": lambda _info, **given: given["filter"]["name"]},
    )
    b = Recorder(
        "type Query { other(filter: Filter!): Int } input Filter { name: String! }",
        {"other": lambda _info, **given: len(given["filter"]["name"])},
    )
    gateway = federate({"a": a, "b": b})
    response = await ask(
        gateway,
        "query($f: Filter!, $n: String!) { find(filter: $f) other(filter: { name: $n }) }",
        {"f": {"name": "x"}, "n": "four"},
    )
    assert response["data"] == {"find": "x", "other": 4}
    with pytest.raises(RequestRefused, match="only"):
        gateway.prepare('{ find(filter: { name: "x", only: 1 }) }')


async def test_a_type_mismatch_is_an_error_at_its_path() -> None:
    sdl = "type Query { item: Item } type Item { number: Int list: [Int] object: Item id: ID }"
    a = Canned(sdl, {"item": {"number": "x", "list": 3, "object": [], "id": 7}})
    response = await ask(federate({"a": a}), "{ item { number list object { id } id } }")
    assert response["data"] == {"item": {"number": None, "list": None, "object": None, "id": "7"}}
    assert [error["path"] for error in response["errors"]] == [["item", "number"], ["item", "list"], ["item", "object"]]


async def test_conditions_choose_before_any_fetch() -> None:
    gateway = federate(_settings())
    document = """
    query($a: Boolean!, $b: Boolean = true) {
      settings @include(if: $a) { a @skip(if: $b) ... @include(if: $b) { b @include(if: $a) __typename } }
      list @skip(if: $a) { a @include(if: $b) }
    }
    """
    text = plan(gateway, document)
    assert "Condition" in text
    assert (await ask(gateway, document, {"a": True}))["data"] == {"settings": {"b": 2, "__typename": "Settings"}}
    assert (await ask(gateway, document, {"a": False}))["data"] == {"list": [{"a": 1}, {"a": 2}]}
    assert (await ask(gateway, document, {"a": False, "b": False}))["data"] == {"list": [{}, {}]}
    assert (await ask(gateway, document, {"a": True, "b": False}))["data"] == {"settings": {"a": 1}}


async def test_no_second_source_is_asked_for_what_is_skipped() -> None:
    subgraphs = _settings()
    gateway = federate(subgraphs)
    document = "query($y: Boolean!) { settings { a inner { x y @include(if: $y) } } }"
    assert (await ask(gateway, document, {"y": False}))["data"] == {"settings": {"a": 1, "inner": {"x": 1}}}
    assert [len(each.requests) for each in subgraphs.values()] == [1, 0]
    assert (await ask(gateway, document, {"y": True}))["data"]["settings"]["inner"] == {"x": 1, "y": 2}
    turned = "query($a: Boolean!) { settings { a @include(if: $a) b } }"
    assert (await ask(gateway, turned, {"a": False}))["data"] == {"settings": {"b": 2}}
    assert [len(each.requests) for each in subgraphs.values()] == [2, 2]


async def test_custom_directives_of_fields_go_to_the_subgraphs() -> None:
    definition = "directive @upper(when: Boolean = true) on FIELD "
    a = Recorder(
        definition + 'type Query { one: One } type One @key(fields: "id") { id: ID! x: String }', {"one": {"id": "1", "x": "a"}}
    )
    b = Recorder(definition + 'type One @key(fields: "id") { id: ID! y: String }', entities={"One": lambda r: {**r, "y": "b"}})
    gateway = federate({"a": a, "b": b})
    document = "query ($w: Boolean) { one { x @upper y @upper(when: $w) } one @upper { id } }"
    assert await ask(gateway, document, {"w": False}) == {"data": {"one": {"x": "a", "y": "b", "id": "1"}}}
    assert "x @upper(when: true)" in a.requests[0].document
    assert "y @upper(when: $w)" in b.requests[0].document
    assert b.requests[0].variables["w"] is False

"""How entities are reached by their keys."""

from typing import Any

from .doubles import Recorder, ask, federate, plan


async def test_composite_and_nested_keys_with_lists() -> None:
    orders = Recorder(
        """
        type Query { orders: [Order!]! }
        type Order @key(fields: "number shop { id tags { name } }") { number: Int! shop: Shop! }
        type Shop @shareable { id: ID! tags: [Tag!]! }
        type Tag @shareable { name: String! }
        """,
        {"orders": [{"number": n, "shop": {"id": "s", "tags": [{"name": "x"}, {"name": "y"}]}} for n in (1, 2)]},
    )
    seen: list[dict[str, Any]] = []

    def order(r: dict[str, Any]) -> dict[str, Any]:
        seen.append(r)
        return {**r, "total": r["number"] * 10}

    prices = Recorder(
        """
        type Order @key(fields: "number shop { id tags { name } }") { number: Int! shop: Shop! total: Int }
        type Shop @shareable { id: ID! tags: [Tag!]! }
        type Tag @shareable { name: String! }
        """,
        entities={"Order": order},
    )
    response = await ask(federate({"orders": orders, "prices": prices}), "{ orders { total } }")
    assert response == {"data": {"orders": [{"total": 10}, {"total": 20}]}}
    assert seen[0] == {"__typename": "Order", "number": 1, "shop": {"id": "s", "tags": [{"name": "x"}, {"name": "y"}]}}


CHAIN = {
    "a": 'type Query { item: Item } type Item @key(fields: "a") { a: ID! }',
    "b": 'type Item @key(fields: "a") @key(fields: "b") { a: ID! b: ID }',
    "c": 'type Item @key(fields: "b") @key(fields: "c { id }") { b: ID c: C } type C @shareable { id: ID! }',
    "d": 'type Item @key(fields: "c { id }") { c: C last: String } type C @shareable { id: ID! }',
}


def _chain(**entities: Any) -> dict[str, Recorder]:
    made: dict[str, Any] = {
        "b": lambda r: {"a": r["a"], "b": "b" + r["a"]},
        "c": lambda r: {"b": r["b"], "c": {"id": "c" + r["b"]}},
        "d": lambda r: {"c": r["c"], "last": "d" + r["c"]["id"]},
        **entities,
    }
    return {
        name: Recorder(sdl, {"item": {"a": "1"}}, {"Item": made[name]} if name in made else None) for name, sdl in CHAIN.items()
    }


async def test_a_chain_of_keys_over_several_subgraphs() -> None:
    assert await ask(federate(_chain()), "{ item { last } }") == {"data": {"item": {"last": "dcb1"}}}


async def test_a_null_key_and_a_failed_hop_leave_null_and_go_on() -> None:
    without_key = federate(_chain(b=lambda r: {"a": r["a"], "b": None}))
    assert await ask(without_key, "{ item { a last } }") == {"data": {"item": {"a": "1", "last": None}}}
    without_entity = federate(_chain(c=lambda _r: None))
    assert await ask(without_entity, "{ item { a last } }") == {"data": {"item": {"a": "1", "last": None}}}


async def test_a_key_that_is_not_resolvable_is_only_sent_from_there() -> None:
    a = Recorder('type Query { item: Item } type Item @key(fields: "id", resolvable: false) { id: ID! }', {"item": {"id": "1"}})
    b = Recorder(
        'type Query { other: Item } type Item @key(fields: "id") { id: ID! name: String }',
        {"other": {"id": "2", "name": "two"}},
        {"Item": lambda r: {"id": r["id"], "name": "one"}},
    )
    engine = federate({"a": a, "b": b})
    assert (await ask(engine, "{ item { name } other { id name } }"))["data"] == {
        "item": {"name": "one"},
        "other": {"id": "2", "name": "two"},
    }


async def test_fields_under_different_arguments_of_an_entity_stay_apart() -> None:
    a = Recorder('type Query { item: Item } type Item @key(fields: "id") { id: ID! }', {"item": {"id": "1"}})
    b = Recorder(
        'type Item @key(fields: "id") { id: ID! price(in: String = "EUR"): String }',
        entities={"Item": lambda r: {"id": r["id"], "price": lambda _info, **args: args["in"]}},
    )
    engine = federate({"a": a, "b": b})
    document = 'query($c: String) { item { price price__1: price(in: "USD") other: price(in: $c) id: price(in: "GBP") } }'
    assert (await ask(engine, document, {"c": "CHF"}))["data"]["item"] == {
        "price": "EUR",
        "price__1": "USD",
        "other": "CHF",
        "id": "GBP",
    }


def test_fields_of_one_subgraph_are_fetched_there_once() -> None:
    """Three fields that one subgraph has are fetched there, though each alone could come from elsewhere."""
    a = Recorder('type Query { item: Item } type Item @key(fields: "id") { id: ID! }')
    b = Recorder('type Item @key(fields: "id") { id: ID! x: Int @shareable y: Int @shareable }', entities={"Item": dict})
    c = Recorder('type Item @key(fields: "id") { id: ID! y: Int @shareable z: Int @shareable }', entities={"Item": dict})
    d = Recorder(
        'type Item @key(fields: "id") { id: ID! x: Int @shareable y: Int @shareable z: Int @shareable }',
        entities={"Item": dict},
    )
    text = plan(federate({"a": a, "b": b, "c": c, "d": d}), "{ item { x y z } }")
    assert text.count("Fetch(") == 2
    assert 'service: "d"' in text


async def test_no_fetch_of_a_chain_is_sent_for_a_skipped_field() -> None:
    subgraphs = _chain()
    gateway = federate(subgraphs)
    document = "query($yes: Boolean!) { item { a last @include(if: $yes) } }"
    assert await ask(gateway, document, {"yes": False}) == {"data": {"item": {"a": "1"}}}
    assert [len(each.requests) for each in subgraphs.values()] == [1, 0, 0, 0]
    assert (await ask(gateway, document, {"yes": True}))["data"] == {"item": {"a": "1", "last": "dcb1"}}

"""Progressive overrides: whose field it is hangs on labels, which are decided for each request."""

from collections.abc import Collection, Iterator
from typing import Any

import pytest

from gateway.federation.engine import Engine

from .doubles import Recorder, ask, federate

OLD = """
type Query { items: [Item!]! }
type Item @key(fields: "id") { id: ID! name: String size: Int plain: Int }
"""
NEW = """
type Item @key(fields: "id") {
  id: ID!
  name: String @override(from: "old", label: "percent(25)")
  size: Int @override(from: "old", label: "moved")
}
"""
ITEMS = [{"id": "1", "name": "old name", "size": 1, "plain": 0}, {"id": "2", "name": "old name", "size": 1, "plain": 0}]


def shops(**options: Any) -> Engine:
    old = Recorder(OLD, {"items": ITEMS}, {"Item": lambda _: ITEMS[0]})
    new = Recorder(NEW, entities={"Item": lambda sent: {**sent, "name": "new name", "size": 2}})
    return federate({"old": old, "new": new}, **options)


class Draws:
    """Gives the numbers one by one, and counts."""

    def __init__(self, *numbers: float) -> None:
        self._numbers: Iterator[float] = iter(numbers)
        self.count = 0

    def __call__(self) -> float:
        self.count += 1
        return next(self._numbers)


@pytest.mark.parametrize(("drawn", "name"), [(0.0, "new name"), (0.2499, "new name"), (0.25, "old name"), (0.999, "old name")])
async def test_a_share_of_the_requests_goes_to_the_new_home(drawn: float, name: str) -> None:
    response = await ask(shops(draw=lambda: drawn), "{ items { name } }")
    assert response["data"] == {"items": [{"name": name}, {"name": name}]}


async def test_each_request_is_decided_anew_and_its_plan_kept() -> None:
    engine = shops(draw=Draws(0.1, 0.9, 0.2, 0.8))
    plans = [engine.prepare("{ items { name } }").plan for _ in range(4)]
    assert plans[0] is plans[2]
    assert plans[1] is plans[3]
    assert plans[0] is not plans[1]


async def test_nothing_is_drawn_for_an_operation_that_touches_no_share() -> None:
    draws = Draws()
    engine = shops(draw=draws)
    for _ in range(2):
        await ask(engine, "{ items { id plain } }")
        await ask(engine, "{ items { size } }")
    assert draws.count == 0


async def test_a_label_is_active_where_it_is_named() -> None:
    assert (await ask(shops(), "{ items { size } }"))["data"]["items"][0] == {"size": 1}
    assert (await ask(shops(override_labels={"moved"}), "{ items { size } }"))["data"]["items"][0] == {"size": 2}


async def test_a_share_that_is_named_is_the_whole() -> None:
    engine = shops(override_labels=["percent(25)"], draw=lambda: 0.99)
    assert (await ask(engine, "{ items { name } }"))["data"]["items"][0] == {"name": "new name"}


async def test_labels_may_hang_on_the_request() -> None:
    def labels(context: object) -> Collection[str]:
        return {"moved"} if context == "tester" else ()

    engine = shops(override_labels=labels)
    sizes: list[object] = []
    for context in ("tester", "other", "tester"):
        operation = engine.prepare("{ items { size } }", context=context)
        sizes.append((await engine.execute(operation, None, context))["data"])
    assert sizes == [{"items": [{"size": size}] * 2} for size in (2, 1, 2)]


async def test_one_operation_is_decided_once_for_all_of_its_fields() -> None:
    engine = shops(draw=Draws(0.1))
    response = await ask(engine, "{ items { name } more: items { name } }")
    assert {each["name"] for items in response["data"].values() for each in items} == {"new name"}


async def test_shares_of_one_request_are_nested() -> None:
    old = Recorder(OLD, {"items": ITEMS}, {"Item": lambda _: ITEMS[0]})
    sdl = NEW.replace("moved", "percent(60)")
    new = Recorder(sdl, entities={"Item": lambda sent: {**sent, "name": "new name", "size": 2}})
    seen: list[tuple[object, object]] = []
    for drawn in (0.1, 0.4, 0.8):
        response = await ask(federate({"old": old, "new": new}, draw=lambda drawn=drawn: drawn), "{ items { name size } }")
        seen.append(tuple(response["data"]["items"][0].values()))  # pyright: ignore[reportArgumentType] - two of them
    assert seen == [("new name", 2), ("old name", 2), ("old name", 1)]


async def test_a_requirement_that_moves_touches_who_requires_it() -> None:
    old = Recorder(OLD, {"items": ITEMS}, {"Item": lambda _: ITEMS[0]})
    new = Recorder(NEW, entities={"Item": lambda sent: {**sent, "name": "new name", "size": 2}})
    third = Recorder(
        'type Item @key(fields: "id") { id: ID! size: Int @external area: Int @requires(fields: "size") }',
        entities={"Item": lambda sent: {**sent, "area": sent["size"] * 10}},
    )
    active: set[str] = set()
    engine = federate({"old": old, "new": new, "third": third}, override_labels=lambda _: active)
    assert (await ask(engine, "{ items { area } }"))["data"]["items"][0] == {"area": 10}
    active.add("moved")
    assert (await ask(engine, "{ items { area } }"))["data"]["items"][0] == {"area": 20}

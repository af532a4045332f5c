"""Mutations: each root field exactly once, in the order of the document, and no entity fetched without need."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .doubles import Recorder, ask, federate

HOMES = {"add": "a", "rename": "b", "drop": "a", "touch": "c"}
FIELDS = {"id": None, "name": "a", "stock": "b", "likes": "c"}


def subgraphs(log: list[str]) -> dict[str, Recorder]:
    def run(name: str) -> Any:
        def resolve(_info: object, mark: int) -> dict[str, Any]:
            log.append(f"{name} {mark}")
            return {"id": str(mark), "name": f"name {mark}", "stock": mark, "likes": len(log)}

        return resolve

    made: dict[str, Recorder] = {}
    for graph, field in (("a", "name: String"), ("b", "stock: Int"), ("c", "likes: Int")):
        own = " ".join(f"{name}(mark: Int!): Item" for name, home in HOMES.items() if home == graph)
        made[graph] = Recorder(
            f'type Query {{ items: [Item] @shareable }} type Mutation {{ {own} }} type Item @key(fields: "id") {{ id: ID! {field} }}',
            {name: run(name) for name in HOMES},
            {"Item": lambda r: {**r, "name": f"name {r['id']}", "stock": int(r["id"]), "likes": len(log)}},
        )
    return made


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from([*HOMES]), st.sets(st.sampled_from([*FIELDS]), min_size=1)), min_size=1, max_size=6))
def test_root_fields_run_once_each_in_order_with_the_fewest_fetches(drawn: list[tuple[str, set[str]]]) -> None:
    log: list[str] = []
    graphs = subgraphs(log)
    fields = " ".join(f"m{n}: {name}(mark: {n}) {{ {' '.join(sorted(wanted))} }}" for n, (name, wanted) in enumerate(drawn))
    response = asyncio.run(ask(federate(graphs), f"mutation {{ {fields} }}"))

    assert log == [f"{name} {n}" for n, (name, _) in enumerate(drawn)]
    assert [*response["data"]] == [f"m{n}" for n in range(len(drawn))]
    runs: list[tuple[str, set[str]]] = []
    for name, wanted in drawn:
        home = HOMES[name]
        elsewhere = {FIELDS[field] for field in wanted} - {None, home}
        if runs and runs[-1][0] == home:
            runs[-1][1].update(elsewhere)
        else:
            runs.append((home, elsewhere))
    assert sum(len(each.requests) for each in graphs.values()) == sum(1 + len(elsewhere) for _, elsewhere in runs)
    assert sum(request.kind == "mutation" for each in graphs.values() for request in each.requests) == len(runs)


async def test_the_follow_ups_of_a_root_field_come_before_the_next() -> None:
    log: list[str] = []
    response = await ask(
        federate(subgraphs(log)), "mutation { add(mark: 1) { likes } touch(mark: 2) { likes } drop(mark: 3) { likes } }"
    )
    assert response["data"] == {"add": {"likes": 1}, "touch": {"likes": 2}, "drop": {"likes": 3}}

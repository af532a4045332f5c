"""What the rules make of fetch graphs: the steps and what they wait for, as text."""

from textwrap import dedent

import pytest

from gateway.federation.engine import Engine

from .doubles import Recorder, ask, federate
from .village import Village


def graph(engine: Engine, document: str) -> str:
    return "\n".join(map(str, engine.explain(document).fetch_graphs))


CIRCLE = {
    "a": """
      type Query { feed: [Post] }
      type Post @key(fields: "id") { id: ID! novice: Boolean @external expert: Boolean @requires(fields: "novice") }
      type Author @key(fields: "id") { id: ID! years: Int }
    """,
    "b": """
      type Post @key(fields: "id") { id: ID! author: Author novice: Boolean @requires(fields: "author { years }") }
      type Author @key(fields: "id") { id: ID! years: Int @external }
    """,
}


def test_what_a_circle_of_requirements_has_fetched_is_not_fetched_again() -> None:
    engine = federate({name: Recorder(sdl) for name, sdl in CIRCLE.items()})
    assert (
        graph(engine, "{ feed { expert novice author { id years } } }")
        == dedent(
            """
            1. query a
            {
              feed {
                id
              }
            }
            2. query b at "feed.@" after 1
            ... on Post { id }
            {
              ... on Post {
                author {
                  id
                }
              }
            }
            3. query a at "feed.@.author" after 2
            ... on Author { id }
            {
              ... on Author {
                years
              }
            }
            4. query b at "feed.@" after 1, 2, 3
            ... on Post { id author { years } }
            {
              ... on Post {
                novice
              }
            }
            5. query a at "feed.@" after 1, 2, 4
            ... on Post { id novice }
            {
              ... on Post {
                expert
              }
            }
            """
        ).strip()
    )


@pytest.mark.parametrize(("condition", "times"), [("a", 1), ("b", 2)])
def test_what_an_earlier_step_may_leave_out_is_asked_for_again(condition: str, times: int) -> None:
    engine = federate({name: Recorder(sdl) for name, sdl in CIRCLE.items()})
    head = "query($a: Boolean!, $b: Boolean!) { feed { id @skip(if: $b) novice @include(if: $a)"
    assert graph(engine, f"{head} author @include(if: ${condition}) {{ years }} }} }}").count("    author ") == times


WORKSHOP = {
    "tools": 'type Query { tools: [Tool] } type Tool @key(fields: "id") { id: ID! weight: Int }',
    "post": """
      type Tool @key(fields: "id") {
        id: ID! weight: Int @external postage: Int @requires(fields: "weight") boxed: Boolean owner: Person
      }
      type Person @key(fields: "id") { id: ID! }
    """,
    "people": 'type Person @key(fields: "id") { id: ID! name: String tools: [Tool] } type Tool @key(fields: "id") { id: ID! }',
}


async def test_steps_of_one_subgraph_travel_together_though_some_may_not_be_wanted() -> None:
    village = Village()
    subgraphs = village.subgraphs()
    engine = federate(subgraphs)
    document = "query($no: Boolean!) { feed { ... on Post { hot @skip(if: $no) views } } }"
    stats = next(each for each in engine.prepare(document).plan.fetches() if each.subgraph == "stats")
    assert (
        str(stats)
        == dedent(
            """
            Fetch(service: "stats") {
              Flatten(path: "feed.@", if: not $no) {
                ... on Post { id words }
                =>
                {
                  ... on Post {
                    score
                  }
                }
              },
              Flatten(path: "feed.@") {
                ... on Post { id }
                =>
                {
                  ... on Post {
                    views
                  }
                }
              },
            }
            """
        ).strip()
    )
    response = await ask(engine, document, {"no": True})
    assert "errors" not in response
    assert [len(each) for each in subgraphs["stats"].requests[0].variables.values()] == [0, 4]  # type: ignore[arg-type]
    assert subgraphs["reviews"].requests == []
    await ask(engine, document, {"no": False})
    assert [len(each) for each in subgraphs["stats"].requests[1].variables.values()] == [4, 4]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("document", "steps"),
    [
        ("query($a: Boolean!) { tools @include(if: $a) { id boxed @skip(if: $a) } }", 1),
        ("query($a: Boolean!) { tools { boxed } tools @include(if: $a) { boxed owner { id } } }", 2),
    ],
)
def test_conditions_that_are_known_to_hold_or_not_cause_no_step(document: str, steps: int) -> None:
    engine = federate({name: Recorder(sdl) for name, sdl in WORKSHOP.items()})
    assert [len(each.steps) for each in engine.explain(document).fetch_graphs] == [steps]

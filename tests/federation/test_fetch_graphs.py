"""What the rules make of fetch graphs: the steps and what they wait for, as text."""

from textwrap import dedent

import pytest

from gateway.federation.engine import Engine

from .doubles import Recorder, federate


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

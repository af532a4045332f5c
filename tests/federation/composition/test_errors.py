"""What a person is told when subgraphs do not compose."""

import pytest

from gateway.federation.composition import CompositionFailed, SubgraphSdl, compose
from tests.federation.composition.cases import LINK


def refuse(**subgraphs: str) -> CompositionFailed:
    with pytest.raises(CompositionFailed) as refused:
        compose(SubgraphSdl(name, f"http://{name}.test", LINK + sdl) for name, sdl in subgraphs.items())
    return refused.value


def test_an_error_names_its_code_coordinate_and_subgraphs() -> None:
    (error,) = refuse(
        left='type Query { t: T } type T @key(fields: "id") { id: ID! x: Int }',
        right='type T @key(fields: "id") { id: ID! x: Int @shareable }',
    ).errors

    assert error.code == "INVALID_FIELD_SHARING"
    assert error.coordinates == ("T.x",)
    assert error.subgraphs == ("left", "right")
    assert error.message == '"T.x" is resolved in subgraphs "left" and "right", but is not @shareable in subgraph "left".'


def test_all_errors_of_a_stage_are_told_at_once() -> None:
    failure = refuse(
        left='type Query { t: T } type T @key(fields: "nope") { id: ID! }',
        right='type T @key(fields: "id") { id: ID! y: Int @requires(fields: "z") }',
    )

    assert {(error.code, *error.subgraphs) for error in failure.errors} == {
        ("KEY_INVALID_FIELDS", "left"),
        ("REQUIRES_INVALID_FIELDS", "right"),
    }


def test_an_unreachable_field_comes_with_a_query_that_fails_and_why_in_each_subgraph() -> None:
    (error,) = refuse(
        catalog='type Query { shelf: Shelf } type Shelf { book: Book } type Book @key(fields: "id") { id: ID! }',
        stock='type Book @key(fields: "id", resolvable: false) { id: ID! left: Int }',
    ).errors

    assert error.code == "SATISFIABILITY_ERROR"
    assert error.coordinates == ("Book.left",)
    assert error.subgraphs == ("catalog",)
    assert error.message == (
        '"Book.left" can not be reached by the query\n'
        "{\n  shelf {\n    book {\n      left\n    }\n  }\n}\n"
        "because\n"
        '- from subgraph "catalog":\n'
        '  - it does not have the field "Book.left".\n'
        '  - subgraph "stock", which has the field, can not be reached: no @key of "Book" is resolvable there.'
    )


def test_a_key_that_can_not_be_filled_is_named() -> None:
    errors = refuse(
        a='type Query { t: T } type T @key(fields: "id") { id: ID! }',
        b='type T @key(fields: "upc") { upc: ID! y: Int }',
    ).errors

    assert any('the fields of @key(fields: "upc") can not be resolved from subgraph "a"' in error.message for error in errors)


def test_subgraph_names_are_unique_and_named() -> None:
    with pytest.raises(CompositionFailed) as refused:
        compose([SubgraphSdl("a", "", "type Query { n: Int }"), SubgraphSdl("a", "", "type Query { m: Int }")])
    assert {error.code for error in refused.value.errors} == {"INVALID_SUBGRAPH_NAME"}


def test_no_subgraphs_are_no_supergraph() -> None:
    with pytest.raises(CompositionFailed) as refused:
        compose([])
    assert [error.code for error in refused.value.errors] == ["NO_QUERIES"]


def test_a_graph_built_to_explode_is_refused_within_bounds() -> None:
    """Every field leads on to all subgraphs but one: as many sets of subgraphs as there are subsets."""
    names = [f"s{index:02}" for index in range(16)]
    failure = refuse(
        **{
            name: "type Query { t: T @shareable } type T @shareable { "
            + " ".join(f"without_{other}: T" for other in names if other != name)
            + " }"
            for name in names
        }
    )

    assert "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED" in {error.code for error in failure.errors}

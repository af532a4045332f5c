"""The federation rules, as tables: what composes and what is refused, with which codes."""

import pytest
from graphql import build_schema

from gateway.federation.composition import CompositionFailed, compose
from tests.federation.composition.cases import Case, read_cases

CASES = list(read_cases())


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_verdict(case: Case) -> None:
    try:
        build_schema(compose(case.subgraphs))
        codes = frozenset[str]()
    except CompositionFailed as failure:
        codes = frozenset(error.code for error in failure.errors)

    assert codes == case.codes


def test_the_table_is_of_distinct_cases() -> None:
    assert len({case.name for case in CASES}) == len(CASES)

"""Both npm composers accept and refuse what ours accepts and refuses, but for the differences that are listed with reasons."""

import pytest

from tests.federation.composition.cases import Case, read_cases

from .differences import VERDICTS
from .peers import PEERS, Peer, Peers

CASES = list(read_cases())


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_peer_accepts_and_refuses_what_ours_does(case: Case, peer: Peer, peers: Peers) -> None:
    verdict = peers.compose(peer, case.subgraphs)

    agrees = (verdict.sdl is None) == bool(case.codes)
    assert agrees != (case.name in VERDICTS[peer]), (case.codes, verdict.errors)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if case.codes])
def test_the_reference_composer_refuses_with_the_same_codes(case: Case, peers: Peers) -> None:
    verdict = peers.compose("apollo", case.subgraphs)

    # What it throws rather than returns has no code.
    assert verdict.codes in (case.codes, {"THROWN"})


def test_the_differences_are_of_cases() -> None:
    names = {case.name for case in CASES}
    assert all(names.issuperset(differences) for differences in VERDICTS.values())

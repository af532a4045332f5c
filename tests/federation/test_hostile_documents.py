"""No document holds the process: each is planned or refused within its budget, and never ends in a RecursionError."""

from time import process_time

import pytest

from gateway.federation.engine import RequestRefused

from .test_entities import Community

DEEP_USER = "tweets { author { " * 40
FRAGMENTS = " ".join(f"fragment f{i} on User {{ tweets {{ author {{ ...f{i + 1} }} }} }}" for i in range(400))

HOSTILE = {
    "nested braces": "{ users " + "{ tweets { author " * 2000 + "}" * 4001,
    "nested lists of variables": "query($v: " + "[" * 3000 + "Int" + "]" * 3000 + ") { users { id } }",
    "nested values": "{ user(id: " + "[" * 3000 + "]" * 3000 + ") { id } }",
    "ten thousand tokens": "{ users {" + " name" * 9_990 + "} }",
    "too many tokens": "{ users {" + " name" * 20_000 + "} }",
    "ten thousand overlapping fields": "{" + " users { name }" * 2_000 + "}",
    "overlapping aliases": "{" + " x: users { y: name z: handle }" * 900 + "}",
    "a thousand aliases": "{" + " ".join(f"a{i}: users {{ id }}" for i in range(1_000)) + "}",
    "a thousand arguments": "{" + " ".join(f'a{i}: user(id: "{i}") {{ rank }}' for i in range(900)) + "}",
    "a cycle of fragments": "{ users { ...a } } fragment a on User { ...b } fragment b on User { id ...a }",
    "a long chain of fragments": "{ users { ...f0 } } " + FRAGMENTS + " fragment f400 on User { id }",
    "fragments that double": "{ users { ...f0 } } "
    + " ".join(
        f"fragment f{i} on User {{ a{i}: tweets {{ author {{ ...f{i + 1} }} }} b{i}: tweets {{ author {{ ...f{i + 1} }} }} }}"
        for i in range(25)
    )
    + " fragment f25 on User { id }",
    "fragments spread again and again": "{ users {" + " ...f" * 3_000 + "} } fragment f on User { id }",
    "many operations": " ".join(f"query q{i} {{ users {{ id }} }}" for i in range(1_500)),
    "many variables": "query(" + " ".join(f"$v{i}: Int" for i in range(3_000)) + ") { users { id } }",
    "many unknown fields": "{ users {" + " ".join(f"nam{i}" for i in range(4_000)) + "} }",
    "deep and wide jumps": "{ users { " + DEEP_USER + "rank name " + "} } " * 40 + "} }",
    "conditions": "query("
    + " ".join(f"$v{i}: Boolean!" for i in range(300))
    + ") { users {"
    + " ".join(f"tweets @include(if: $v{i}) {{ author {{ rank }} }}" for i in range(300))
    + "} }",
    "introspection again and again": "{" + " ".join(f"a{i}: __schema {{ types {{ name }} }}" for i in range(900)) + "}",
    "introspection in depth": "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
    "directives again and again": "{ users { id " + "@include(if: true) " * 1_900 + "} }",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_planned_or_refused_in_bounded_time(name: str) -> None:
    community = Community()
    start = process_time()
    try:
        community.engine.prepare(HOSTILE[name])
    except RequestRefused as refused:
        assert refused.errors
        assert len(refused.errors) <= 21
    assert process_time() - start < 5  # the bound of a broken build; benchmarks measure

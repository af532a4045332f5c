"""Random pairs of schemas: nothing that the reference implementation finds goes missing or is taken more lightly."""

from collections import Counter

from graphql import build_schema
from graphql.utilities import find_breaking_changes, find_dangerous_changes
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.federation.changes import Level, find_changes

_OUTPUTS = ("Int", "E", "U", "I", "A", "B")
_INPUTS = ("Int", "E", "X")
_WRAPS = ("{}", "{}!", "[{}]", "[{}!]!", "[{}]!")


def _typed(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.builds(lambda wrap, name: wrap.format(name), st.sampled_from(_WRAPS), st.sampled_from(names))


@st.composite
def _inputs(draw: st.DrawFn) -> str:
    parts = []
    for name in draw(st.lists(st.sampled_from("pqr"), unique=True, max_size=3)):
        of = draw(_typed(_INPUTS))
        default = draw(st.sampled_from(["", " = 1", " = 2"])) if of in ("Int", "Int!") else ""
        parts.append(f"{name}: {of}{default}")
    return " ".join(parts)


@st.composite
def _fields(draw: st.DrawFn, always: str) -> str:
    fields = [always]
    for name in draw(st.lists(st.sampled_from("bcd"), unique=True, max_size=3)):
        arguments = draw(_inputs())
        fields.append(f"{name}{f'({arguments})' if arguments else ''}: {draw(_typed(_OUTPUTS))}")
    return "{ " + " ".join(fields) + " }"


@st.composite
def schemas(draw: st.DrawFn) -> str:
    """Always the types Query, A, B, E, I, U and X; now and then Z. What they hold differs."""
    implements = st.sampled_from(["", "implements I "])
    values = draw(st.lists(st.sampled_from(["RED", "BLUE", "GREEN"]), unique=True, min_size=1))
    members = draw(st.lists(st.sampled_from("AB"), unique=True, min_size=1))
    return "\n".join(
        (
            f"type Query {draw(_fields('a: Int i: I u: U e: E x(x: X): Int'))}",
            "interface I { a: Int }",
            f"type A {draw(implements)}{draw(_fields('a: Int'))}",
            f"type B {draw(implements)}{draw(_fields('a: Int'))}",
            f"enum E {{ {' '.join(values)} }}",
            f"union U = {' | '.join(members)}",
            f"input X {{ n: Int {draw(_inputs()).replace('X!', 'X')} }}",
            draw(st.sampled_from(["", "type Z { a: Int }", "enum Z { A }"])),
            draw(st.sampled_from(["", "directive @d on FIELD", "directive @d(n: Int!) repeatable on FIELD | QUERY"])),
        )
    )


@settings(max_examples=300, deadline=None)
@given(schemas(), schemas())
def test_all_that_the_reference_implementation_finds_is_found(old_sdl: str, new_sdl: str) -> None:
    old, new = build_schema(old_sdl), build_schema(new_sdl)
    changes = find_changes(old, new)
    breaking = Counter(change.code for change in changes if change.level is Level.BREAKING)
    grave = Counter(change.code for change in changes if change.level is not Level.SAFE)
    assert Counter(change.type.name for change in find_breaking_changes(old, new)) <= breaking
    assert Counter(change.type.name for change in find_dangerous_changes(old, new)) <= grave

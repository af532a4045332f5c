"""Whether fields can be merged is decided as the specification's rule decides it."""

from typing import Any

from graphql import OverlappingFieldsCanBeMergedRule, build_schema, parse, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.federation.planner import Budget
from gateway.federation.planner.overlaps import find_overlap

SCHEMA = build_schema("""
type Query { node: Node any: Any a: A }
interface Node { x: Int next: Node arg(v: Int): Int list: [Node] }
type A implements Node { x: Int next: Node arg(v: Int): Int list: [Node] y: String! z: [Int] own: A }
type B implements Node { x: Int next: Node arg(v: Int): Int list: [Node] y: String z: Int own: [B] }
type C { y: Int x: Int own: A }
union Any = A | B | C
""")


@st.composite
def selections(draw: Any, type_: str, depth: int) -> str:
    return "{ " + " ".join(draw(selection(type_, depth)) for _ in range(draw(st.integers(1, 4)))) + " }"


@st.composite
def selection(draw: Any, type_: str, depth: int) -> str:
    members = {"Query": ["Query"], "Any": ["A", "B", "C", "Node"], "Node": ["A", "B", "Node"]}.get(type_, [type_, "Node"])
    if type_ == "C":
        members = ["C", "Any"]
    if type_ == "Any" or (depth and draw(st.integers(0, 2)) == 0):
        narrowed = draw(st.sampled_from(members))
        return f"... on {narrowed} {draw(selections(narrowed, depth - 1))}" if depth > 0 else "__typename"
    fields = {
        "Query": {"node": "Node", "any": "Any", "a": "A"},
        "Node": {"x": "", "next": "Node", "arg(v: 1)": "", "arg(v: 2)": "", "list": "Node"},
        "A": {"x": "", "y": "", "z": "", "own": "A", "next": "Node", "arg(v: 1)": ""},
        "B": {"x": "", "y": "", "z": "", "own": "B", "next": "Node", "arg": ""},
        "C": {"y": "", "x": "", "own": "A"},
    }[type_]
    name = draw(st.sampled_from([name for name, named in fields.items() if depth > 0 or not named] or ["__typename"]))
    alias = draw(st.sampled_from(["", "", "x: ", "own: "]))
    named = fields.get(name, "")
    return alias + name + (f" {draw(selections(named, depth - 1))}" if named else "")


@settings(deadline=None, max_examples=500, suppress_health_check=list(HealthCheck))
@given(selections("Query", 4))
def test_the_verdict_is_the_specifications(text: str) -> None:
    document = parse(text)
    expected = validate(SCHEMA, document, [OverlappingFieldsCanBeMergedRule])
    found = find_overlap(SCHEMA, document.definitions[0], {}, Budget(1_000_000))  # pyright: ignore[reportArgumentType]
    assert bool(found) == bool(expected), (found, expected)

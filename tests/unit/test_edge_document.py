"""The scan of a document against the parser that it protects."""

import pytest
from graphql import GraphQLError, Lexer, Source, TokenKind
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.edge.document import DocumentBounds
from gateway.edge.options import Bounds
from gateway.edge.refusal import Refusal
from gateway.federation.engine import RequestRefused

STRINGS = ['"a b"', '"\\""', '"{{{"', '"""{"a"\n{"""', '"""', '\\"""', '""', "#{{\n"]
PIECES = st.sampled_from([*'{}()[]:@!$&=|,# \n\r"\\', "...", "a", "on", "query", "_x9", "-1", "2.5e3", "0x", *STRINGS])


def lexed(text: str) -> tuple[int, int]:
    """How many tokens the parser's own lexer reads before the end or an error, and how deep its brackets open."""
    lexer = Lexer(Source(text))
    tokens = depth = deepest = 0
    try:
        while (token := lexer.advance()).kind is not TokenKind.EOF:
            tokens += 1
            depth += {"{": 1, "[": 1, "(": 1, "}": -1, "]": -1, ")": -1}.get(token.kind.value, 0)
            deepest = max(deepest, depth)
    except GraphQLError:
        pass
    return tokens, deepest


@given(st.lists(PIECES, max_size=60).map("".join))
@settings(max_examples=500, deadline=None)
def test_the_scan_never_sees_less_than_the_lexer(text: str) -> None:
    tokens, deepest = lexed(text)
    if tokens:
        with pytest.raises((Refusal, RequestRefused)):
            DocumentBounds(Bounds(tokens=tokens - 1)).check(text)
    if deepest:
        with pytest.raises((Refusal, RequestRefused)):
            DocumentBounds(Bounds(nesting=deepest - 1)).check(text)


@pytest.mark.parametrize(
    ("text", "aliases", "root_fields"),
    [
        ("{ a b c }", 0, 3),
        ("query A($v: Int = 1 @d) @d(a: 1) { a(x: {y: 1}) @skip(if: true) { b c } d }", 0, 2),
        ("{ x: a y: b c { z: d } }", 3, 3),
        ("{ ...F ... on Query { a b } ... @include(if: true) { c } on }", 0, 1),
        ("query A { a } query B { b c }", 0, 2),
        ('{ a(x: "b: c") # d: e\n }', 0, 1),
    ],
)
def test_aliases_and_root_fields_are_counted_as_they_are(text: str, aliases: int, root_fields: int) -> None:
    DocumentBounds(Bounds(aliases=aliases, root_fields=root_fields)).check(text)
    with pytest.raises(Refusal):
        DocumentBounds(Bounds(root_fields=root_fields - 1)).check(text)
    if aliases:
        with pytest.raises(Refusal):
            DocumentBounds(Bounds(aliases=aliases - 1)).check(text)


def test_what_was_within_the_bounds_is_remembered_for_short_documents_only() -> None:
    documents = DocumentBounds(Bounds())
    for number in range(3_000):
        documents.check(f"{{ a{number} }}")
    documents.check("{ a }" + " " * 50_000)
    documents.check("{ a0 }")

"""The language of search queries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmur.errors import BadUserInput
from subgraphs.search.model import Clause, From, Has, Lang, Least, Mention, Phrase, Query, Since, Tag, Term, To, Until, Word
from subgraphs.search.service.parse import MAX_LENGTH, parse

DAY = 24 * 3_600_000


def terms(text: str) -> list[Term]:
    """The terms of a query in which every clause is one that must be true."""
    clauses = parse(text).clauses
    assert not any(clause.negated or len(clause.any_of) > 1 for clause in clauses)
    return [clause.any_of[0] for clause in clauses]


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("cats", Word("cats")),
        ('"two cats"', Phrase("two cats")),
        ("#Cats", Tag("cats")),
        ("＃cats", Tag("cats")),
        ("#हिन्दी", Tag("हिन्दी")),
        ("#a-b", Word("#a-b")),
        ("＃größe", Tag("größe")),
        ("@Ada", Mention("ada")),
        ("from:Ada", From("ada")),
        ("FROM:@ada", From("ada")),
        ("to:ada", To("ada")),
        ("since:1970-01-02", Since(DAY)),
        ("until:1970-01-03", Until(2 * DAY)),
        ("min_likes:10", Least("likes", 10)),
        ("min_retweets:0", Least("retweets", 0)),
        ("has:links", Has("links")),
        ("is:reply", Has("reply")),
        ("lang:DE", Lang("de")),
        ("http://example.com", Word("http://example.com")),
        ("#1", Word("#1")),
        ("🎉", Word("🎉")),
        ("a\\b", Word("a\\b")),
        ('5"', Word('5"')),
        ("or", Word("or")),
        ('"OR"', Phrase("OR")),
    ],
)
def test_each_kind_of_term_is_read(text: str, term: Term) -> None:
    assert terms(text) == [term]
    assert parse(f"-{text}").clauses == (Clause((term,), negated=True),)


def test_or_binds_closer_than_a_space() -> None:
    assert parse("grey cats OR dogs OR #mice today") == Query(
        (Clause((Word("grey"),)), Clause((Word("cats"), Word("dogs"), Tag("mice"))), Clause((Word("today"),)))
    )


def test_punctuation_alone_is_nothing_to_search_for() -> None:
    assert terms("cats !? -- & dogs") == [Word("cats"), Word("dogs")]


@pytest.mark.parametrize(
    ("text", "where", "told"),
    [
        ("", "query:", "nothing to search for"),
        (" !!! ", "query:", "nothing to search for"),
        ('cats "two dogs', "at character 6:", "close it"),
        ('cats -"two dogs', "at character 7:", "close it"),
        ('cats "!"', "at character 6:", "between the quotes"),
        ("OR cats", "at character 1:", "between two terms"),
        ("cats OR", "at character 6:", "between two terms"),
        ("cats OR OR dogs", "at character 9:", "between two terms"),
        ("cats OR -dogs", "at character 9:", "-cats -dogs"),
        ("-cats OR dogs", "at character 10:", "-cats -dogs"),
        ("cats from:", "at character 6:", "from:ada"),
        ("to:a-b", "at character 1:", "to:ada"),
        ("since:yesterday", "at character 1:", "since:2026-01-31"),
        ("until:2026-02-30", "at character 1:", "until:2026-01-31"),
        ("min_likes:-1", "at character 1:", "min_likes:10"),
        ("min_retweets:9999999999", "at character 1:", "nine digits"),
        ("has:cats", "at character 1:", "has:links"),
        ("is:", "at character 1:", "is:reply"),
        ("lang:english", "at character 1:", "lang:en"),
        ("\ud800", "at character 1:", "surrogate"),
        ("x" * (MAX_LENGTH + 1), "query:", "at most 512"),
        (" ".join(f"a{n} OR b{n}" for n in range(5)), "query:", "32 combinations"),
    ],
)
def test_an_error_says_where_and_what_would_be_right(text: str, where: str, told: str) -> None:
    with pytest.raises(BadUserInput) as raised:
        parse(text)
    assert where in str(raised.value)
    assert told in str(raised.value)


def test_a_query_may_be_as_long_as_the_bound() -> None:
    assert terms("x" * MAX_LENGTH) == [Word("x" * MAX_LENGTH)]


@given(
    st.text(max_size=60)
    | st.text(alphabet='ab -":#@OR\\\t_1', max_size=40)
    | st.text(st.characters(categories=["Cs", "Cc", "Mn"]))
)
def test_any_text_is_a_query_or_a_clear_error(text: str) -> None:
    try:
        query = parse(text)
    except BadUserInput as error:
        assert str(error).startswith("query")
    else:
        assert query.clauses


def test_of_people_only_what_can_be_said_of_them_is_asked() -> None:
    assert parse("ada -is:reply").of_people() == parse("ada")
    assert parse("ada OR #tag").of_people() == parse("ada")
    assert parse("ada from:bea").of_people() is None
    assert parse("-is:reply").of_people() is None

"""Rows of archives and edge lists: what a line may be, and that what is written is read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmur.archive.rows import (
    AnyRow,
    BadRow,
    BlockRow,
    BookmarkRow,
    FollowRow,
    LikeRow,
    MuteRow,
    RetweetRow,
    TweetRow,
    UserRow,
    decode_edge,
    decode_row,
    encode_row,
    row_id,
    row_lang,
    row_time,
)
from murmur.clock import to_iso

_texts = st.text(st.characters(exclude_categories=["Cs"]))
_maybe = st.none() | _texts
_ids = st.none() | st.integers(1, 2**63 - 1).map(str)
_times = st.none() | st.integers(0, 4_102_444_800_000).map(to_iso)
_rows: st.SearchStrategy[AnyRow] = st.one_of(
    st.builds(
        UserRow,
        id=_ids,
        created_at=_times,
        handle=_texts,
        name=_texts,
        bio=_maybe,
        location=_maybe,
        website=_maybe,
        avatar_url=_maybe,
        verified=st.booleans(),
        protected=st.booleans(),
    ),
    st.builds(FollowRow, id=_ids, created_at=_times, follower=_texts, followee=_texts),
    st.builds(BlockRow, id=_ids, created_at=_times, blocker=_texts, blocked=_texts),
    st.builds(MuteRow, id=_ids, created_at=_times, muter=_texts, muted=_texts),
    st.builds(
        TweetRow, id=_ids, created_at=_times, author=_texts, text=_texts, in_reply_to=_maybe, quotes=_maybe, deleted=st.booleans()
    ),
    *(st.builds(kind, id=_ids, created_at=_times, user=_texts, tweet=_texts) for kind in (RetweetRow, LikeRow, BookmarkRow)),
)


@given(_rows)
def test_a_row_is_one_line_and_is_read_back_as_it_was(row: AnyRow) -> None:
    line = encode_row(row)
    assert b"\n" not in line
    assert decode_row(line) == row
    assert encode_row(decode_row(line)) == line


@given(st.binary(max_size=200))
def test_any_bytes_are_a_row_or_a_bad_row(line: bytes) -> None:
    try:
        decode_row(line)
    except BadRow as bad:
        assert str(bad)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"type":"planet"}', "planet"),
        (b'{"type":"user","handle":"ada"}', "name"),
        (b'{"type":"user","handle":"ada","name":"Ada","nmae":"x"}', "nmae"),
        (b'{"type":"user","handle":7,"name":"Ada"}', "handle"),
        (b'{"type":"tweet","author":"ada","text":"\\ud800"}', ""),
        (b"[" * 100_000, ""),
    ],
)
def test_a_bad_row_says_what_is_wrong_with_it(line: bytes, reason: str) -> None:
    with pytest.raises(BadRow) as refused:
        decode_row(line)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("line", "edge"),
    [
        ("ada bob", ("ada", "bob")),
        ("  ada\tbob  ", ("ada", "bob")),
        ("ada,bob", ("ada", "bob")),
        ("ada, bob", ("ada", "bob")),
        ("0 1", ("0", "1")),
        ("ada bob 0.5 2026", ("ada", "bob")),
        ("ada,bob,0.5", ("ada", "bob")),
        ("", None),
        ("   ", None),
        ("# ada bob", None),
        ("% ada bob", None),
    ],
)
def test_an_edge_is_two_names_and_comments_and_empty_lines_are_none(line: str, edge: tuple[str, str] | None) -> None:
    assert decode_edge(line) == edge


@pytest.mark.parametrize("line", ["ada", "ada,", ",", "'ada'"])
def test_a_line_of_one_name_is_no_edge(line: str) -> None:
    with pytest.raises(BadRow, match="is not an edge"):
        decode_edge(line)


def test_an_id_is_a_decimal_number_of_64_bits() -> None:
    assert row_id(None, "id") is None
    assert row_id("1", "id") == 1
    assert row_id(str(2**63 - 1), "id") == 2**63 - 1
    for text in ("0", "-1", "", "x", "1.0", str(2**63), "9" * 5_000, "١"):
        with pytest.raises(BadRow, match=r"inReplyTo: .* is not an id"):
            row_id(text, "inReplyTo")


def test_a_time_is_iso_8601_with_milliseconds() -> None:
    assert row_time(None) is None
    assert row_time("1970-01-01T00:00:01.002Z") == 1_002
    assert row_time("1970-01-01T01:00:00+01:00") == 0
    assert row_time("1970-01-01T00:00:00") == 0
    for text in ("yesterday", "", "1767607200", "2026-13-01T00:00:00Z"):
        with pytest.raises(BadRow, match="createdAt"):
            row_time(text)


@given(st.integers(0, 4_102_444_800_000))
def test_the_time_of_a_row_survives_to_the_millisecond(ms: int) -> None:
    assert row_time(to_iso(ms)) == ms


def test_a_language_is_a_tag_of_bcp_47_and_no_certain_one_is_none() -> None:
    assert [row_lang(tag) for tag in ("en", "pt-BR", "zh-Hant-TW", "und", "ZXX", None)] == [
        "en",
        "pt-BR",
        "zh-Hant-TW",
        None,
        None,
        None,
    ]
    for tag in ("", "e", "english", "en_GB", "en ", "en-"):
        with pytest.raises(BadRow, match="BCP 47"):
            row_lang(tag)

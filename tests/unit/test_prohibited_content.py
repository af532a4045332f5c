"""Prohibited content: what a rules file can say and what it finds."""

from pathlib import Path

import pytest

from murmur.errors import StartupError
from murmur.prohibited import ProhibitedContent, load_prohibited
from murmur.text import read_text

EXAMPLE = Path(__file__).parents[2] / "docs" / "prohibited.example.toml"


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("cure", "the CURE.", True),
        ("cure", "secure", False),
        ("cure", "cured", False),
        ("cure", "#cure", True),
        ("cure", "@cure_all", False),
        ("crème", "CREME brulee", True),
        ("creme", "crème", True),
        ("strasse", "Straße", True),
        ("ｆｕｌｌ", "full", True),
        ("cure", "cu\u200bre cu\u00adre", True),
        ("miracle cure", "a miracle   cure!", True),
        ("miracle cure", "miracle\ncure", True),
        ("miracle cure", "a miracle, a cure", False),
        ("don't", "DON’T", True),
        ("один", "Один!", True),
        ("हिन्दी", "यह हिन्दी है", True),
        ("हिन", "हिन्दी", False),
        ("東京", "東京 と", True),
        ("東京", "東京都", False),
    ],
)
def test_terms_are_whole_words_without_regard_to_case_and_accents(term: str, text: str, found: bool) -> None:
    reason = ProhibitedContent([term], []).reason(read_text(text))
    assert reason == ("the text has a term that is prohibited here" if found else None)


@pytest.mark.parametrize(
    ("domain", "text", "found"),
    [
        ("bad.example.com", "http://bad.example.com/x", True),
        ("bad.example.com", "see WWW.Bad.Example.COM.", True),
        ("bad.example.com", "https://example.com", False),
        ("bad.example.com", "https://notbad.example.com", False),
        ("bad.com", "https://bad.com:8080/?q", True),
        ("bad.com", "https://good.com/?u=bad.com", False),
        ("bad.com", "https://good.com/bad.com", False),
        ("münchen.de", "https://xn--mnchen-3ya.de", True),
        ("xn--mnchen-3ya.de", "https://a.münchen.de/", True),
        ("BAD.com.", "bad.com", True),
        ("bad.com", "the word bad dot com", False),
    ],
)
def test_a_domain_stands_for_its_subdomains(domain: str, text: str, found: bool) -> None:
    reason = ProhibitedContent([], [domain]).reason(read_text(text))
    assert reason == ("the text links to a domain that is prohibited here" if found else None)


@pytest.mark.parametrize(
    ("term", "tag", "found"),
    [
        ("cure", "CURE", True),
        ("cure", "secure", False),
        ("cure", "a_cure_for_all", True),
        ("miracle cure", "MiracleCure", True),
        ("miracle cure", "miracle_cure_now", True),
        ("miracle cure", "miracle", False),
        ("don't", "dont", True),
        ("crème", "CREME", True),
    ],
)
def test_a_hashtag_has_a_term_as_a_word_or_run_together(term: str, tag: str, found: bool) -> None:
    assert ProhibitedContent([term], []).forbids(tag) is found


def test_the_example_in_the_docs_is_a_rules_file() -> None:
    rules = load_prohibited(EXAMPLE)
    assert rules.reason(read_text("This MIRACLE cure!")) is not None
    assert rules.reason(read_text("nothing to see")) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("terms = [", "at end of document"),
        ("terms = 3", "terms is not a list of strings"),
        ("link_domains = [1]", "link_domains is not a list of strings"),
        ('term = ["x"]', "unknown keys ['term']"),
        ('terms = ["c++"]', "'c++' is not a term"),
        ('terms = [" "]', "is not a term"),
        ('link_domains = ["http://x.com/"]', "is not a domain"),
        ('link_domains = ["com"]', "is not a domain"),
        ('link_domains = [""]', "is not a domain"),
    ],
)
def test_a_malformed_file_is_one_clear_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(content)
    with pytest.raises(StartupError) as refused:
        load_prohibited(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_an_unreadable_file_is_one_clear_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "rules.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StartupError, match=r"rules\.toml"):
        load_prohibited(path)

"""What a tweet's text may be and what is in it, by the public twitter-text rules, after NFC.

280 weighted characters; a link counts 23 whatever its length; most scripts outside Latin count 2 a character.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from twitter_text import extract_urls_with_indices, parse_tweet

MAX_WEIGHT = 280
MAX_HANDLE = 15
MAX_URL = 2_048
# A link counts 23 however long it is, so weight alone does not bound the text. The rules allow links of 4,096
# characters; ours stops earlier, which keeps the library's regular expressions fast.
MAX_CODE_POINTS = 2_000
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
# The library's domain expression backtracks quadratically over runs such as "a.a.a.…" (0.3 s for 400 characters).
# No real host has more labels than this, so such runs are masked, weight kept, before it sees them.
_MAX_LABELS = 8
_DOTTED = re.compile(r"[\w.\-]+")
_MENTION = re.compile(r"(?<![\w!@#$%&*＠])[@＠]([A-Za-z0-9_]{1,15})(?![\w@＠]|://)")
# Letters, digits, underscore and the marks that scripts such as Devanagari or Thai write as separate code points.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0903\u093a-\u094f"
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u200c\u200d"
)
_HASHTAG = re.compile(rf"(?<![\w&/#＃])[#＃]([\w{_MARKS}]*[^\W\d_][\w{_MARKS}]*)(?![#＃]|://)")
MAX_HASHTAG = 100
_INVALID = re.compile("[\0\ufffe\ufeff\uffff]")


@dataclass(frozen=True, slots=True)
class Span:
    """A mention, hashtag or link: what it names, without its sign, and where, in code points, the sign included."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entities:
    mentions: tuple[Span, ...] = ()
    hashtags: tuple[Span, ...] = ()
    links: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A normalised text with what was found in it. `weight` is in weighted characters."""

    value: str
    weight: int
    entities: Entities


class InvalidText(ValueError):
    """The text is no text that a tweet may have; the message says why. `kind` tells apart what a client may do."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def is_handle(text: str) -> bool:
    return _HANDLE.fullmatch(text) is not None


def is_url(value: str) -> bool:
    """Whether a text is an absolute http or https URL that a page may link to."""
    if len(value) > MAX_URL or any(character.isspace() or not character.isprintable() for character in value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False


def read_text(raw: str) -> Text:
    """Normalise, measure and search a text. Raises InvalidText of kind `EMPTY`, `TOO_LONG` or `INVALID`."""
    if len(raw) > MAX_CODE_POINTS:
        raise InvalidText("TOO_LONG", f"the text has {len(raw)} characters; at most {MAX_CODE_POINTS} fit, links included")
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise InvalidText("INVALID", "the text has a lone surrogate, which is no character") from None
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n")).strip()
    if not text:
        raise InvalidText("EMPTY", "the text is empty; write at least one character")
    if _INVALID.search(text):
        raise InvalidText("INVALID", "the text has a character that no text may have (U+0000, U+FFFE, U+FEFF or U+FFFF)")
    masked = _DOTTED.sub(_mask_long_hosts, text)
    weight = parse_tweet(masked).weightedLength
    if weight > MAX_WEIGHT:
        raise InvalidText("TOO_LONG", f"the text counts {weight} characters; at most {MAX_WEIGHT} fit")
    return Text(text, weight, _entities(text, masked))


def _mask_long_hosts(run: re.Match[str]) -> str:
    found = run[0]
    return found.replace(".", ",") if found.count(".") > _MAX_LABELS else found


def _entities(text: str, masked: str) -> Entities:
    links = [
        Span(text[start:end], start, end) for start, end in (found["indices"] for found in extract_urls_with_indices(masked))
    ]
    return Entities(
        mentions=_outside(links, _MENTION.finditer(text)),
        hashtags=tuple(span for span in _outside(links, _HASHTAG.finditer(text)) if len(span.value) <= MAX_HASHTAG),
        links=tuple(links),
    )


def _outside(links: list[Span], matches: Iterator[re.Match[str]]) -> tuple[Span, ...]:
    return tuple(
        Span(match[1], match.start(), match.end())
        for match in matches
        if not any(link.start <= match.start() < link.end for link in links)
    )

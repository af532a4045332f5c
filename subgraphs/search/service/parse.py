"""The language of queries: text in, typed query out. docs/search.md tells it to people."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from murmur.errors import BadUserInput
from murmur.text import MAX_HANDLE, is_handle, is_hashtag
from subgraphs.search.model import Clause, From, Has, Lang, Least, Mention, Phrase, Query, Since, Tag, Term, To, Until, Word

MAX_LENGTH = 512
MAX_ALTERNATIVES = 16
"""How many combinations the ORs of a query may come to: an engine without OR is asked for each."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_COUNT = re.compile(r"[0-9]{1,9}")
_LANG = re.compile(r"[A-Za-z]{2,3}")
_PART = re.compile(r'(-?)(?:"([^"]*)("?)|(\S+))')
_OPERATOR = re.compile(r"([A-Za-z_]+):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Part:
    """What stands between spaces, or a phrase. `at` counts characters of the query from 1."""

    at: int
    text: str
    negated: bool
    phrase: bool

    @property
    def is_or(self) -> bool:
        return self.text == "OR" and not self.phrase and not self.negated


def parse(text: str) -> Query:
    """The query that a text is. Raises BadUserInput that says where it goes wrong and what would be right, and nothing else."""
    if len(text) > MAX_LENGTH:
        raise BadUserInput(f"query: it has {len(text)} characters; at most {MAX_LENGTH} are searched for")
    parts = _parts(text)
    clauses: list[Clause] = []
    joined = False
    for index, part in enumerate(parts):
        if part.is_or:
            if index in (0, len(parts) - 1) or parts[index - 1].is_or:
                raise _wrong(part.at, "OR stands between two terms, as in `cats OR dogs`; to search for the word, write `or`")
            joined = True
            continue
        term = _term(part)
        if joined and (part.negated or clauses[-1].negated):
            raise _wrong(part.at, "what OR joins can't be left out by a minus; write `-cats -dogs` for neither")
        if joined:
            clauses[-1] = Clause(tuple(dict.fromkeys((*clauses[-1].any_of, term))))
        else:
            clauses.append(Clause((term,), part.negated))
        joined = False
    if not clauses:
        raise BadUserInput("query: there is nothing to search for; write a word, a phrase or an operator such as from:ada")
    combinations = 1
    for clause in clauses:
        combinations *= len(clause.any_of)
    if combinations > MAX_ALTERNATIVES:
        raise BadUserInput(f"query: its ORs come to {combinations} combinations; at most {MAX_ALTERNATIVES} are searched for")
    return Query(tuple(dict.fromkeys(clauses)))


def _parts(text: str) -> list[_Part]:
    parts: list[_Part] = []
    for match in _PART.finditer(text):
        at = match.start() + 1
        minus, phrase, closing, word = match.groups()
        if phrase is not None and not closing:
            raise _wrong(at + len(minus), 'the phrase that begins here does not end; close it by a second `"`')
        value = unicodedata.normalize("NFC", word if phrase is None else phrase)
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise _wrong(at, "there is a lone surrogate, which is no character")
        if word is None or _says_something(value):
            parts.append(_Part(at, value, bool(minus), phrase is not None))
    return parts


def _term(part: _Part) -> Term:
    if part.phrase:
        if not _says_something(part.text):
            raise _wrong(part.at, "the phrase has no word in it; write one between the quotes")
        return Phrase(part.text)
    operator = _OPERATOR.fullmatch(part.text)
    if operator and (read := _OPERATORS.get(operator[1].lower())):
        return read(part.at, operator[2])
    if part.text[0] in "#＃" and is_hashtag(part.text[1:]):
        return Tag(part.text[1:].lower())
    if part.text[0] in "@＠" and is_handle(part.text[1:]):
        return Mention(part.text[1:].lower())
    return Word(part.text)


def _says_something(text: str) -> bool:
    """Whether there is a letter, a digit or a symbol such as an emoji: punctuation alone is not indexed."""
    return any(unicodedata.category(character)[0] in "LN" or unicodedata.category(character) == "So" for character in text)


def _handle(at: int, operator: str, value: str) -> str:
    handle = value.removeprefix("@")
    if not is_handle(handle):
        example = f"{operator}:ada"
        raise _wrong(at, f"{operator}: is followed by a handle of 1 to {MAX_HANDLE} letters, digits or _, as in {example}")
    return handle.lower()


def _date(at: int, operator: str, value: str) -> int:
    try:
        if _DATE.fullmatch(value):
            return int(datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp()) * 1_000
    except ValueError:
        pass
    raise _wrong(at, f"{operator}: is followed by a date, year first, as in {operator}:2026-01-31")


def _count(at: int, operator: str, value: str) -> int:
    if not _COUNT.fullmatch(value):
        raise _wrong(at, f"{operator}: is followed by a number of at most nine digits, as in {operator}:10")
    return int(value)


def _one(at: int, operator: str, value: str, known: str) -> None:
    if value.lower() != known:
        raise _wrong(at, f"{operator}: is followed by {known}, as in {operator}:{known}")


def _has(at: int, value: str) -> Term:
    _one(at, "has", value, "links")
    return Has("links")


def _is(at: int, value: str) -> Term:
    _one(at, "is", value, "reply")
    return Has("reply")


def _lang(at: int, value: str) -> Term:
    if not _LANG.fullmatch(value):
        raise _wrong(at, "lang: is followed by a language's code of two or three letters, as in lang:en")
    return Lang(value.lower())


_OPERATORS: dict[str, Callable[[int, str], Term]] = {
    "from": lambda at, value: From(_handle(at, "from", value)),
    "to": lambda at, value: To(_handle(at, "to", value)),
    "since": lambda at, value: Since(_date(at, "since", value)),
    "until": lambda at, value: Until(_date(at, "until", value)),
    "min_likes": lambda at, value: Least("likes", _count(at, "min_likes", value)),
    "min_retweets": lambda at, value: Least("retweets", _count(at, "min_retweets", value)),
    "has": _has,
    "is": _is,
    "lang": _lang,
}


def _wrong(at: int, what: str) -> BadUserInput:
    return BadUserInput(f"query, at character {at}: {what}")

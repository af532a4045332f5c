"""Queries as Meilisearch reads them: a text for words and phrases, and an expression for everything else."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from subgraphs.search.model import Clause, From, Has, Lang, Least, Mention, Phrase, Query, Since, Tag, Term, To, Until, Word

SHIFT = 22
"""An id is indexed as its milliseconds and the rest below: numbers are doubles there, and can't hold a whole id."""
_PLAIN = re.compile(r"\w+")
_QUOTES = re.compile(r'["\s]+')


@dataclass(frozen=True, slots=True)
class Rendered:
    """One search. Meilisearch has no OR between words, so a query may come to several."""

    text: str
    filter: str


def render(query: Query, *, exact: bool, below: int) -> Sequence[Rendered]:
    """The searches whose results together are the entries that match and have an id below `below`.

    Exact ones hold words as phrases, which Meilisearch compares as they are written.
    """
    choices = [
        [clause] if _filtered(clause) else [Clause((term,), clause.negated) for term in clause.any_of] for clause in query.clauses
    ]
    last = None if exact else query.last_word
    return [_search(clauses, last, exact=exact, below=below) for clauses in product(*choices)]


def among(ids: Iterable[int]) -> str:
    """A filter for these ids alone."""
    return f"id IN [{', '.join(_value(str(id_)) for id_ in ids)}]"


def _search(clauses: Sequence[Clause], last: Word | None, *, exact: bool, below: int) -> Rendered:
    high, low = below >> SHIFT, below & ((1 << SHIFT) - 1)
    filters = [f"(id_ms < {high} OR (id_ms = {high} AND id_rest < {low}))"]
    for clause in filter(_filtered, clauses):
        alternatives = " OR ".join(_condition(term) for term in clause.any_of)
        filters.append(f"NOT ({alternatives})" if clause.negated else f"({alternatives})")
    # A word at the very end may be the beginning of another; after a space it may not.
    spoken = [clause for clause in clauses if not _filtered(clause)]
    spoken.sort(key=lambda clause: (not clause.negated, clause.any_of[0] is last))
    words = [_words(clause.any_of[0], exact=exact and not clause.negated, negated=clause.negated) for clause in spoken]
    end = "" if spoken and spoken[-1].any_of[0] is last else " "
    return Rendered(" ".join(words) + end if words else "", " AND ".join(filters))


def _filtered(clause: Clause) -> bool:
    return not any(isinstance(term, Word | Phrase) for term in clause.any_of)


def _words(term: Term, *, exact: bool, negated: bool) -> str:
    assert isinstance(term, Word | Phrase)  # noqa: S101 (told by `_filtered`)
    text = _QUOTES.sub(" ", term.text).strip()
    plain = isinstance(term, Word) and not exact and _PLAIN.fullmatch(text)
    return ("-" if negated else "") + (text if plain else f'"{text}"')


def _condition(term: Term) -> str:
    match term:
        case Tag():
            return f"tags = {_value(term.tag)}"
        case Mention():
            return f"mentions = {_value(term.handle)}"
        case From():
            return f"author = {_value(term.handle)}"
        case To():
            return f"reply_to = {_value(term.handle)}"
        case Lang():
            return f"lang = {_value(term.code)}"
        case Since():
            return f"at >= {term.at}"
        case Until():
            return f"at < {term.at}"
        case Least():
            return f"{term.what} >= {term.count}"
        case Has():
            return f"{term.what} = true"
        case Word() | Phrase():
            raise TypeError("words are no condition")


def _value(text: str) -> str:
    """A quoted string, its quotes and backslashes escaped; nothing in it is read as the filter's language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

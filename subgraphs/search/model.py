"""What search speaks of: queries, what is indexed, what is found. Ids are 64-bit numbers, times milliseconds of the epoch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import Literal

import msgspec


class Kind(StrEnum):
    TWEET = "tweet"
    PERSON = "person"


class Grade(IntEnum):
    """How well an entry matches. It depends on the query and the entry alone, so that nothing that is written meanwhile moves
    an entry from one page to another."""

    EXACT = 0
    """Every word stands in it as it was written, but for case and accents."""
    LOOSE = 1
    """A word stands in it with a typo or two (one from five letters on, two from nine), or begins with the query's last word."""


@dataclass(frozen=True, slots=True)
class Word:
    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand together, in this order."""

    text: str


@dataclass(frozen=True, slots=True)
class Tag:
    """Without its sign, in lower case."""

    tag: str


@dataclass(frozen=True, slots=True)
class Mention:
    """Who is mentioned; of people, who has the handle. Handles are in lower case everywhere here."""

    handle: str


@dataclass(frozen=True, slots=True)
class From:
    handle: str


@dataclass(frozen=True, slots=True)
class To:
    """Whom a reply answers."""

    handle: str


@dataclass(frozen=True, slots=True)
class Since:
    at: int


@dataclass(frozen=True, slots=True)
class Until:
    """Exclusive."""

    at: int


@dataclass(frozen=True, slots=True)
class Least:
    """At least so many likes or retweets."""

    what: Literal["likes", "retweets"]
    count: int


@dataclass(frozen=True, slots=True)
class Has:
    """Links are in the text, or it is a reply."""

    what: Literal["links", "reply"]


@dataclass(frozen=True, slots=True)
class Lang:
    """A language as its code of two or three letters, in lower case."""

    code: str


Term = Word | Phrase | Tag | Mention | From | To | Since | Until | Least | Has | Lang
_OF_PEOPLE = (Word, Phrase, Mention, Since, Until)


@dataclass(frozen=True, slots=True)
class Clause:
    """True where one of its terms is; when `negated` it has one term, which must not be true."""

    any_of: tuple[Term, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """True where every clause is. There is at least one."""

    clauses: tuple[Clause, ...]

    @property
    def last_word(self) -> Word | None:
        """What may be the beginning of a word, whatever follows that is no word: whoever types has not finished it."""
        words = (term for clause in reversed(self.clauses) if not clause.negated for term in reversed(clause.any_of))
        return next((term for term in words if isinstance(term, Word)), None)

    @property
    def loose(self) -> bool:
        """Whether anything could match it but exactly."""
        return any(isinstance(term, Word) for clause in self.clauses if not clause.negated for term in clause.any_of)

    def of_people(self) -> "Query | None":
        """What remains of it for people, of whom what is said of tweets alone is never true. None where nobody can match."""
        kept: list[Clause] = []
        for clause in self.clauses:
            terms = tuple(term for term in clause.any_of if isinstance(term, _OF_PEOPLE))
            if terms:
                kept.append(replace(clause, any_of=terms))
            elif not clause.negated:
                return None
        return Query(tuple(kept)) if kept else None


@dataclass(frozen=True, slots=True)
class TweetDocument:
    """A tweet as it is indexed. `reply_to` is the handle of whom it answers, where it answers anybody."""

    id: int
    author_id: int
    author: str
    at: int
    text: str
    tags: Sequence[str] = ()
    mentions: Sequence[str] = ()
    reply: bool = False
    reply_to: str | None = None
    links: bool = False
    lang: str | None = None
    likes: int = 0
    retweets: int = 0


@dataclass(frozen=True, slots=True)
class PersonDocument:
    """A person as they are indexed."""

    id: int
    handle: str
    name: str
    bio: str | None
    at: int


Document = TweetDocument | PersonDocument


class Hit(msgspec.Struct, frozen=True, gc=False):
    """What was found. `person_id` is its author, or the person; `grade` that of the list that it was found in."""

    kind: Kind
    id: int
    person_id: int
    grade: Grade | None


class TrendWindow(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tweet with hashtags, each once, in lower case and without its sign. `hour` counts hours since the Unix epoch."""

    tweet_id: int
    person_id: int
    hour: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A hashtag that rises. `uses` are the times that people used it in the window, each person once an hour."""

    tag: str
    uses: int


@dataclass(frozen=True, slots=True)
class Board:
    """What rose in a window when it was looked at last, at `at`, the steepest first."""

    at: int
    rows: tuple[Ranked, ...]

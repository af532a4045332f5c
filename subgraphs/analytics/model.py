"""What the analytics subgraph speaks of. Ids are 64-bit numbers, times milliseconds since the Unix epoch, days those of UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
HOURS_KEPT_DAYS = 31
"""Days for which there is a count for each hour; older ones are kept by the day."""
DAYS_KEPT = 730
"""Days for which there is a count for each day; what is older is one count."""
TOLD_AGAIN_DAYS = 8
"""Days after it was counted in which a mark that is told again is known: a day longer than the event log keeps anything."""
BEFORE = -1
NO_HOUR = -1
PLATFORM_OWNERS = tuple(range(-31, 0))
"""Who owns what is counted of the platform as a whole; many, since no engine should have to count it all in one place."""


class Kind(StrEnum):
    """What is counted. The first ones are of a person or a tweet, those from POST on are of the platform."""

    IMPRESSION = "impression"
    LIKE = "like"
    UNLIKE = "unlike"
    RETWEET = "retweet"
    UNRETWEET = "unretweet"
    REPLY = "reply"
    QUOTE = "quote"
    VISIT = "visit"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    POST = "post"
    ACTIVE_HOUR = "active_hour"
    ACTIVE_DAY = "active_day"
    REQUEST = "request"
    FAILURE = "failure"
    FANOUT = "fanout"
    FANOUT_SECOND = "fanout_second"
    FANOUT_MS = "fanout_ms"
    BACKLOG = "backlog"
    BACKLOG_LOOK = "backlog_look"


class Bucket(StrEnum):
    HOUR = "hour"
    DAY = "day"

    @property
    def ms(self) -> int:
        return HOUR_MS if self is Bucket.HOUR else DAY_MS


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose counts: a person's (`tweet_id` is 0), or those of a tweet of theirs."""

    owner_id: int
    tweet_id: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing to count in an hour, for its owner, and for a tweet of theirs where it is about one.

    `by` tells apart what happens to the same subject in the same hour: the id of the event, or of the person where people are
    counted. The owner, the tweet, the kind, the hour and `by` name a mark; two of one name are one.
    """

    owner_id: int
    kind: Kind
    hour: int
    by: int
    tweet_id: int = 0
    amount: int = 1

    @property
    def name(self) -> tuple[int, int, Kind, int, int]:
        return self.owner_id, self.tweet_id, self.kind, self.hour, self.by


Counts = Mapping[Kind, int]
"""What there was of each kind; kinds of which there was nothing are absent."""


@dataclass(frozen=True, slots=True)
class Span:
    """Whole buckets, from the start of the first to that of the one after the last."""

    bucket: Bucket
    start: int
    end: int

    @property
    def starts(self) -> range:
        return range(self.start, self.end, self.bucket.ms)


@dataclass(frozen=True, slots=True)
class StoredDay:
    """Everything that is kept of a subject for one day, for copies; `day` is BEFORE for what is older than days are kept.

    `counts` are (hour of the day, kind, how many), rising; the hour is NO_HOUR for what is summed up.
    """

    owner_id: int
    tweet_id: int
    day: int
    counts: tuple[tuple[int, str, int], ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Impressions that a client sent together, under a name of its own choice; `at` is when they came."""

    viewer_id: int
    name: str
    at: int

    def first_at(self, known: int) -> int:
        """When it came first, given when one of its name did: what is a day away is another batch."""
        return known if abs(known - self.at) <= DAY_MS else self.at


def hour_of(at: int) -> int:
    return at - at % HOUR_MS


def day_of(at: int) -> int:
    return at - at % DAY_MS


def platform_owner(key: int) -> int:
    """The one of the platform's owners that counts what has this id."""
    return PLATFORM_OWNERS[key % len(PLATFORM_OWNERS)]

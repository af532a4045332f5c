"""What the notifications subgraph speaks of. Ids are 64-bit numbers, times milliseconds since the Unix epoch."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    MENTION = "mention"
    REPLY = "reply"
    QUOTE = "quote"
    RETWEET = "retweet"
    LIKE = "like"
    FOLLOW = "follow"
    TWEET = "tweet"

    @property
    def grouped(self) -> bool:
        """Whether what several people did becomes one notification; what somebody wrote is always one of its own."""
        return self in (Kind.RETWEET, Kind.LIKE, Kind.FOLLOW)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that one person did with another. There is one for each kind, tweet and actor, however often it is told.

    `event_id` is the id of the event that tells it. `tweet_id` is the tweet that it is about: what was written, or what was
    liked or retweeted.
    """

    recipient_id: int
    kind: Kind
    actor_id: int
    event_id: int
    tweet_id: int | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """Notices of one group, as their recipient sees them.

    `id` is the position of its newest notice: it rises within a recipient's list and changes when another notice joins.
    `group_id` stays. `actor_ids` are the newest `SHOWN_ACTORS`, newest first.
    """

    id: int
    group_id: int
    kind: Kind
    tweet_id: int | None
    actor_ids: tuple[int, ...]
    actor_count: int
    at: int
    read: bool


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice where it is: its position in its recipient's list, and the group that it has joined."""

    recipient_id: int
    position: int
    group_id: int
    kind: Kind
    actor_id: int
    tweet_id: int | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """What is kept of a person beside the notices. `muted_kinds` rise.

    `let_go_up_to` is the position of the newest notification that was let go because there were more than are kept.
    """

    id: int
    last_position: int
    read_up_to: int
    let_go_up_to: int
    muted_kinds: tuple[Kind, ...]


SHOWN_ACTORS = 10
KEPT = 1_000
"""How many notifications a person has; older ones are let go."""

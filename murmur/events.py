"""Every event that leaves a subgraph, as versioned structs. A released version never changes; a new one gets a new tag.

`id` is the event's own Snowflake and `at` the milliseconds since the Unix epoch. Delivery is at least once, in order for
each key, so every consumer is idempotent.
"""

from typing import Literal

import msgspec

from murmur.errors import Unreadable

Topic = Literal["murmur.users", "murmur.graph", "murmur.tweets", "murmur.analytics"]
TOPICS: tuple[Topic, ...] = ("murmur.users", "murmur.graph", "murmur.tweets", "murmur.analytics")


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=False):
    id: int
    at: int


class UserSignedUp(Event, frozen=True, kw_only=True, tag="user_signed_up.v1"):
    user_id: int
    handle: str
    name: str


class ProfileUpdated(Event, frozen=True, kw_only=True, tag="profile_updated.v1"):
    user_id: int
    name: str
    bio: str | None


class Followed(Event, frozen=True, kw_only=True, tag="followed.v1"):
    follower_id: int
    followee_id: int


class Unfollowed(Event, frozen=True, kw_only=True, tag="unfollowed.v1"):
    """Also sent for each follow that a block ends."""

    follower_id: int
    followee_id: int


class Blocked(Event, frozen=True, kw_only=True, tag="blocked.v1"):
    blocker_id: int
    blocked_id: int


class Unblocked(Event, frozen=True, kw_only=True, tag="unblocked.v1"):
    blocker_id: int
    blocked_id: int


class Muted(Event, frozen=True, kw_only=True, tag="muted.v1"):
    muter_id: int
    muted_id: int


class Unmuted(Event, frozen=True, kw_only=True, tag="unmuted.v1"):
    muter_id: int
    muted_id: int


class TweetPublished(Event, frozen=True, kw_only=True, tag="tweet_published.v1"):
    tweet_id: int
    author_id: int
    text: str
    in_reply_to_id: int | None = None
    in_reply_to_author_id: int | None = None
    quoted_id: int | None = None
    quoted_author_id: int | None = None
    mentions: tuple[str, ...] = ()
    """Handles as written, without the sign."""
    hashtags: tuple[str, ...] = ()


class TweetDeleted(Event, frozen=True, kw_only=True, tag="tweet_deleted.v1"):
    tweet_id: int
    author_id: int


class Retweeted(Event, frozen=True, kw_only=True, tag="retweeted.v1"):
    retweet_id: int
    tweet_id: int
    author_id: int
    user_id: int


class RetweetUndone(Event, frozen=True, kw_only=True, tag="retweet_undone.v1"):
    retweet_id: int
    tweet_id: int
    user_id: int


class Liked(Event, frozen=True, kw_only=True, tag="liked.v1"):
    tweet_id: int
    author_id: int
    user_id: int


class Unliked(Event, frozen=True, kw_only=True, tag="unliked.v1"):
    tweet_id: int
    author_id: int
    user_id: int


class ImpressionsRecorded(Event, frozen=True, kw_only=True, tag="impressions_recorded.v1"):
    """What a person's client has shown them. `batch` is the client's own name of it, the same when it is sent again."""

    viewer_id: int
    batch: str
    tweet_ids: tuple[int, ...] = ()
    profile_ids: tuple[int, ...] = ()


class PlatformSampled(Event, frozen=True, kw_only=True, tag="platform_sampled.v1"):
    """What one process has done since its last sample. `failures` are requests that were the platform's fault.

    `fanned_out` events were delivered to timelines, `fanned_out_soon` of them within a second of their cause;
    `fanout_ms` is what all took together.
    """

    requests: int = 0
    failures: int = 0
    fanned_out: int = 0
    fanned_out_soon: int = 0
    fanout_ms: int = 0


UserEvent = UserSignedUp | ProfileUpdated
GraphEvent = Followed | Unfollowed | Blocked | Unblocked | Muted | Unmuted
TweetEvent = TweetPublished | TweetDeleted | Retweeted | RetweetUndone | Liked | Unliked
AnalyticsEvent = ImpressionsRecorded | PlatformSampled
AnyEvent = UserEvent | GraphEvent | TweetEvent | AnalyticsEvent

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyEvent)


def route(event: AnyEvent) -> tuple[Topic, int]:
    """The topic of an event and the id of the entity that orders it: the person who acts on the graph, or the tweet."""
    match event:
        case UserSignedUp() | ProfileUpdated():
            return "murmur.users", event.user_id
        case Followed() | Unfollowed():
            return "murmur.graph", event.follower_id
        case Blocked() | Unblocked():
            return "murmur.graph", event.blocker_id
        case Muted() | Unmuted():
            return "murmur.graph", event.muter_id
        case ImpressionsRecorded():
            return "murmur.analytics", event.viewer_id
        case PlatformSampled():
            return "murmur.analytics", event.id
        case _:
            return "murmur.tweets", event.tweet_id


def encode_event(event: AnyEvent) -> bytes:
    return _encoder.encode(event)


def decode_event(payload: bytes) -> AnyEvent:
    """Raises Unreadable for bytes that are no event of a version that this release knows."""
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise Unreadable(f"not an event of a known version: {error}") from error

"""Makes the cache forget what has changed. A consumer group called `invalidator`.

Whoever changes something tells the cache at once; what comes here is for those who could not, and for what was loaded in between.
"""

from collections.abc import Iterable, Sequence

from murmur.cache.kinds import keys_of
from murmur.cache.ports import Cache
from murmur.events import (
    TOPICS,
    AnyEvent,
    Followed,
    Liked,
    ProfileUpdated,
    Retweeted,
    RetweetUndone,
    TweetDeleted,
    TweetPublished,
    Unfollowed,
    Unliked,
    UserSignedUp,
)
from murmur.telemetry.metrics import Metrics
from workers.runtime import Log, run_worker


async def run_invalidator(log: Log, cache: Cache, metrics: Metrics) -> None:
    """Work until cancelled."""

    async def handle(events: Sequence[AnyEvent]) -> None:
        await cache.forget({key for event in events for key in changed_by(event)})

    await run_worker("invalidator", log, TOPICS, handle, metrics)


def changed_by(event: AnyEvent) -> Iterable[bytes]:
    """The keys of what is another after an event."""
    match event:
        case UserSignedUp():
            return (*keys_of("user.1", [event.user_id]), *keys_of("handle.1", [event.handle.lower()]))
        case ProfileUpdated():
            return keys_of("user.1", [event.user_id])
        case Followed() | Unfollowed():
            return keys_of("user.1", [event.follower_id, event.followee_id])
        case TweetPublished():
            counted = (event.tweet_id, event.in_reply_to_id, event.quoted_id)
            return keys_of("tweet.1", [tweet_id for tweet_id in counted if tweet_id is not None])
        case TweetDeleted() | Liked() | Unliked() | Retweeted() | RetweetUndone():
            return keys_of("tweet.1", [event.tweet_id])
        case _:
            return ()

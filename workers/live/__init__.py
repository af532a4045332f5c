"""Tells whoever follows a tweet that something has changed about it. A consumer group called `live`."""

from collections.abc import Sequence

from murmur.events import AnyEvent, Liked, Retweeted, RetweetUndone, TweetDeleted, TweetPublished, Unliked
from murmur.pubsub.channels import tweet_channel
from murmur.pubsub.ports import Message, PubSub
from murmur.telemetry.metrics import Metrics
from workers.groups import GROUPS
from workers.runtime import Log, run_worker


async def run_live(log: Log, pubsub: PubSub, metrics: Metrics) -> None:
    """Work until cancelled."""

    async def handle(events: Sequence[AnyEvent]) -> None:
        # Once a batch: who follows looks up what there is, whatever the number of changes.
        changed = dict.fromkeys(tweet_id for event in events for tweet_id in _changed(event))
        await pubsub.publish([Message(tweet_channel(tweet_id), b"") for tweet_id in changed])

    await run_worker("live", log, GROUPS["live"], handle, metrics)


def _changed(event: AnyEvent) -> Sequence[int]:
    """The tweets that look different now."""
    match event:
        case Liked() | Unliked() | Retweeted() | RetweetUndone():
            return (event.tweet_id,)
        case TweetPublished():
            return [tweet_id for tweet_id in (event.in_reply_to_id, event.quoted_id) if tweet_id is not None]
        case TweetDeleted():
            return (event.tweet_id,)
        case _:
            return ()

"""Takes in what clients say was seen: one record of the log for a batch, counted later, so that it costs a request little."""

from collections.abc import Sequence

from murmur.broker.ports import Message
from murmur.clock import Clock
from murmur.errors import BadUserInput
from murmur.events import ImpressionsRecorded, encode_event, route
from murmur.ids import IdSource
from subgraphs.analytics.ports import Log

MAX_SEEN = 200
"""Tweets and profiles in a batch, together."""
MAX_BATCH_NAME = 64


class Recording:
    def __init__(self, log: Log, ids: IdSource, clock: Clock) -> None:
        self._log = log
        self._ids = ids
        self._clock = clock

    async def record(self, viewer_id: int, batch: str, tweet_ids: Sequence[int], profile_ids: Sequence[int]) -> int:
        """Keep a batch for counting; it is durable on return. How many different things it tells of.

        What is sent again under the same name is counted once. Raises BadUserInput, and Unavailable: then it may be sent again.
        """
        if not (1 <= len(batch) <= MAX_BATCH_NAME and batch.isascii() and batch.isprintable()):
            raise BadUserInput(f"batchId: {batch[:40]!r} is none; 1 to {MAX_BATCH_NAME} printable ASCII characters make one")
        if len(tweet_ids) + len(profile_ids) > MAX_SEEN:
            raise BadUserInput(
                f"{len(tweet_ids) + len(profile_ids)} tweets and profiles are too many for a batch: {MAX_SEEN} fit"
            )
        tweets, profiles = tuple(dict.fromkeys(tweet_ids)), tuple(dict.fromkeys(profile_ids))
        if tweets or profiles:
            event = ImpressionsRecorded(
                id=self._ids(), at=self._clock(), viewer_id=viewer_id, batch=batch, tweet_ids=tweets, profile_ids=profiles
            )
            await self._log.publish([Message(*route(event), encode_event(event))])
        return len(tweets) + len(profiles)

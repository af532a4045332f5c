"""What trends have counted, against the tweets that were counted."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from murmur.audit.finding import Finding
from murmur.ids import first_id_at, id_time
from subgraphs.tweets.model import Tweet
from subgraphs.users.model import User

PAGE = 1_000
_HOUR_MS = 3_600_000
_HOURS = 7 * 24
"""The longest window that is ranked."""
_TAGS = 1_000_000
"""Far more than are used in an hour."""


class Counts(Protocol):
    async def used(self, hours: range, least: int, limit: int) -> Mapping[str, int]: ...


class People(Protocol):
    async def users(self, ids: Collection[int]) -> Mapping[int, User]: ...


class Tweets(Protocol):
    async def all_tweets(self, after_id: int, limit: int) -> Sequence[Tweet]: ...


async def audit_trends(trends: Counts, people: People, tweets: Tweets, now: int) -> AsyncIterator[Finding]:
    """In each hour of the last week a hashtag counts once for each person who used it in a tweet that stands, but for those who
    ask not to be public.

    What the worker has not counted yet is a finding too: let it come to rest first. Keeps the uses of one hour in memory.
    """
    last = now // _HOUR_MS
    async for hour, due in _used(people, tweets, range(last - _HOURS, last + 1)):
        counts = await trends.used(range(hour, hour + 1), 1, _TAGS)
        for tag in sorted(counts.keys() | due.keys()):
            count, uses = counts.get(tag, 0), due.get(tag, 0)
            if count != uses:
                began = datetime.fromtimestamp(hour * _HOUR_MS / 1_000, UTC)
                told = f"the count is {count}, the tweets are of {uses} people"
                yield Finding("trend count", f"hashtag {tag} in the hour of {began:%Y-%m-%dT%H:%MZ}", by=count - uses, told=told)


async def _used(people: People, tweets: Tweets, hours: range) -> AsyncIterator[tuple[int, Mapping[str, int]]]:
    """Each of the hours, with how many people used each hashtag."""
    hour, users = hours.start, defaultdict[str, set[int]](set)
    async for tweet in _public(people, tweets, hours):
        while hour < id_time(tweet.id) // _HOUR_MS:
            yield hour, {tag: len(used) for tag, used in users.items()}
            hour, users = hour + 1, defaultdict(set)
        for span in tweet.entities.hashtags:
            users[span.value.lower()].add(tweet.author_id)
    while hour < hours.stop:
        yield hour, {tag: len(used) for tag, used in users.items()}
        hour, users = hour + 1, defaultdict(set)


async def _public(people: People, tweets: Tweets, hours: range) -> AsyncIterator[Tweet]:
    """What counts of these hours, by rising id, and so by hour."""
    after, end = first_id_at(hours.start * _HOUR_MS) - 1, first_id_at(hours.stop * _HOUR_MS)
    while (page := await tweets.all_tweets(after, PAGE)) and page[0].id < end:
        tagged = [tweet for tweet in page if tweet.id < end and not tweet.deleted and tweet.entities.hashtags]
        authors = await people.users({tweet.author_id for tweet in tagged}) if tagged else {}
        protected = {author.id for author in authors.values() if author.protected}
        for tweet in tagged:
            if tweet.author_id not in protected:
                yield tweet
        after = page[-1].id

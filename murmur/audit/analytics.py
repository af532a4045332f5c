"""What analytics have counted, against the tweets and people that it is about."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Protocol

from murmur.audit.finding import Check, Finding, differing
from subgraphs.analytics.model import Counts, Kind, Subject
from subgraphs.tweets.model import Tweet, View
from subgraphs.users.model import User

PAGE = 1_000
_ENGAGEMENTS: tuple[tuple[Check, Kind, Kind], ...] = (
    ("likes in analytics", Kind.LIKE, Kind.UNLIKE),
    ("retweets in analytics", Kind.RETWEET, Kind.UNRETWEET),
)


class Analytics(Protocol):
    async def totals(self, subjects: Collection[Subject]) -> Mapping[Subject, Counts]: ...


class People(Protocol):
    async def all_users(self, after_id: int, limit: int) -> Sequence[User]: ...
    async def follower_counts(self, user_ids: Collection[int]) -> Mapping[int, int]: ...


class Tweets(Protocol):
    async def all_tweets(self, after_id: int, limit: int) -> Sequence[Tweet]: ...
    async def views(self, tweet_ids: Collection[int], viewer_id: int | None) -> Mapping[int, View]: ...


async def audit_analytics(analytics: Analytics, people: People, tweets: Tweets) -> AsyncIterator[Finding]:
    """Of each tweet that stands and each person: what was given, without what was taken back, is what there is.

    What the worker has not counted yet is a finding too: let it come to rest first.
    """
    after = 0
    while page := await tweets.all_tweets(after, PAGE):
        standing = {tweet.id: Subject(tweet.author_id, tweet.id) for tweet in page if not tweet.deleted}
        views, totals = await tweets.views(standing, None), await analytics.totals(standing.values())
        likes = {id_: view.likes for id_, view in views.items()}
        retweets = {id_: view.retweets for id_, view in views.items()}
        for (check, given, taken), due in zip(_ENGAGEMENTS, (likes, retweets), strict=True):
            counts = {id_: _net(totals.get(standing[id_], {}), given, taken) for id_ in due}
            for finding in differing(check, "tweet", counts, due):
                yield finding
        after = page[-1].id
    after = 0
    while everybody := await people.all_users(after, PAGE):
        subjects = {user.id: Subject(user.id) for user in everybody}
        totals, followers = await analytics.totals(subjects.values()), await people.follower_counts(subjects)
        counts = {id_: _net(totals.get(subject, {}), Kind.FOLLOW, Kind.UNFOLLOW) for id_, subject in subjects.items()}
        for finding in differing("followers in analytics", "user", counts, followers):
            yield finding
        after = everybody[-1].id


def _net(counts: Counts, given: Kind, taken: Kind) -> int:
    return counts.get(given, 0) - counts.get(taken, 0)

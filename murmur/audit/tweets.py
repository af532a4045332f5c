"""Tweets and what stands beside them."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Protocol

from murmur.audit.finding import Check, Finding, differing
from subgraphs.tweets.model import Edge, EdgeKind, Tweet, View
from subgraphs.users.model import User

PAGE = 1_000
_ENGAGEMENTS: dict[EdgeKind, Check] = {"likes": "like count", "retweets": "retweet count", "bookmarks": "bookmark count"}


class People(Protocol):
    async def users(self, ids: Collection[int]) -> Mapping[int, User]: ...


class Tweets(Protocol):
    async def all_tweets(self, after_id: int, limit: int) -> Sequence[Tweet]: ...
    async def all_edges(self, kind: EdgeKind, after_id: int, limit: int) -> Sequence[Edge]: ...
    async def views(self, tweet_ids: Collection[int], viewer_id: int | None) -> Mapping[int, View]: ...
    async def tweet_counts(self, user_ids: Collection[int]) -> Mapping[int, int]: ...


async def audit_tweets(tweets: Tweets, people: People) -> AsyncIterator[Finding]:
    """Counts of tweets that stand equal the edges, counts of authors their tweets, and what is referred to exists.

    Keeps a number in memory for each tweet that was liked, retweeted, bookmarked, answered or quoted, and for each author.
    """
    edges: dict[Check, Counter[int]] = {check: Counter() for check in _ENGAGEMENTS.values()}
    replies, quotes, written = Counter[int](), Counter[int](), Counter[int]()
    for kind, check in _ENGAGEMENTS.items():
        after = 0
        while page := await tweets.all_edges(kind, after, PAGE):
            edges[check].update(edge.tweet_id for edge in page)
            after = page[-1].id
    async for page in _pages(tweets):
        standing = [tweet for tweet in page if not tweet.deleted]
        replies.update(tweet.in_reply_to_id for tweet in standing if tweet.in_reply_to_id is not None)
        quotes.update(tweet.quoted_id for tweet in standing if tweet.quoted_id is not None)
        written.update(tweet.author_id for tweet in standing)
        targets = {id_ for tweet in page for id_ in (tweet.in_reply_to_id, tweet.quoted_id) if id_ is not None}
        known = (await tweets.views(targets, None)).keys()
        authors = (await people.users({tweet.author_id for tweet in page})).keys()
        for tweet in page:
            if tweet.author_id not in authors:
                yield Finding("tweet without an author", f"tweet {tweet.id}", told=f"there is no user {tweet.author_id}")
            for target in {tweet.in_reply_to_id, tweet.quoted_id} - {None} - known:
                yield Finding("reply to nothing", f"tweet {tweet.id}", told=f"{target} does not exist")
    edges |= {"reply count": replies, "quote count": quotes}
    async for page in _pages(tweets):
        for finding in _differences(await tweets.views([tweet.id for tweet in page if not tweet.deleted], None), edges):
            yield finding
    everybody = sorted(written)
    for start in range(0, len(everybody), PAGE):
        authors = everybody[start : start + PAGE]
        counts = await tweets.tweet_counts(authors)
        for finding in differing("tweet count", "user", {author: counts.get(author, 0) for author in authors}, written):
            yield finding


def _differences(views: Mapping[int, View], edges: Mapping[Check, Counter[int]]) -> list[Finding]:
    counts: dict[Check, dict[int, int]] = {
        "like count": {id_: view.likes for id_, view in views.items()},
        "retweet count": {id_: view.retweets for id_, view in views.items()},
        "bookmark count": {id_: view.bookmarks for id_, view in views.items()},
        "reply count": {id_: view.replies for id_, view in views.items()},
        "quote count": {id_: view.quotes for id_, view in views.items()},
    }
    return [finding for check, found in counts.items() for finding in differing(check, "tweet", found, edges[check])]


async def _pages(tweets: Tweets) -> AsyncIterator[Sequence[Tweet]]:
    after = 0
    while page := await tweets.all_tweets(after, PAGE):
        yield page
        after = page[-1].id

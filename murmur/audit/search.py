"""The search index, against the tweets and the people that it is a copy of."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from murmur.audit.finding import Finding
from subgraphs.search.model import Kind
from subgraphs.tweets.model import Tweet
from subgraphs.users.model import User

PAGE = 1_000


class Index(Protocol):
    async def ids(self, kind: Kind, above: int, limit: int) -> Sequence[int]: ...


class Tweets(Protocol):
    async def all_tweets(self, after_id: int, limit: int) -> Sequence[Tweet]: ...


class People(Protocol):
    async def all_users(self, after_id: int, limit: int) -> Sequence[User]: ...


async def audit_search(index: Index, tweets: Tweets, people: People) -> AsyncIterator[Finding]:
    """Every tweet that stands and every person is in the index, and nothing else is.

    What the indexer has not done yet is a finding too: let it come to rest first.
    """
    async for finding in _compare("tweet", _standing(tweets), _indexed(index, Kind.TWEET)):
        yield finding
    async for finding in _compare("user", _everybody(people), _indexed(index, Kind.PERSON)):
        yield finding


async def _compare(subject: str, due: AsyncIterator[int], held: AsyncIterator[int]) -> AsyncIterator[Finding]:
    """Two lists of ids that rise."""
    wanted, found = await anext(due, None), await anext(held, None)
    while wanted is not None or found is not None:
        if found is None or (wanted is not None and wanted < found):
            yield Finding("missing in the search index", f"{subject} {wanted}")
            wanted = await anext(due, None)
        elif wanted is None or found < wanted:
            yield Finding("strange in the search index", f"{subject} {found}", told="it is deleted, or was never there")
            found = await anext(held, None)
        else:
            wanted, found = await anext(due, None), await anext(held, None)


async def _standing(tweets: Tweets) -> AsyncIterator[int]:
    after = 0
    while page := await tweets.all_tweets(after, PAGE):
        for tweet in page:
            if not tweet.deleted:
                yield tweet.id
        after = page[-1].id


async def _everybody(people: People) -> AsyncIterator[int]:
    after = 0
    while page := await people.all_users(after, PAGE):
        for user in page:
            yield user.id
        after = page[-1].id


async def _indexed(index: Index, kind: Kind) -> AsyncIterator[int]:
    above = 0
    while page := await index.ids(kind, above, PAGE):
        for id_ in page:
            yield id_
        above = page[-1]

"""All that the stores hold but credentials, as archive rows in one fixed order: the same data gives the same bytes."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Literal, Protocol

from murmur.archive.rows import (
    AnyRow,
    BlockRow,
    BookmarkRow,
    FollowRow,
    LikeRow,
    MuteRow,
    RetweetRow,
    TweetRow,
    UserRow,
)
from murmur.clock import to_iso
from murmur.ids import id_time
from subgraphs.tweets.model import Edge as TweetEdge
from subgraphs.tweets.model import Tweet
from subgraphs.users.model import Edge as GraphEdge
from subgraphs.users.model import User

PAGE = 2_000


class People(Protocol):
    async def users(self, ids: Collection[int]) -> Mapping[int, User]: ...
    async def all_users(self, after_id: int, limit: int) -> Sequence[User]: ...
    async def all_edges(
        self, kind: Literal["follow", "block", "mute"], after: tuple[int, int], limit: int
    ) -> Sequence[GraphEdge]: ...


class Tweets(Protocol):
    async def all_tweets(self, after_id: int, limit: int) -> Sequence[Tweet]: ...
    async def all_edges(
        self, kind: Literal["likes", "retweets", "bookmarks"], after_id: int, limit: int
    ) -> Sequence[TweetEdge]: ...


async def export_rows(people: People, tweets: Tweets) -> AsyncIterator[AnyRow]:
    """Users, follows, blocks, mutes, tweets, retweets, likes, bookmarks. No credentials, no sessions, no e-mail addresses.

    Pages are read one after another, so writes that happen meanwhile may or may not be in it.
    """
    after = 0
    while users := await people.all_users(after, PAGE):
        for user in users:
            yield _user(user)
        after = users[-1].id
    graph: tuple[tuple[Literal["follow", "block", "mute"], Callable[[GraphEdge, str, str], AnyRow]], ...] = (
        ("follow", lambda edge, a, b: FollowRow(id=str(edge.id), created_at=to_iso(edge.created_at), follower=a, followee=b)),
        ("block", lambda edge, a, b: BlockRow(id=str(edge.id), created_at=to_iso(edge.created_at), blocker=a, blocked=b)),
        ("mute", lambda edge, a, b: MuteRow(id=str(edge.id), created_at=to_iso(edge.created_at), muter=a, muted=b)),
    )
    for kind, row in graph:
        pair = (0, 0)
        while edges := await people.all_edges(kind, pair, PAGE):
            named = await people.users({edge.source_id for edge in edges} | {edge.target_id for edge in edges})
            for edge in edges:
                yield row(edge, named[edge.source_id].handle, named[edge.target_id].handle)
            pair = (edges[-1].source_id, edges[-1].target_id)
    async for tweet in _tweets(people, tweets):
        yield tweet


async def _tweets(people: People, tweets: Tweets) -> AsyncIterator[AnyRow]:
    after = 0
    while page := await tweets.all_tweets(after, PAGE):
        named = await people.users({tweet.author_id for tweet in page})
        for tweet in page:
            yield _tweet(tweet, named[tweet.author_id].handle)
        after = page[-1].id
    kinds: tuple[tuple[Literal["likes", "retweets", "bookmarks"], type[RetweetRow | LikeRow | BookmarkRow]], ...] = (
        ("retweets", RetweetRow),
        ("likes", LikeRow),
        ("bookmarks", BookmarkRow),
    )
    for kind, row in kinds:
        after = 0
        while edges := await tweets.all_edges(kind, after, PAGE):
            named = await people.users({edge.user_id for edge in edges})
            for edge in edges:
                created = to_iso(id_time(edge.id))
                yield row(id=str(edge.id), created_at=created, user=named[edge.user_id].handle, tweet=str(edge.tweet_id))
            after = edges[-1].id


def _user(user: User) -> UserRow:
    return UserRow(
        id=str(user.id),
        created_at=to_iso(user.created_at),
        handle=user.handle,
        name=user.name,
        bio=user.bio,
        location=user.location,
        website=user.website,
        avatar_url=user.avatar_url,
        verified=user.verified,
        protected=user.protected,
    )


def _tweet(tweet: Tweet, author: str) -> TweetRow:
    return TweetRow(
        id=str(tweet.id),
        created_at=to_iso(tweet.created_at),
        author=author,
        text=tweet.text,
        in_reply_to=None if tweet.in_reply_to_id is None else str(tweet.in_reply_to_id),
        quotes=None if tweet.quoted_id is None else str(tweet.quoted_id),
        deleted=tweet.deleted,
        lang=tweet.lang,
    )

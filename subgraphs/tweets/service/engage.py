"""Likes, retweets and bookmarks: edges between a person and a tweet, at most one of a kind."""

from collections.abc import Iterator

from murmur.events import Liked, Retweeted, RetweetUndone, TweetEvent, Unliked
from subgraphs.tweets.model import Edge, EdgeKind, View
from subgraphs.tweets.ports import TellEdge
from subgraphs.tweets.service.base import Base, blocked, not_found


class Engaging(Base):
    """Doing again what is done changes nothing. Raises Refused for a tweet that is unknown, deleted or behind a block."""

    async def like(self, user_id: int, tweet_id: int) -> View:
        return await self._engage("likes", user_id, tweet_id)

    async def unlike(self, user_id: int, tweet_id: int) -> View:
        return await self._disengage("likes", user_id, tweet_id)

    async def retweet(self, user_id: int, tweet_id: int) -> View:
        return await self._engage("retweets", user_id, tweet_id)

    async def undo_retweet(self, user_id: int, tweet_id: int) -> View:
        return await self._disengage("retweets", user_id, tweet_id)

    async def bookmark(self, user_id: int, tweet_id: int) -> View:
        return await self._engage("bookmarks", user_id, tweet_id)

    async def unbookmark(self, user_id: int, tweet_id: int) -> View:
        return await self._disengage("bookmarks", user_id, tweet_id)

    async def _engage(self, kind: EdgeKind, user_id: int, tweet_id: int) -> View:
        view = (await self.views(user_id, [tweet_id])).get(tweet_id)
        if view is not None and view.hidden and kind != "bookmarks":
            raise blocked("tweetId")
        if view is None or view.tweet.deleted:
            raise not_found(tweet_id, "tweetId")
        edge = Edge(self._ids(), user_id, tweet_id)
        outcome = await self._store.add_edges(kind, [edge], tell_added(kind, iter([self._ids()]), self._clock()))
        if outcome[0] == "gone":
            raise not_found(tweet_id, "tweetId")
        return await self._view(user_id, tweet_id)

    async def _disengage(self, kind: EdgeKind, user_id: int, tweet_id: int) -> View:
        """Possible behind a block and on a tombstone too: it takes away what is one's own."""
        if tweet_id not in await self._store.views([tweet_id], user_id):
            raise not_found(tweet_id, "tweetId")
        await self._store.remove_edge(kind, user_id, tweet_id, _tell_removed(kind, self._ids(), self._clock()))
        return await self._view(user_id, tweet_id)


def tell_added(kind: EdgeKind, event_ids: Iterator[int], at: int) -> TellEdge:
    def tell(edge: Edge, author_id: int) -> TweetEvent | None:
        tweet_id, user_id = edge.tweet_id, edge.user_id
        match kind:
            case "likes":
                return Liked(id=next(event_ids), at=at, tweet_id=tweet_id, author_id=author_id, user_id=user_id)
            case "retweets":
                return Retweeted(
                    id=next(event_ids), at=at, retweet_id=edge.id, tweet_id=tweet_id, author_id=author_id, user_id=user_id
                )
            case "bookmarks":
                return None

    return tell


def _tell_removed(kind: EdgeKind, event_id: int, at: int) -> TellEdge:
    def tell(edge: Edge, author_id: int) -> TweetEvent | None:
        tweet_id, user_id = edge.tweet_id, edge.user_id
        match kind:
            case "likes":
                return Unliked(id=event_id, at=at, tweet_id=tweet_id, author_id=author_id, user_id=user_id)
            case "retweets":
                return RetweetUndone(id=event_id, at=at, retweet_id=edge.id, tweet_id=tweet_id, user_id=user_id)
            case "bookmarks":
                return None

    return tell

"""A few people, what they do, and the events of it, with timelines and fanout on top."""

import random
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from murmur.cursors import Page, Window
from murmur.events import AnyEvent, Followed, Retweeted, RetweetUndone, TweetDeleted, TweetPublished, Unfollowed
from murmur.ids import first_id_at
from murmur.post import Post
from murmur.telemetry.metrics import Metrics
from subgraphs.timelines.model import KEPT
from subgraphs.timelines.ports import TimelineStore
from subgraphs.timelines.service import TimelineService
from subgraphs.timelines.stores.memory import MemoryTimelines
from tests.support.graph_in_memory import GraphInMemory
from tests.support.posts_in_memory import PostsInMemory
from workers.fanout import Fanout

AT = 1_700_000_000_000
EVENT = first_id_at(AT)
EVERYTHING = Window(KEPT)


class Watched:
    """Passes every call on, notes its name, and lets `before` and `after` each run at their moment."""

    def __init__(self, inner: object, between: Callable[[str], Awaitable[None]] | None = None) -> None:
        self.inner = inner
        self.calls: list[str] = []
        self.between = between

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self.inner, name)
        if not callable(verb):
            return verb

        async def call(*arguments: object, **named: object) -> object:
            self.calls.append(name)
            if self.between is not None:
                await self.between(f"before {name}")
            answer = await verb(*arguments, **named)
            if self.between is not None:
                await self.between(f"after {name}")
            return answer

        return call


class SmallWorld:
    def __init__(
        self,
        *,
        threshold: int = 1_000,
        store: TimelineStore | None = None,
        between: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self.people = GraphInMemory()
        self.archive = PostsInMemory()
        self.store = store or MemoryTimelines(capacity=100)
        self.metrics = Metrics()
        self.graph = Watched(self.people, between)
        self.posts = Watched(self.archive, between)
        self.timelines = Watched(self.store, between)
        self.service = TimelineService(self.timelines, self.graph, self.posts, self.metrics)
        self.fanout = Fanout(self.timelines, self.graph, self.posts, self.metrics, threshold=threshold, clock=lambda: AT + 1_000)

    def tweet(self, author_id: int, position: int | None = None) -> tuple[Post, TweetPublished]:
        post = self.archive.tweet(author_id, position)
        return post, TweetPublished(id=EVENT, at=AT, tweet_id=post.id, author_id=author_id, text="")

    def retweet(self, user_id: int, tweet: Post) -> tuple[Post, Retweeted]:
        post = self.archive.retweet(user_id, tweet)
        event = Retweeted(id=EVENT, at=AT, retweet_id=post.id, tweet_id=post.tweet_id, author_id=post.author_id, user_id=user_id)
        return post, event

    def undo(self, retweet: Post) -> RetweetUndone:
        self.archive.undo(retweet)
        return RetweetUndone(id=1, at=AT, retweet_id=retweet.id, tweet_id=retweet.tweet_id, user_id=retweet.user_id)

    def delete(self, tweet: Post) -> TweetDeleted:
        self.archive.delete(tweet)
        return TweetDeleted(id=1, at=AT, tweet_id=tweet.tweet_id, author_id=tweet.author_id)

    def follow(self, follower_id: int, followee_id: int) -> Followed:
        self.people.follow(follower_id, followee_id)
        return Followed(id=1, at=AT, follower_id=follower_id, followee_id=followee_id)

    def unfollow(self, follower_id: int, followee_id: int) -> Unfollowed:
        self.people.unfollow(follower_id, followee_id)
        return Unfollowed(id=1, at=AT, follower_id=follower_id, followee_id=followee_id)

    async def handle(self, *events: AnyEvent) -> None:
        await self.fanout.handle(events)

    async def home(self, viewer_id: int, wanted: Window = EVERYTHING) -> list[int]:
        """The positions of a home timeline."""
        return [post.id for post in (await self.home_page(viewer_id, wanted)).items]

    async def home_page(self, viewer_id: int, wanted: Window = EVERYTHING) -> Page[Post]:
        return await self.service.home(viewer_id, wanted)

    def expected(self, viewer_id: int) -> list[int]:
        """What a home timeline must show, from the rules alone."""
        people, archive = self.people, self.archive
        sources = {viewer_id, *people.follows.get(viewer_id, ())}
        hidden = {other for pair in people.blocks for other in pair if viewer_id in pair and other != viewer_id} | {
            muted for muter, muted in people.mutes if muter == viewer_id
        }
        shown: dict[int, int] = {}
        for position in sorted(archive.posts):
            post = archive.posts[position]
            if post.user_id in sources and not hidden & {post.user_id, post.author_id} and post.tweet_id not in archive.deleted:
                shown.setdefault(post.tweet_id, position)
        return sorted(shown.values(), reverse=True)[:KEPT]


def shuffled(values: Collection[int], seed: int) -> list[int]:
    return random.Random(seed).sample(sorted(values), len(values))

"""Tweets and retweets as timelines and fanout see them."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet

from murmur.cursors import Window
from murmur.post import Post


class PostsInMemory:
    def __init__(self) -> None:
        self.posts: dict[int, Post] = {}
        self.deleted: set[int] = set()
        self._next = 1_000

    def tweet(self, author_id: int, position: int | None = None) -> Post:
        position = position or self._next_id()
        post = self.posts[position] = Post(position, position, author_id, author_id)
        return post

    def retweet(self, user_id: int, tweet: Post) -> Post:
        position = self._next_id()
        post = self.posts[position] = Post(position, tweet.tweet_id, tweet.author_id, user_id)
        return post

    def undo(self, retweet: Post) -> None:
        del self.posts[retweet.id]

    def delete(self, tweet: Post) -> None:
        self.deleted.add(tweet.tweet_id)

    async def posts_of(self, user_ids: Collection[int], window: Window) -> Sequence[Post]:
        found = [
            post
            for position, post in sorted(self.posts.items(), reverse=True)
            if post.user_id in user_ids
            and post.tweet_id not in self.deleted
            and (window.below is None or position < window.below)
            and (window.above is None or position > window.above)
        ]
        return found[-window.fetch :] if window.from_oldest else found[: window.fetch]

    async def posts_by(self, wanted: Mapping[int, Window]) -> Mapping[int, Sequence[Post]]:
        return {user_id: await self.posts_of([user_id], window) for user_id, window in wanted.items()}

    async def standing(self, tweet_ids: Collection[int]) -> AbstractSet[int]:
        return {tweet_id for tweet_id in tweet_ids if tweet_id in self.posts and tweet_id not in self.deleted}

    def _next_id(self) -> int:
        self._next += 7
        return self._next

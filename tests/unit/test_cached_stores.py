"""Hot tweets and profiles beside a cache that processes share: read once, and never old for long."""

from collections import Counter
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from murmur.cache.memory import MemoryCache
from murmur.cache.ports import Cache
from murmur.cache.untold import Untold
from murmur.cache.wiring import open_cache
from murmur.errors import Unavailable
from murmur.events import (
    AnyEvent,
    Followed,
    Liked,
    ProfileUpdated,
    TweetDeleted,
    TweetPublished,
    Unfollowed,
    UserSignedUp,
)
from subgraphs.tweets import wiring as tweets_wiring
from subgraphs.tweets.model import Edge as TweetEdge
from subgraphs.tweets.model import Tweet
from subgraphs.tweets.ports import TweetStore
from subgraphs.users import wiring as users_wiring
from subgraphs.users.model import Edge, User
from subgraphs.users.ports import UsersStore
from tests.support.square import Counting
from workers.invalidator import changed_by

ANN, BOB = 1, 2


class Failing(MemoryCache):
    """Forgets nothing while it is away."""

    away = True

    async def forget(self, keys: Collection[bytes]) -> None:
        if self.away:
            raise Unavailable("the cache is away")
        await super().forget(keys)


class World:
    """Stores, and two processes that read them beside one cache."""

    def __init__(self, folder: Path, cache: Cache) -> None:
        self.outcomes: Counter[str] = Counter()
        self.cache = cache
        self.tweets, self.users = tweets_wiring.open_store("sqlite:", folder), users_wiring.open_store("sqlite:", folder)
        self.tweet_calls, self.user_calls = Counting(self.tweets), Counting(self.users)
        self.one, self.other = self.process(), self.process()

    def process(self) -> tuple[TweetStore, UsersStore]:
        def observe(_kind: str, outcome: str, by: int) -> None:
            self.outcomes[outcome] += by

        tweets = tweets_wiring.cached(self.tweet_calls, self.cache, observe)  # pyright: ignore[reportArgumentType] (it passes calls on)
        users = users_wiring.cached(self.user_calls, self.cache, observe)  # pyright: ignore[reportArgumentType] (it passes calls on)
        return tweets, users

    async def publish(self, store: TweetStore, tweet_id: int, in_reply_to: int | None = None) -> None:
        tweet = Tweet(tweet_id, ANN, 1_000, "x", in_reply_to_id=in_reply_to)
        await store.publish(
            tweet, None, b"", lambda tweet, _to, _of: TweetPublished(id=1, at=0, tweet_id=tweet.id, author_id=ANN, text="")
        )

    async def like(self, store: TweetStore, tweet_id: int, user_id: int) -> None:
        edge = TweetEdge(tweet_id * 100 + user_id, user_id, tweet_id)
        await store.add_edges("likes", [edge], lambda _edge, _author: None)

    async def sign_up(self, store: UsersStore, user_id: int, handle: str) -> None:
        user = User(user_id, handle, handle, None, None, None, None, 0)
        await store.add_users([(user, UserSignedUp(id=1, at=0, user_id=user_id, handle=handle, name=handle))])

    async def follow(self, store: UsersStore, follower: int, followee: int) -> None:
        event = Followed(id=1, at=0, follower_id=follower, followee_id=followee)
        await store.follow([(Edge(9, follower, followee), event)])

    async def hear(self, event: AnyEvent) -> None:
        await self.cache.forget(list(changed_by(event)))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path, MemoryCache())
    yield world
    await world.tweets.close()
    await world.users.close()


async def test_a_tweet_that_many_look_at_is_read_once_and_each_sees_what_they_did(world: World):
    await world.publish(world.tweets, 10)
    await world.like(world.tweets, 10, BOB)
    for tweets, _ in (world.one, world.other, world.one):
        for viewer, liked in ((None, False), (ANN, False), (BOB, True)):
            view = (await tweets.views([10, 99], viewer))[10]
            assert (view.likes, view.liked) == (1, liked)
    assert world.tweet_calls.calls["views"] == 1
    assert world.outcomes == {"miss": 2, "hit": 16}


async def test_a_profile_that_many_look_at_is_read_once_by_id_and_by_handle(world: World):
    await world.sign_up(world.users, ANN, "Ann")
    for _, users in (world.one, world.other):
        assert (await users.users([ANN, 99]))[ANN].handle == "Ann"
        assert {handle: user.id for handle, user in (await users.users_of_handles(["ann", "nobody"])).items()} == {"ann": ANN}
        assert await users.ids_of_handles(["ANN"]) == {"ann": ANN}
    assert world.user_calls.calls == {"users": 1, "ids_of_handles": 1}


async def test_what_one_process_changes_another_sees_at_once(world: World):
    (tweets, users), (other_tweets, other_users) = world.one, world.other
    assert await other_tweets.views([10, 11], None) == {}
    assert await other_users.users_of_handles(["ann"]) == {}
    await world.publish(tweets, 10)
    await world.sign_up(users, ANN, "ann")
    await world.sign_up(users, BOB, "bob")
    assert set(await other_tweets.views([10], None)) == {10}
    assert (await other_users.users_of_handles(["ann"]))["ann"].follower_count == 0
    await world.publish(tweets, 11, in_reply_to=10)
    await world.like(tweets, 10, BOB)
    await world.follow(users, BOB, ANN)
    view = (await other_tweets.views([10], None))[10]
    assert (view.replies, view.likes) == (1, 1)
    assert (await other_users.users([ANN]))[ANN].follower_count == 1
    await users.remove("follow", BOB, ANN, Unfollowed(id=1, at=0, follower_id=BOB, followee_id=ANN))
    await users.update_profile(
        ANN, {"name": "Anna"}, lambda user: ProfileUpdated(id=1, at=0, user_id=ANN, name=user.name, bio=None)
    )
    assert (await other_users.users([ANN]))[ANN].name == "Anna"
    assert (await other_users.users([ANN]))[ANN].follower_count == 0
    await tweets.delete(11, TweetDeleted(id=1, at=0, tweet_id=11, author_id=ANN))
    assert (await other_tweets.views([10], None))[10].replies == 0
    assert (await other_tweets.views([11], None))[11].tweet.deleted


async def test_what_was_changed_past_the_cache_is_seen_when_its_event_is_heard(world: World):
    tweets, users = world.one
    await world.publish(world.tweets, 10)
    await world.sign_up(world.users, ANN, "ann")
    await world.sign_up(world.users, BOB, "bob")
    await tweets.views([10, 11], None)
    await users.users_of_handles(["ann", "cyd"])
    await world.publish(world.tweets, 11, in_reply_to=10)
    await world.like(world.tweets, 10, BOB)
    await world.follow(world.users, BOB, ANN)
    await world.sign_up(world.users, 3, "Cyd")
    assert (await tweets.views([10], None))[10].likes == 0
    published = TweetPublished(id=1, at=0, tweet_id=11, author_id=ANN, text="", in_reply_to_id=10)
    for event in (
        published,
        Liked(id=1, at=0, tweet_id=10, author_id=ANN, user_id=BOB),
        Followed(id=1, at=0, follower_id=BOB, followee_id=ANN),
        UserSignedUp(id=1, at=0, user_id=3, handle="Cyd", name="Cyd"),
    ):
        await world.hear(event)
    view = (await tweets.views([10, 11], None))[10]
    assert (view.likes, view.replies) == (1, 1)
    found = await users.users_of_handles(["ann", "cyd"])
    assert (found["ann"].follower_count, found["cyd"].id) == (1, 3)


async def test_without_the_cache_everything_is_as_the_stores_say(tmp_path: Path):
    # Nobody listens on that port.
    unreachable = open_cache("redis://127.0.0.1:1")
    assert unreachable is not None
    world = World(tmp_path, unreachable)
    tweets, users = world.one
    await world.sign_up(users, ANN, "ann")
    await world.publish(tweets, 10)
    for likes, liker in enumerate((BOB, ANN), start=1):
        await world.like(tweets, 10, liker)
        assert (await tweets.views([10], BOB))[10].likes == likes
    assert (await users.users_of_handles(["ann"]))["ann"].id == ANN
    await unreachable.close()
    await world.tweets.close()
    await world.users.close()


async def test_that_the_cache_is_away_is_logged_once_whatever_is_written(tmp_path: Path):
    world = World(tmp_path, Failing())
    tweets, users = world.one
    with capture_logs() as logs:
        await world.sign_up(users, ANN, "ann")
        await world.sign_up(users, BOB, "bob")
        await world.follow(users, BOB, ANN)
        for tweet_id in (10, 11, 12):
            await world.publish(tweets, tweet_id)
            await world.like(tweets, tweet_id, BOB)
    assert [(log["store"], log["reason"]) for log in logs] == [("users", "the cache is away"), ("tweets", "the cache is away")]
    await world.tweets.close()
    await world.users.close()


async def test_that_the_cache_is_back_is_logged_once_when_it_has_answered_for_a_while():
    now, cache = 0.0, Failing()
    untold = Untold("tweets", clock=lambda: now)
    with capture_logs() as logs:
        # One server of a cluster is away: what it has fails, in between the others answer.
        for away in (True, False, True, False, True, True, False, False):
            now, cache.away = now + 5, away
            with untold.allowed():
                await cache.forget([b"a"])
        assert [log["log_level"] for log in logs] == ["warning", "info"]
        assert logs[-1]["failures"] == 4
        for away in (False, True):
            cache.away = away
            with untold.allowed():
                await cache.forget([b"a"])
    assert [log["log_level"] for log in logs] == ["warning", "info", "warning"]

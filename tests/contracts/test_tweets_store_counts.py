"""Whatever many people do at once, counts equal edges, and the events tell the same story."""

import asyncio
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmur.cursors import Window
from murmur.errors import Refused
from murmur.events import Liked, Retweeted, RetweetUndone, TweetDeleted, TweetPublished, Unliked
from tests.support.square import Square, open_square
from tests.support.tweet_stores import ADAPTERS, engine_of, store_url

VERBS = ("like", "unlike", "retweet", "undo_retweet", "bookmark", "unbookmark", "delete", "reply", "quote", "keyed")
ALL = Window(limit=1_000)

acts = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 3), st.integers(0, 3), st.integers(1, 3)), min_size=1, max_size=40
)


async def act(square: Square, people: list[int], tweets: list[int], verb: str, who: int, which: int, times: int) -> None:
    service, person, tweet = square.room.service, people[who], tweets[which]

    async def once() -> Any:
        match verb:
            case "reply":
                return await service.create(person, "reply", in_reply_to_id=tweet)
            case "quote":
                return await service.create(person, "quote", quoted_id=tweet)
            case "keyed":
                return await service.create(person, "keyed", in_reply_to_id=tweet, idempotency_key=f"key {which}")
            case _:
                return await getattr(service, verb)(person, tweet)

    for outcome in await asyncio.gather(*(once() for _ in range(times)), return_exceptions=True):
        if isinstance(outcome, BaseException) and not isinstance(outcome, Refused):
            raise outcome


async def check(square: Square) -> None:
    tweets = await square.store.all_tweets(0, 10_000)
    views = await square.store.views([tweet.id for tweet in tweets], None)
    replies = Counter(tweet.in_reply_to_id for tweet in tweets if not tweet.deleted)
    quotes = Counter(tweet.quoted_id for tweet in tweets if not tweet.deleted)
    edges = {kind: await square.store.all_edges(kind, 0, 10_000) for kind in ("likes", "retweets", "bookmarks")}
    counted = {kind: Counter(edge.tweet_id for edge in found) for kind, found in edges.items()}
    for tweet in tweets:
        if tweet.deleted:
            continue
        view = views[tweet.id]
        assert (view.replies, view.quotes) == (replies[tweet.id], quotes[tweet.id])
        assert (view.likes, view.retweets, view.bookmarks) == tuple(counted[kind][tweet.id] for kind in edges)
    assert all(len({(edge.user_id, edge.tweet_id) for edge in found}) == len(found) for found in edges.values())

    authors = Counter(tweet.author_id for tweet in tweets if not tweet.deleted)
    stored = await square.store.tweet_counts({tweet.author_id for tweet in tweets})
    assert {author: count for author, count in stored.items() if count} == dict(authors)
    posts = await square.store.posts_of(set(square.people.values()), ALL)
    assert {post.id for post in posts} == {tweet.id for tweet in tweets if not tweet.deleted} | {
        edge.id for edge in edges["retweets"]
    }

    standing: set[int] = set()
    likes: set[tuple[int, int]] = set()
    retweets: set[int] = set()
    for event in await square.events():
        match event:
            case TweetPublished():
                assert event.tweet_id not in standing
                standing.add(event.tweet_id)
            case TweetDeleted():
                standing.remove(event.tweet_id)
            case Liked():
                assert (event.user_id, event.tweet_id) not in likes
                likes.add((event.user_id, event.tweet_id))
            case Unliked():
                likes.remove((event.user_id, event.tweet_id))
            case Retweeted():
                retweets.add(event.retweet_id)
            case RetweetUndone():
                retweets.remove(event.retweet_id)
            case _:
                raise AssertionError(event)
    assert standing == {tweet.id for tweet in tweets if not tweet.deleted}
    assert {like for like in likes if like[1] in standing} == {(edge.user_id, edge.tweet_id) for edge in edges["likes"]}
    assert {edge.id for edge in edges["retweets"]} <= retweets


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_counts_equal_edges_and_events_whatever_happens_at_once(request: pytest.FixtureRequest, adapter: str) -> None:
    engine = engine_of(adapter, request)

    async def story(folder: Path, plan: list[tuple[str, int, int, int]]) -> None:
        async with store_url(engine) as url, open_square(folder, url=url) as square:
            await square.person("a", "b", "c", "d")
            people = list(square.people.values())
            tweets = [await square.tweet(person) for person in people]
            await asyncio.gather(*(act(square, people, tweets, *step) for step in plan))
            keyed = [tweet for tweet in await square.store.all_tweets(0, 10_000) if tweet.text == "keyed"]
            assert len({(tweet.author_id, tweet.in_reply_to_id) for tweet in keyed}) == len(keyed)
            await check(square)

    @settings(max_examples=30 if engine is None else 15, deadline=None)
    @given(acts)
    def run(plan: list[tuple[str, int, int, int]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(story(Path(folder), plan))

    run()

"""The contract of `subgraphs.tweets.ports.TweetStore` where there is a lot of one thing: no number is a special one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from murmur.cursors import Window
from murmur.events import Liked, TweetDeleted, TweetEvent, TweetPublished, Unliked, decode_event
from subgraphs.tweets.model import Edge, Listing, Tweet
from subgraphs.tweets.ports import TellEdge, TweetStore
from tests.support.tweet_stores import ADAPTERS, engine_of, tweet_store

ANN, BOB = 1, 2
CROWD = range(1_000, 1_400)


@pytest.fixture(params=ADAPTERS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TweetStore]:
    async with tweet_store(engine_of(request.param, request), tmp_path) as opened:
        yield opened


def published(tweet: Tweet, answered: int | None, quoted: int | None) -> TweetEvent:
    return TweetPublished(id=tweet.id, at=0, tweet_id=tweet.id, author_id=tweet.author_id, text=tweet.text)


def liked(edge: Edge, author_id: int) -> TweetEvent:
    return Liked(id=edge.id, at=0, tweet_id=edge.tweet_id, author_id=author_id, user_id=edge.user_id)


def unliked(event_id: int) -> TellEdge:
    return lambda edge, author: Unliked(id=event_id, at=0, tweet_id=edge.tweet_id, author_id=author, user_id=edge.user_id)


async def publish(store: TweetStore, tweet_id: int, author: int = ANN, **more: int) -> None:
    await store.publish(Tweet(tweet_id, author, tweet_id, "x", **more), None, b"", published)


async def likes(store: TweetStore, tweet_id: int = 10) -> int:
    return (await store.views([tweet_id], None))[tweet_id].likes


async def whole(store: TweetStore, listing: Listing, owner: int, size: int = 50) -> list[int]:
    """The ids of all entries, page after page."""
    found: list[int] = []
    below: int | None = None
    while True:
        entries = (await store.entries(listing, {owner: Window(size, below)})).get(owner, ())
        found += [entry.id for entry in entries[:size]]
        if len(entries) <= size:
            return found
        below = found[-1]


async def events(store: TweetStore, limit: int = 100) -> Sequence[TweetEvent]:
    """All that waits, in the order in which a relay would publish it."""
    found: list[TweetEvent] = []
    while entries := await store.outbox.pending(limit):
        assert len(entries) <= limit
        found += [decode_event(entry.payload) for entry in entries]  # type: ignore[misc]
        await store.outbox.remove(entries)
    return found


async def test_a_crowd_likes_each_once_and_takes_it_back_once(store: TweetStore) -> None:
    await publish(store, 10)
    for start in range(0, len(CROWD), 100):
        await asyncio.gather(
            *(store.add_edges("likes", [Edge(10_000 + user, user, 10)], liked) for user in CROWD[start : start + 100])
        )
    assert await likes(store) == len(CROWD)
    assert await whole(store, "likers", 10) == [10_000 + user for user in reversed(CROWD)]

    again = await store.add_edges("likes", [Edge(20_000 + user, user, 10) for user in CROWD], liked)
    assert set(again) == {"present"}
    taken_back = CROWD[::2]
    for user in taken_back:
        assert await store.remove_edge("likes", user, 10, unliked(user))
        assert not await store.remove_edge("likes", user, 10, unliked(user))
    assert await likes(store) == len(CROWD) // 2
    assert await whole(store, "likers", 10) == [10_000 + user for user in reversed(CROWD[1::2])]
    for user in (CROWD[0], CROWD[1], CROWD[-1], CROWD[-2]):
        view = (await store.views([10], user))[10]
        assert view.liked == (user not in taken_back)
        assert [entry.tweet_id for entry in (await store.entries("likes", {user: Window(5)})).get(user, ())] == [10] * view.liked

    assert set(await store.add_edges("likes", [Edge(30_000 + user, user, 10) for user in taken_back], liked)) == {"added"}
    assert await likes(store) == len(CROWD)
    assert len(await store.all_edges("likes", 0, 10_000)) == len(CROWD)
    assert await whole(store, "likers", 10) == sorted(await whole(store, "likers", 10), reverse=True)


async def test_events_of_one_tweet_come_in_the_order_of_its_writes_however_many_wait(store: TweetStore) -> None:
    await publish(store, 10)
    await publish(store, 11)
    for user in CROWD:
        await store.add_edges("likes", [Edge(10_000 + user, user, 10)], liked)
        if user % 3 == 0:
            await store.remove_edge("likes", user, 10, unliked(20_000 + user))
        if user % 7 == 0:
            await store.add_edges("bookmarks", [Edge(30_000 + user, user, 10)], lambda _edge, _author: None)
    await store.delete(10, TweetDeleted(id=99_999, at=0, tweet_id=10, author_id=ANN))
    expected = [10]
    for user in CROWD:
        expected += [10_000 + user, *([20_000 + user] if user % 3 == 0 else [])]
    found = await events(store, 37)
    assert [event.id for event in found if event.tweet_id == 10] == [*expected, 99_999]
    assert [event.id for event in found if event.tweet_id == 11] == [11]
    assert (await store.views([10], None))[10].tweet.deleted


async def test_a_thread_of_hundreds_counts_and_lists_them_all(store: TweetStore) -> None:
    await publish(store, 10)
    answers = range(100, 500)
    await asyncio.gather(*(publish(store, answer, BOB, in_reply_to_id=10, quoted_id=10) for answer in answers))
    view = (await store.views([10], None))[10]
    assert (view.replies, view.quotes) == (len(answers), len(answers))
    assert await whole(store, "thread", 10) == list(reversed(answers))

    await publish(store, 600, in_reply_to_id=101)
    for answer in answers[:200]:
        await store.delete(answer, TweetDeleted(id=answer + 1_000, at=0, tweet_id=answer, author_id=BOB))
    view = (await store.views([10], None))[10]
    assert (view.replies, view.quotes) == (len(answers) - 200, len(answers) - 200)
    # Of the deleted ones only that stays which is answered itself.
    assert await whole(store, "thread", 10) == [*reversed(answers[200:]), 101]
    assert await whole(store, "replies", BOB) == list(reversed(answers[200:]))


async def test_a_person_has_as_many_tweets_as_stand_whenever_they_came(store: TweetStore) -> None:
    tweets = [Tweet(id_, ANN, 0, "x") for id_ in range(1_000, 1_500)]
    older = [Tweet(id_, ANN, 0, "x") for id_ in range(500, 600)]
    for batch in (tweets, older, tweets, older):
        await store.import_tweets(batch, frozenset(), published)
    for tweet in (*tweets[::5], *older[::5]):
        assert await store.delete(tweet.id, TweetDeleted(id=1, at=0, tweet_id=tweet.id, author_id=ANN))
    await publish(store, 2_000)
    standing = [tweet.id for index, tweet in enumerate((*older, *tweets)) if index % 5] + [2_000]
    assert await store.tweet_counts([ANN, BOB]) == {ANN: len(standing)}
    assert await whole(store, "originals", ANN) == standing[::-1]
    assert [post.id for post in await store.posts_of([ANN, BOB], Window(1_000))] == standing[::-1]
    assert [post.id for post in (await store.posts_by({ANN: Window(1_000)}))[ANN]] == standing[::-1]


async def test_posts_of_thousands_of_people_are_merged(store: TweetStore) -> None:
    tweets = [Tweet(10_000 + number, 1 + number * 7 % 1_000, 0, "x") for number in range(1_500)]
    await store.import_tweets(tweets, frozenset(), published)
    everything = [tweet.id for tweet in reversed(tweets)]
    assert [post.id for post in await store.posts_of(range(1, 3_000), Window(100))] == everything[:101]
    oldest = await store.posts_of(range(1, 3_000), Window(100, from_oldest=True))
    assert [post.id for post in oldest] == everything[-101:]


async def test_lists_of_hundreds_of_owners_come_in_one_call(store: TweetStore) -> None:
    people = range(1, 251)
    await store.import_tweets(
        [Tweet(1_000 * turn + person, person, 0, "x") for turn in (1, 2, 3) for person in people], frozenset(), published
    )
    await store.add_edges("bookmarks", [Edge(9_000 + person, person, 1_001) for person in people], lambda _edge, _author: None)
    windows = {
        person: Window(1 + person % 2, below=3_000 if person % 3 else None, from_oldest=person % 5 == 0) for person in people
    }
    found = await store.entries("originals", windows)
    for person, window in windows.items():
        ids = [1_000 * turn + person for turn in (3, 2, 1) if turn < 3 or window.below is None]
        assert [entry.id for entry in found[person]] == (ids[-window.fetch :] if window.from_oldest else ids[: window.fetch])
    bookmarked = await store.entries("bookmarks", dict.fromkeys(people, Window(1)))
    assert all([entry.tweet_id for entry in bookmarked[person]] == [1_001] for person in people)
    posts = await store.posts_by(dict.fromkeys(people, Window(1)))
    assert {person: [post.id for post in found] for person, found in posts.items()} == {
        person: [3_000 + person, 2_000 + person] for person in people
    }


async def test_retweets_of_deleted_tweets_do_not_empty_a_page(store: TweetStore) -> None:
    for tweet_id in range(100, 200):
        await publish(store, tweet_id)
    await store.add_edges("retweets", [Edge(1_000 + tweet_id, BOB, tweet_id) for tweet_id in range(100, 200)], liked)
    for tweet_id in range(110, 200):
        await store.delete(tweet_id, TweetDeleted(id=1, at=0, tweet_id=tweet_id, author_id=ANN))
    expected = [1_000 + tweet_id for tweet_id in range(109, 103, -1)]
    assert [post.id for post in await store.posts_of([BOB], Window(5))] == expected
    assert [post.id for post in (await store.posts_by({BOB: Window(5)}))[BOB]] == expected


async def test_a_thread_is_climbed_however_deep_it_is(store: TweetStore) -> None:
    await publish(store, 1)
    for tweet_id in range(2, 151):
        await publish(store, tweet_id, in_reply_to_id=tweet_id - 1)
    found = await store.ancestors([150, 40, 33, 2, 1], 100)
    assert {start: list(above) for start, above in found.items()} == {
        150: list(range(50, 150)),
        40: list(range(1, 40)),
        33: list(range(1, 33)),
        2: [1],
    }

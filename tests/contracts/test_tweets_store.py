"""The contract of `subgraphs.tweets.ports.TweetStore`, for every adapter."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from murmur.cache.memory import MemoryCache
from murmur.clock import wall_clock
from murmur.cursors import Window
from murmur.events import Liked, TweetDeleted, TweetPublished, decode_event
from murmur.post import Post
from murmur.text import Entities, Span
from subgraphs.tweets.model import Edge, EdgeKind, Tweet, View
from subgraphs.tweets.ports import TargetGone, TellEdge, TellTweet, TweetStore
from subgraphs.tweets.wiring import cached, open_store
from tests.support.tweet_stores import ADAPTERS, engine_of, store_url, tweet_store
from tests.support.waiting import until

ANN, BOB, EVE = 1, 2, 3
HOUR = 60 * 60 * 1000
DAY = 24 * HOUR
NEWEST = Window(limit=10)


@pytest.fixture(params=(*ADAPTERS, "beside a cache"))
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TweetStore]:
    async with tweet_store(engine_of(request.param, request), tmp_path) as opened:
        yield cached(opened, MemoryCache(), lambda _kind, _outcome, _by: None) if request.param == "beside a cache" else opened


def published(event_id: int = 1) -> TellTweet:
    def tell(tweet: Tweet, answered: int | None, quoted: int | None) -> TweetPublished:
        return TweetPublished(
            id=event_id,
            at=0,
            tweet_id=tweet.id,
            author_id=tweet.author_id,
            text=tweet.text,
            in_reply_to_id=tweet.in_reply_to_id,
            in_reply_to_author_id=answered,
            quoted_id=tweet.quoted_id,
            quoted_author_id=quoted,
        )

    return tell


def liked(event_id: int = 1) -> TellEdge:
    return lambda edge, author: Liked(id=event_id, at=0, tweet_id=edge.tweet_id, author_id=author, user_id=edge.user_id)


async def publish(store: TweetStore, tweet_id: int, author: int = ANN, text: str = "x", **more: int) -> Tweet:
    tweet = Tweet(tweet_id, author, tweet_id * 10, text, **more)
    await store.publish(tweet, None, b"", published())
    return tweet


async def delete(store: TweetStore, tweet_id: int, author: int = ANN) -> bool:
    return await store.delete(tweet_id, TweetDeleted(id=9, at=0, tweet_id=tweet_id, author_id=author))


async def add(store: TweetStore, kind: EdgeKind, *edges: tuple[int, int, int]) -> list[str]:
    return list(await store.add_edges(kind, [Edge(*edge) for edge in edges], liked()))


async def pending(store: TweetStore) -> int:
    return len(await store.outbox.pending(10_000))


async def ids(store: TweetStore, listing: str, owner: int, window: Window = NEWEST) -> list[int]:
    return [entry.tweet_id for entry in (await store.entries(listing, {owner: window})).get(owner, ())]  # type: ignore[arg-type]


async def test_what_was_published_is_read_back_whole(store: TweetStore) -> None:
    entities = Entities((Span("ann", 0, 4),), (Span("tag", 5, 9),), (Span("http://a.example", 10, 26),))
    await publish(store, 10)
    tweet = Tweet(11, BOB, 123, "@ann #tag http://a.example 👋", entities, in_reply_to_id=10, quoted_id=10, lang="pt-BR")
    await store.publish(tweet, None, b"", published())
    assert await store.views([11, 12], None) == {11: View(tweet)}
    assert list(await store.all_tweets(10, 5)) == [tweet]
    assert (await store.views([10], None))[10] == View(Tweet(10, ANN, 100, "x"), replies=1, quotes=1)


async def test_a_tweet_and_its_event_are_one_write(store: TweetStore) -> None:
    await publish(store, 10)
    await publish(store, 11, BOB, in_reply_to_id=10, quoted_id=10)
    events = [decode_event(entry.payload) for entry in await store.outbox.pending(10)]
    assert [event.tweet_id for event in events if isinstance(event, TweetPublished)] == [10, 11]
    assert isinstance(events[1], TweetPublished)
    assert (events[1].in_reply_to_author_id, events[1].quoted_author_id) == (ANN, ANN)

    def fail(*_: object) -> TweetPublished:
        raise RuntimeError("no event")

    with pytest.raises(RuntimeError, match="no event"):
        await store.publish(Tweet(12, ANN, 0, "x", in_reply_to_id=10), None, b"", fail)
    assert await store.views([12], None) == {}
    assert (await store.views([10], None))[10].replies == 1
    assert await pending(store) == 2


@pytest.mark.parametrize("field", ["in_reply_to_id", "quoted_id"])
async def test_nothing_stands_on_what_is_gone(store: TweetStore, field: str) -> None:
    await publish(store, 10)
    await delete(store, 10)
    before = await pending(store)
    for target in (10, 77):
        with pytest.raises(TargetGone) as gone:
            await store.publish(Tweet(11, ANN, 0, "x", **{field: target}), "key", b"", published())
        assert gone.value.tweet_id == target
    assert await store.kept(ANN, "key") is None
    assert await pending(store) == before


async def test_a_key_keeps_standing_for_its_first_tweet(store: TweetStore) -> None:
    now = wall_clock()
    first = await store.publish(Tweet(10, ANN, now, "x"), "key", b"one", published())
    assert (first.tweet_id, first.content) == (10, b"one")
    assert await store.publish(Tweet(11, ANN, now + 1, "y"), "key", b"two", published()) == first
    assert await store.kept(ANN, "key") == first
    assert await store.kept(BOB, "key") is None
    assert await store.views([11], None) == {}
    assert await pending(store) == 1


async def test_a_key_is_kept_for_a_day_and_then_let_go(store: TweetStore) -> None:
    now = wall_clock()
    await store.publish(Tweet(10, ANN, now - DAY - HOUR, "x"), "old", b"", published())
    await store.publish(Tweet(11, ANN, now - DAY + HOUR, "y"), "young", b"", published())
    await store.publish(Tweet(12, BOB, now, "z"), "new", b"", published())

    async def let_go() -> bool:
        return await store.kept(ANN, "old") is None

    await until(let_go)
    assert await store.kept(ANN, "young") is not None
    assert [row.key for row in await store.keys_after((0, ""), 10)] == ["young", "new"]


async def test_deletion_leaves_a_tombstone_and_happens_once(store: TweetStore) -> None:
    await publish(store, 10)
    await publish(store, 11, BOB)
    await publish(store, 12, ANN, in_reply_to_id=10, quoted_id=11)
    await add(store, "likes", (20, BOB, 12))
    before = await pending(store)
    assert await delete(store, 12) is True
    assert await delete(store, 12) is False
    assert await delete(store, 99) is False
    assert await pending(store) == before + 1
    views = await store.views([10, 11, 12], BOB)
    assert views[12] == View(Tweet(12, ANN, 120, "", in_reply_to_id=10, deleted=True))
    assert (views[10].replies, views[11].quotes) == (0, 0)
    assert await store.standing([10, 11, 12, 99]) == {10, 11}
    assert await store.tweet_counts([ANN, BOB, EVE]) == {ANN: 1, BOB: 1}


@pytest.mark.parametrize("kind", ["likes", "retweets", "bookmarks"])
async def test_an_edge_is_there_once_and_counted_once(store: TweetStore, kind: EdgeKind) -> None:
    await publish(store, 10)
    await publish(store, 11)
    await delete(store, 11)
    before = await pending(store)
    assert await add(store, kind, (20, BOB, 10), (21, BOB, 10), (22, EVE, 10), (23, BOB, 11), (24, BOB, 99)) == [
        "added",
        "present",
        "added",
        "gone",
        "gone",
    ]
    assert await add(store, kind, (25, BOB, 10)) == ["present"]
    assert getattr((await store.views([10], BOB))[10], kind) == 2
    assert await pending(store) == before + 2
    assert await store.remove_edge(kind, BOB, 10, liked()) is True
    assert await store.remove_edge(kind, BOB, 10, liked()) is False
    assert getattr((await store.views([10], None))[10], kind) == 1
    assert await pending(store) == before + 3
    assert list(await store.all_edges(kind, 0, 10)) == [Edge(22, EVE, 10)]


async def test_the_viewers_state_is_the_viewers(store: TweetStore) -> None:
    await publish(store, 10)
    await add(store, "likes", (20, BOB, 10))
    await add(store, "retweets", (21, EVE, 10))
    await add(store, "bookmarks", (22, BOB, 10))
    states = {
        viewer: (view.liked, view.retweeted, view.bookmarked)
        for viewer in (None, ANN, BOB, EVE)
        for view in [(await store.views([10], viewer))[10]]
    }
    assert states == {
        None: (False, False, False),
        ANN: (False, False, False),
        BOB: (True, False, True),
        EVE: (False, True, False),
    }


async def test_an_edge_whose_id_is_in_use_gets_the_next_free_one(store: TweetStore) -> None:
    await publish(store, 20)
    await publish(store, 21)
    assert await add(store, "retweets", (20, BOB, 20), (20, EVE, 20)) == ["added", "added"]
    assert [edge.id for edge in await store.all_edges("retweets", 0, 10)] == [22, 23]
    assert [post.id for post in await store.posts_of([ANN, BOB, EVE], NEWEST)] == [23, 22, 21, 20]


async def test_listings_tell_what_they_name_newest_first(store: TweetStore) -> None:
    await publish(store, 10)
    await publish(store, 11, BOB)
    await publish(store, 12, ANN, in_reply_to_id=11)
    await publish(store, 13, ANN)
    await publish(store, 14, BOB, in_reply_to_id=11)
    await add(store, "likes", (20, EVE, 13), (21, EVE, 10), (22, BOB, 10))
    await add(store, "bookmarks", (23, EVE, 12), (24, EVE, 11))
    await add(store, "retweets", (25, EVE, 10), (26, BOB, 10))
    assert await ids(store, "originals", ANN) == [13, 10]
    assert await ids(store, "replies", ANN) == [12]
    assert await ids(store, "thread", 11) == [14, 12]
    assert await ids(store, "likes", EVE) == [10, 13]
    assert await ids(store, "bookmarks", EVE) == [11, 12]
    likers = (await store.entries("likers", {10: NEWEST}))[10]
    assert [(entry.id, entry.user_id) for entry in likers] == [(22, BOB), (21, EVE)]
    retweeters = (await store.entries("retweeters", {10: NEWEST}))[10]
    assert [(entry.id, entry.user_id) for entry in retweeters] == [(26, BOB), (25, EVE)]


async def test_deleted_tweets_leave_listings_but_for_threads_that_go_on(store: TweetStore) -> None:
    await publish(store, 10)
    for tweet, target in ((11, 10), (12, 10), (13, 11)):
        await publish(store, tweet, ANN, in_reply_to_id=target)
    await add(store, "likes", (20, BOB, 11), (21, BOB, 12))
    await delete(store, 11)
    await delete(store, 12)
    assert await ids(store, "thread", 10) == [11]
    assert await ids(store, "replies", ANN) == [13]
    assert await ids(store, "likes", BOB) == []
    assert list(await store.all_edges("likes", 0, 10)) == []
    await delete(store, 13)
    assert await ids(store, "thread", 10) == []


@pytest.mark.parametrize("listing", ["originals", "likers"])
async def test_each_owners_window_is_its_own(store: TweetStore, listing: str) -> None:
    for tweet in range(1, 9):
        await publish(store, tweet, ANN if tweet % 2 else BOB)
    owners = (ANN, BOB)
    await add(store, "likes", *((100 + user, user, owner) for owner in owners for user in range(10, 18)))
    for window in (
        NEWEST,
        Window(limit=1),
        Window(limit=1, from_oldest=True),
        Window(limit=2, below=110),
        Window(limit=2, above=3),
        Window(limit=1, below=7, above=1, from_oldest=True),
        Window(limit=3, below=2**64 - 1, above=2**64 - 1),
    ):
        whole = await store.entries(listing, dict.fromkeys(owners, NEWEST))  # type: ignore[arg-type]
        found = await store.entries(listing, {ANN: window, BOB: Window(limit=1)})  # type: ignore[arg-type]
        inside = [
            entry
            for entry in whole[ANN]
            if (window.below is None or entry.id < window.below) and (window.above is None or entry.id > window.above)
        ]
        assert list(found[ANN]) == (inside[-window.fetch :] if window.from_oldest else inside[: window.fetch])
        assert list(found[BOB]) == list(whole[BOB])[:2]


async def test_ancestors_go_up_to_the_root_or_the_limit(store: TweetStore) -> None:
    await publish(store, 10)
    for tweet in range(11, 16):
        await publish(store, tweet, in_reply_to_id=tweet - 1)
    await publish(store, 20, in_reply_to_id=12)
    await delete(store, 11)
    found = await store.ancestors([10, 12, 15, 20, 99], 3)
    assert {start: list(above) for start, above in found.items()} == {12: [10, 11], 15: [12, 13, 14], 20: [10, 11, 12]}


async def test_posts_are_tweets_replies_and_retweets_in_one_order(store: TweetStore) -> None:
    await publish(store, 10)
    await publish(store, 11, BOB)
    await publish(store, 12, ANN, in_reply_to_id=11)
    await add(store, "retweets", (20, BOB, 10), (21, EVE, 11), (22, EVE, 10))
    assert list(await store.posts_of([BOB, ANN, BOB], NEWEST)) == [
        Post(20, 10, ANN, BOB),
        Post(12, 12, ANN, ANN),
        Post(11, 11, BOB, BOB),
        Post(10, 10, ANN, ANN),
    ]
    await delete(store, 10)
    await store.remove_edge("retweets", EVE, 11, liked())
    assert list(await store.posts_of([EVE], NEWEST)) == []
    assert [post.id for post in await store.posts_of([ANN, BOB, EVE], NEWEST)] == [12, 11]
    assert list(await store.posts_of([], NEWEST)) == []


@pytest.mark.parametrize("from_oldest", [False, True])
@pytest.mark.parametrize("people", [1, 3, 40])
async def test_posts_of_many_are_those_of_each_merged(store: TweetStore, people: int, from_oldest: bool) -> None:
    # The first person has most of the posts, as in life.
    tweets = [Tweet(tweet, 1 if tweet % 3 else 1 + tweet % people, 1, "x") for tweet in range(1, 400)]
    await store.import_tweets(tweets, frozenset(), published())
    everything = [tweet.id for tweet in reversed(tweets) if tweet.author_id <= people]
    for limit, below, above in (
        (5, None, None),
        (60, None, None),
        (1000, None, None),
        (7, 200, None),
        (7, 200, 190),
        (50, None, 300),
    ):
        window = Window(limit, below, above, from_oldest)
        inside = [each for each in everything if (below is None or each < below) and (above is None or each > above)]
        expected = inside[-window.fetch :] if from_oldest else inside[: window.fetch]
        assert [post.id for post in await store.posts_of(range(1, people + 1), window)] == expected


async def test_importing_again_changes_nothing(store: TweetStore) -> None:
    tweets = [
        Tweet(12, BOB, 7, "reply", in_reply_to_id=10),
        Tweet(10, ANN, 5, "root"),
        Tweet(11, ANN, 6, "", deleted=True),
        Tweet(13, BOB, 8, "on a tombstone", in_reply_to_id=11, quoted_id=11),
    ]
    assert list(await store.import_tweets(tweets, frozenset(), published())) == ["added"] * 4
    assert await pending(store) == 3
    whole = list(await store.all_tweets(0, 10))
    assert whole == sorted(tweets, key=lambda tweet: tweet.id)
    assert list(await store.import_tweets(tweets, frozenset(), published())) == ["present"] * 4
    assert list(await store.all_tweets(0, 10)) == whole
    assert await pending(store) == 3
    assert await store.tweet_counts([ANN, BOB]) == {ANN: 1, BOB: 2}
    await delete(store, 10)
    assert list(await store.import_tweets(tweets, frozenset(), published())) == ["present"] * 4
    assert await store.standing([10]) == set()


async def test_an_import_that_does_not_fit_is_left_out_alone(store: TweetStore) -> None:
    await publish(store, 10, ANN, "mine")
    outcomes = await store.import_tweets(
        [
            Tweet(10, ANN, 0, "other text"),
            Tweet(10, BOB, 0, "mine"),
            Tweet(20, ANN, 0, "x", in_reply_to_id=99),
            Tweet(21, ANN, 0, "x", quoted_id=22),
            Tweet(22, ANN, 0, "fits"),
        ],
        frozenset(),
        published(),
    )
    assert list(outcomes) == ["taken", "taken", "orphan", "orphan", "added"]
    assert [tweet.id for tweet in await store.all_tweets(0, 10)] == [10, 22]


async def test_a_made_up_id_moves_to_a_free_one_and_finds_itself_again(store: TweetStore) -> None:
    tweets = [Tweet(10, ANN, 0, "a"), Tweet(10, ANN, 0, "b"), Tweet(10, BOB, 0, "a")]
    movable = {0, 1, 2}
    assert list(await store.import_tweets(tweets, movable, published())) == ["added"] * 3
    assert [(tweet.id, tweet.text) for tweet in await store.all_tweets(0, 10)] == [(10, "a"), (11, "b"), (12, "a")]
    assert list(await store.import_tweets(tweets, movable, published())) == ["present"] * 3
    assert await pending(store) == 3


async def test_streams_can_be_read_in_pages(store: TweetStore) -> None:
    for tweet in range(1, 8):
        await publish(store, tweet)
    await add(store, "likes", *((100 + tweet, BOB, tweet) for tweet in range(1, 8)))
    read, after = [], 0
    while rows := await store.all_tweets(after, 3):
        read += [tweet.id for tweet in rows]
        after = rows[-1].id
    assert read == list(range(1, 8))
    assert [edge.tweet_id for edge in await store.all_edges("likes", 103, 2)] == [4, 5]


async def test_the_marks_of_a_viewer_are_those_of_views_and_none_on_what_is_deleted(store: TweetStore):
    await publish(store, 10)
    await publish(store, 11)
    await publish(store, 12)
    kinds: tuple[EdgeKind, ...] = ("likes", "retweets", "bookmarks")
    for number, (kind, tweet_id) in enumerate([(kinds[0], 10), (kinds[1], 10), (kinds[2], 11), (kinds[0], 12)]):
        assert await store.add_edges(kind, [Edge(100 + number, BOB, tweet_id)], liked()) == ["added"]
    await store.remove_edge("retweets", BOB, 10, liked())
    await delete(store, 12)
    marks = await store.marks([10, 11, 12, 99], BOB)
    assert {tweet_id: done for tweet_id, done in marks.items() if done} == {10: {"likes"}, 11: {"bookmarks"}}
    assert not any((await store.marks([10, 11], EVE)).values())
    views = await store.views([10, 11, 12], BOB)
    assert (views[10].liked, views[10].retweeted, views[11].bookmarked, views[12].liked) == (True, False, True, False)


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_writes_at_once_are_each_durable_and_counted(request: pytest.FixtureRequest, tmp_path: Path, adapter: str) -> None:
    async with store_url(engine_of(adapter, request)) as url:
        store = open_store(url, tmp_path)
        await publish(store, 10)
        await asyncio.gather(
            *(publish(store, tweet, BOB, in_reply_to_id=10) for tweet in range(11, 61)),
            *(add(store, "likes", (100 + user, user % 20, 10)) for user in range(40)),
        )
        await store.close()
        store = open_store(url, tmp_path)
        view = (await store.views([10], None))[10]
        assert (view.replies, view.likes) == (50, 20)
        assert await pending(store) == 1 + 50 + 20
        await store.close()


async def test_posts_of_many_people_each_come_in_a_window_of_their_own(store: TweetStore) -> None:
    for id_, author in ((11, ANN), (12, BOB), (13, ANN), (14, BOB)):
        await publish(store, id_, author)

    found = await store.posts_by({ANN: Window(1), BOB: Window(5, below=14), EVE: Window(5)})

    assert {person: [post.id for post in posts] for person, posts in found.items()} == {ANN: [13, 11], BOB: [12], EVE: []}


async def test_the_authors_of_tweets_are_known_after_deletion_too(store: TweetStore) -> None:
    await publish(store, 10, ANN)
    await publish(store, 11, BOB)
    await delete(store, 11, BOB)
    assert await store.authors_of([10, 11, 99]) == {10: ANN, 11: BOB}
    assert await store.authors_of([]) == {}

"""Whatever dies between the write that decides and what follows from it, in the end all agrees and nothing is lost or doubled."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from murmur.cluster.mongodb import MongoDB
from murmur.cursors import Window
from murmur.errors import Unavailable
from murmur.events import AnyEvent, Liked, TweetDeleted, TweetEvent, TweetPublished, decode_event
from subgraphs.tweets.model import Edge, Kept, Tweet
from subgraphs.tweets.stores.mongodb import MongoTweetStore
from tests.support.tweet_audit import audit, drained
from tests.support.tweet_crowd import PEOPLE, Memory, live
from tests.support.tweet_stores import store_url
from tests.support.waiting import until

ANN, BOB = 1, 2
ALL = Window(100)
_TIMED_OUT = 50
_HELD_UP_MS = 6_000


def published(tweet: Tweet, answered: int | None, quoted: int | None) -> TweetEvent:
    return TweetPublished(id=tweet.id, at=0, tweet_id=tweet.id, author_id=tweet.author_id, text=tweet.text)


def liked(edge: Edge, author_id: int) -> TweetEvent:
    return Liked(id=edge.id, at=0, tweet_id=edge.tweet_id, author_id=author_id, user_id=edge.user_id)


@pytest.fixture
async def url(mongodb: MongoDB) -> AsyncIterator[str]:
    async with store_url(mongodb) as found:
        yield found


@pytest.fixture
async def store(url: str) -> AsyncIterator[MongoTweetStore]:
    opened = MongoTweetStore(url)
    yield opened
    await opened.close()


@asynccontextmanager
async def failing(server: MongoDB, url: str, collection: str) -> AsyncIterator[None]:
    """Within it, no write to a collection is done, as if who asks for it had died just before."""
    namespace = f"{url.rpartition('/')[2].partition('?')[0]}.{collection}"
    data = {"failCommands": ["insert", "update", "findAndModify"], "namespace": namespace, "errorCode": _TIMED_OUT}
    point = {"configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data}
    server.ask(server.members[0], point)
    try:
        yield
    finally:
        server.ask(server.members[0], {**point, "mode": "off"})


@asynccontextmanager
async def held_up(server: MongoDB, url: str, collection: str) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """Within it, the next update of a collection takes its time before it is done. What it yields asks whether it has begun."""
    member = server.members[0]
    namespace = f"{url.rpartition('/')[2].partition('?')[0]}.{collection}"
    data = {"failCommands": ["update"], "namespace": namespace, "blockConnection": True, "blockTimeMS": _HELD_UP_MS}
    point = {"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": data}
    parameter = "failpoint.failCommand"

    def entered() -> int:
        return server.ask(member, {"getParameter": 1, parameter: 1})[parameter].get("timesEntered", 0)

    before = entered()
    server.ask(member, point)

    async def begun() -> bool:
        return entered() > before

    yield begun
    server.ask(member, {**point, "mode": "off"})


async def test_a_post_whose_author_died_is_counted_and_listed_when_it_is_told(mongodb: MongoDB, url: str, store: MongoTweetStore):
    await store.publish(Tweet(10, ANN, 10, "x"), None, b"", published)
    async with failing(mongodb, url, "authors"):
        with pytest.raises(Unavailable):
            await store.publish(Tweet(11, BOB, 11, "y", in_reply_to_id=10), None, b"", published)
    # Whoever relays sees to it, however often and however many do so at once.
    other = MongoTweetStore(url)
    await asyncio.gather(*(one.outbox.pending(10) for one in (store, other) for _ in range(3)))
    assert await store.tweet_counts([BOB]) == {BOB: 1}
    assert [entry.id for entry in (await store.entries("replies", {BOB: ALL}))[BOB]] == [11]
    assert (await store.views([10], None))[10].replies == 1
    await audit(store, [ANN, BOB], await drained(other))
    await other.close()


async def test_a_like_of_someone_who_died_is_listed_when_it_is_told(mongodb: MongoDB, url: str, store: MongoTweetStore):
    await store.publish(Tweet(10, ANN, 10, "x"), None, b"", published)
    async with failing(mongodb, url, "marks"):
        for kind in ("likes", "bookmarks"):
            with pytest.raises(Unavailable):
                await store.add_edges(kind, [Edge(20, BOB, 10)], liked)
    # The count and whose it is were one write.
    view = (await store.views([10], BOB))[10]
    assert (view.likes, view.liked, view.bookmarks, view.bookmarked) == (1, True, 1, True)
    assert (await store.entries("likes", {BOB: ALL})).get(BOB, []) == []
    assert await store.add_edges("likes", [Edge(30, BOB, 10)], liked) == ["present"]
    events = await drained(store)
    assert [type(event) for event in events] == [TweetPublished, Liked, Liked]
    assert len((await store.entries("likes", {BOB: ALL}))[BOB]) == 1
    assert len((await store.entries("bookmarks", {BOB: ALL}))[BOB]) == 1


async def test_a_deletion_that_overtakes_what_follows_from_the_post_leaves_nothing_of_it(
    mongodb: MongoDB, url: str, store: MongoTweetStore
):
    await store.publish(Tweet(10, ANN, 10, "x"), None, b"", published)
    async with failing(mongodb, url, "authors"):
        with pytest.raises(Unavailable):
            await store.publish(Tweet(11, BOB, 11, "y", in_reply_to_id=10, quoted_id=10), None, b"", published)
    assert await store.delete(11, TweetDeleted(id=12, at=0, tweet_id=11, author_id=BOB))
    view = (await store.views([10], None))[10]
    assert (view.replies, view.quotes) == (0, 0)
    await audit(store, [ANN, BOB], await drained(store))
    assert await store.tweet_counts([BOB]) == {}
    assert (await store.views([10], None))[10] == view


async def test_a_count_that_comes_late_is_not_counted_again(mongodb: MongoDB, url: str, store: MongoTweetStore):
    other = MongoTweetStore(url)
    async with held_up(mongodb, url, "authors") as begun:
        late = asyncio.create_task(store.publish(Tweet(10, ANN, 10, "x"), None, b"", published))
        await until(begun)
        # Others see to it meanwhile, and so much more is written that it is no recent line any more.
        events = await drained(other)
        await other.import_tweets([Tweet(id_, ANN, 0, "x") for id_ in range(11, 211)], frozenset(), published)
        await other.delete(11, TweetDeleted(id=1, at=0, tweet_id=11, author_id=ANN))
        assert not late.done()
        await late
    assert await store.tweet_counts([ANN]) == {ANN: 200}
    await audit(store, [ANN], events + await drained(store))
    await other.close()


async def test_a_like_that_is_decided_late_is_there_once(mongodb: MongoDB, url: str, store: MongoTweetStore):
    other = MongoTweetStore(url)
    await store.publish(Tweet(10, ANN, 10, "x"), None, b"", published)
    async with held_up(mongodb, url, "tweets") as begun:
        late = asyncio.create_task(store.add_edges("likes", [Edge(20, BOB, 10)], liked))
        await until(begun)
        # The same person elsewhere, and so many more that the first like is no recent line any more.
        for start in (100, 200, 300):
            people = [BOB, *range(start, start + 60)]
            await other.add_edges("likes", [Edge(10 * start + person, person, 10) for person in people], liked)
        assert not late.done()
        assert await late == ["present"]
    assert (await store.views([10], BOB))[10].likes == 181
    await audit(store, [ANN, BOB], await drained(store))
    await other.close()


async def test_a_like_that_is_listed_late_does_not_come_back(mongodb: MongoDB, url: str, store: MongoTweetStore):
    other = MongoTweetStore(url)
    await store.publish(Tweet(10, ANN, 10, "x"), None, b"", published)
    async with held_up(mongodb, url, "marks") as begun:
        late = asyncio.create_task(store.add_edges("likes", [Edge(20, BOB, 10)], liked))
        await until(begun)
        assert await other.remove_edge("likes", BOB, 10, lambda *_: None)
        assert not late.done()
        assert await late == ["added"]
    assert (await store.entries("likes", {BOB: ALL})).get(BOB, []) == []
    assert await store.all_edges("likes", 0, 10) == []
    assert (await store.views([10], BOB))[10].liked is False
    await other.close()


async def test_a_key_of_someone_who_died_goes_on_with_the_same_tweet(mongodb: MongoDB, url: str, store: MongoTweetStore):
    async with failing(mongodb, url, "tweets"):
        with pytest.raises(Unavailable):
            await store.publish(Tweet(10, ANN, 2_000_000_000_000, "x"), "key", b"one", published)
    assert await store.kept(ANN, "key") is None
    # Something else is not what the key stands for, whether or not it was ever published.
    assert await store.publish(Tweet(11, ANN, 2_000_000_000_001, "z"), "key", b"two", published) == Kept(10, b"one")
    assert await store.kept(ANN, "key") is None
    outcomes = await asyncio.gather(
        *(store.publish(Tweet(12 + n, ANN, 2_000_000_000_002, "x"), "key", b"one", published) for n in range(5))
    )
    assert outcomes == [Kept(10, b"one")] * 5
    assert await store.kept(ANN, "key") == Kept(10, b"one")
    assert [(tweet.id, tweet.created_at) for tweet in await store.all_tweets(0, 10)] == [(10, 2_000_000_000_000)]
    assert await store.tweet_counts([ANN]) == {ANN: 1}


async def test_a_server_that_does_not_answer_is_unavailable_in_time(mongodb: MongoDB, url: str):
    store = MongoTweetStore(f"{url}&timeoutMS=1000")
    mongodb.members[0].pause()
    try:
        async with asyncio.timeout(20):
            for call in (
                store.views([1], 2),
                store.entries("likes", {1: ALL}),
                store.publish(Tweet(1, ANN, 1, "x"), "key", b"", published),
                store.add_edges("likes", [Edge(2, 3, 1)], liked),
                store.outbox.pending(1),
                store.outbox.wait(),
                store.engine.check(),
            ):
                with pytest.raises(Unavailable):
                    await call
    finally:
        mongodb.members[0].resume()
    assert await store.standing([77]) == set()
    await store.close()


async def seeds(store: MongoTweetStore) -> list[int]:
    for tweet_id in range(1, 6):
        await store.publish(Tweet(tweet_id, ANN, tweet_id, f"everybody's {tweet_id}"), None, b"", published)
    return [tweet.id for tweet in await store.all_tweets(0, 10)]


async def relay(store: MongoTweetStore, events: list[AnyEvent], stop: asyncio.Event) -> None:
    """One that is not stopped by an outage, and after `stop` goes on until nothing waits. Entries that it had taken and could not
    remove it does not take twice."""
    taken: set[tuple[int, int]] = set()
    waiting = True
    while waiting or not stop.is_set():
        try:
            entries = await store.outbox.pending(100)
            for entry in entries:
                if (entry.key, entry.seq) not in taken:
                    taken.add((entry.key, entry.seq))
                    events.append(decode_event(entry.payload))
            await store.outbox.remove(entries)
            waiting = bool(entries)
            if not waiting:
                await store.outbox.wait()
        except Unavailable:
            continue


async def test_stores_of_many_processes_agree_while_events_are_relayed(url: str, store: MongoTweetStore):
    shared, memory, events = await seeds(store), Memory(), list[AnyEvent]()
    stop, relayed = asyncio.Event(), asyncio.Event()
    others = [MongoTweetStore(url) for _ in range(3)]
    relaying = asyncio.create_task(relay(others[0], events, relayed))
    lives = [asyncio.create_task(live(one, node, shared, memory.hear, stop)) for node, one in enumerate((store, *others[1:]))]
    # Three act as each person, so whether an edge stands is not for one of them to know.
    await memory.heard(1_000)
    stop.set()
    await asyncio.gather(*lives)
    relayed.set()
    await relaying
    memory.edges.clear()
    await memory.check(store)
    await audit(store, PEOPLE, events + await drained(store))
    for other in others:
        await other.close()


async def test_writers_that_are_killed_lose_nothing_that_they_acknowledged(url: str, store: MongoTweetStore):
    shared, memory, events = await seeds(store), Memory(), list[AnyEvent]()
    for node in range(1, 5):
        command = [sys.executable, "-m", "tests.support.tweet_crowd", url, str(node), *map(str, shared)]
        crowd = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert crowd.stdout is not None
        until_then = memory.said + 150 * node
        async with asyncio.timeout(60):
            while memory.said < until_then:
                memory.hear(json.loads(await crowd.stdout.readline()))
        crowd.kill()
        async for line in crowd.stdout:
            if line.endswith(b"\n"):
                memory.hear(json.loads(line))
        await crowd.wait()
        events += await drained(store)
    await memory.check(store)
    await audit(store, PEOPLE, events)


async def test_a_killed_primary_takes_nothing_with_it(mongodb: MongoDB, tmp_path: Path):
    with MongoDB(tmp_path, members=3) as three:
        async with store_url(three) as url:
            store, other = MongoTweetStore(url), MongoTweetStore(url)
            shared, memory, events = await seeds(store), Memory(), list[AnyEvent]()
            stop, relayed = asyncio.Event(), asyncio.Event()
            relaying = asyncio.create_task(relay(other, events, relayed))
            life = asyncio.create_task(live(store, 1, shared, memory.hear, stop))
            for way in ("killed", "told to step down"):
                await memory.heard(200)
                primary = await asyncio.to_thread(three.primary)
                assert primary is not None
                if way == "killed":
                    primary.kill()
                else:
                    await asyncio.to_thread(three.ask, primary, {"replSetStepDown": 10, "force": True})
                await memory.heard(100)
                await asyncio.to_thread(three.start)
            stop.set()
            await life
            relayed.set()
            await relaying
            await memory.check(store)
            await audit(store, PEOPLE, events + await drained(store))
            await store.close()
            await other.close()

"""Reindexing beside live writes: whatever comes between two calls, the index ends with what the stores say."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from structlog.testing import capture_logs

from murmur.events import Liked, ProfileUpdated, TweetDeleted, TweetPublished
from murmur.ids import MAX_ID
from murmur.text import Entities
from subgraphs.search.model import Kind, TweetDocument
from subgraphs.search.ports import SearchIndex
from subgraphs.search.service import Indexer, parse
from subgraphs.tweets.model import Tweet, View
from subgraphs.users.model import User
from tests.support.search_indexes import empty_index
from tests.support.small_world import Watched

AT = 1_700_000_000_000


class Town:
    """Tweets and people in memory, by the ports of search."""

    def __init__(self, tweets: int) -> None:
        self.tweets = {id_: View(Tweet(id_, 1, AT, "hello", Entities())) for id_ in range(1, tweets + 1)}
        self.people = {1: User(1, "ada", "Ada", None, None, None, None, AT)}

    async def views(self, tweet_ids: object, viewer_id: int | None) -> dict[int, View]:
        return {id_: self.tweets[id_] for id_ in tweet_ids if id_ in self.tweets}  # type: ignore[attr-defined]

    async def standing(self, tweet_ids: object) -> set[int]:
        return {id_ for id_, view in (await self.views(tweet_ids, None)).items() if not view.tweet.deleted}

    async def all_tweets(self, after_id: int, limit: int) -> list[Tweet]:
        return [self.tweets[id_].tweet for id_ in sorted(self.tweets) if id_ > after_id][:limit]

    async def users(self, ids: object) -> dict[int, User]:
        return {id_: self.people[id_] for id_ in ids if id_ in self.people}  # type: ignore[attr-defined]

    async def all_users(self, after_id: int, limit: int) -> list[User]:
        return [self.people[id_] for id_ in sorted(self.people) if id_ > after_id][:limit]

    def rename(self, id_: int, name: str) -> ProfileUpdated:
        self.people[id_] = replace(self.people[id_], name=name)
        return ProfileUpdated(id=1, at=AT, user_id=id_, name=name, bio=None)

    def like(self, id_: int) -> Liked:
        self.tweets[id_] = replace(self.tweets[id_], likes=self.tweets[id_].likes + 1)
        return Liked(id=1, at=AT, tweet_id=id_, author_id=1, user_id=1)

    def delete(self, id_: int) -> TweetDeleted:
        self.tweets[id_] = self.tweets[id_].tombstone(hidden=False)
        return TweetDeleted(id=1, at=AT, tweet_id=id_, author_id=1)

    def publish(self, id_: int) -> TweetPublished:
        self.tweets[id_] = View(Tweet(id_, 1, AT, "hello", Entities()))
        return TweetPublished(id=1, at=AT, tweet_id=id_, author_id=1, text="hello")


@asynccontextmanager
async def reindexed(folder: Path, town: Town, between: Callable[[str, Indexer], Awaitable[None]]) -> AsyncGenerator[SearchIndex]:
    """The index after a reindexing with something done before and after each call of it."""
    async with empty_index("tantivy", folder) as index:
        live = Indexer(index, town, town)

        async def step(moment: str) -> None:
            await between(moment, live)

        watched = Indexer(Watched(index, step), Watched(town, step), Watched(town, step))  # type: ignore[arg-type] (passes calls on)
        async for _ in watched.reindex():
            pass
        yield index


async def found(index: SearchIndex, query: str, kind: Kind = Kind.TWEET) -> list[int]:
    return [hit.id for hit in await index.find(kind, parse(query), [None], MAX_ID + 1, 1_000)]


async def test_nothing_that_is_written_meanwhile_is_lost(tmp_path: Path) -> None:
    town = Town(20)
    steps = 0

    async def write(moment: str, live: Indexer) -> None:
        nonlocal steps
        steps += 1
        if steps <= 5:
            await live.hear([town.like(steps), town.delete(steps + 10), town.publish(100 + steps)])

    async with reindexed(tmp_path, town, write) as index:
        assert steps > 5
        standing = {id_ for id_, view in town.tweets.items() if not view.tweet.deleted}
        assert set(await found(index, "hello")) == standing
        assert set(await found(index, "min_likes:1")) == {id_ for id_ in standing if town.tweets[id_].likes}


async def test_a_rename_that_is_indexed_meanwhile_is_not_lost(tmp_path: Path) -> None:
    town = Town(0)
    moments: list[str] = []

    async def write(moment: str, live: Indexer) -> None:
        moments.append(moment)
        if len(moments) <= 6:
            await live.hear([town.rename(1, f"Name{len(moments)}x")])

    async with reindexed(tmp_path, town, write) as index:
        assert len(moments) > 6
        assert await found(index, "name6x", Kind.PERSON) == [1]
        assert await found(index, "name5x -name6x", Kind.PERSON) == []


async def test_what_never_settles_is_told(tmp_path: Path) -> None:
    town = Town(2)
    steps = 0

    async def write(moment: str, live: Indexer) -> None:
        nonlocal steps
        steps += 1
        await live.hear([town.like(2)])

    with capture_logs() as logs:
        async with reindexed(tmp_path, town, write):
            pass
    assert [(entry["kind"], entry["ids"]) for entry in logs if "changed at each look" in entry["event"]] == [("tweet", [2])]


async def test_what_nothing_stands_for_is_removed(tmp_path: Path) -> None:
    town = Town(3)
    async with empty_index("tantivy", tmp_path) as index:
        await index.put([TweetDocument(id=404, author_id=1, author="ada", at=AT, text="hello")])
        removed = [progress.removed async for progress in Indexer(index, town, town).reindex()]
        assert sum(removed) == 1
        assert await found(index, "hello") == [3, 2, 1]


async def test_events_may_come_twice_and_in_any_order(tmp_path: Path) -> None:
    town = Town(0)
    async with empty_index("tantivy", tmp_path) as index:
        live = Indexer(index, town, town)
        events = [town.publish(1), town.like(1), town.publish(2), town.delete(2)]
        for order in (events, events[::-1], events * 2):
            await live.hear(order)
            assert await found(index, "hello") == [1]
            assert await found(index, "min_likes:1") == [1]
            assert await found(index, "min_likes:2") == []

"""Which hashtags trend: the rules of `subgraphs.search.service.trends`, on a store of its own and a clock that is set."""

import asyncio
import random
from collections.abc import AsyncIterator, Collection, Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmur.events import AnyEvent, TweetDeleted, TweetPublished
from murmur.ids import first_id_at
from murmur.text import read_text
from subgraphs.search.model import TrendWindow
from subgraphs.search.ports import TrendStore
from subgraphs.search.service import TrendRanker, Trends
from subgraphs.search.service.trends import HOUR_MS, score
from subgraphs.search.stores.trends_sqlite import SqliteTrendStore
from subgraphs.tweets.model import Tweet
from subgraphs.users.model import User

NOW = 20_454 * 24 * HOUR_MS + 15 * HOUR_MS + HOUR_MS // 2
"""Half past three in the afternoon."""
_sequence = count(1)


class People:
    """Whoever is asked for exists; those of `protected` are protected."""

    def __init__(self) -> None:
        self.protected: set[int] = set()

    async def users(self, ids: Collection[int]) -> dict[int, User]:
        return {id_: User(id_, f"u{id_}", "U", None, None, None, None, 0, protected=id_ in self.protected) for id_ in ids}


class Desk:
    """A ranker and a reader on one store, at a time that tests set."""

    def __init__(self, store: TrendStore) -> None:
        self.now = NOW
        self.people = People()
        self.prohibited: set[str] = set()
        self.store = store
        clock = lambda: self.now  # noqa: E731 (two take it)
        self.ranker = TrendRanker(store, self.people, clock, least_people=3, forbids=lambda _tag: False)  # type: ignore[arg-type] (what is asked of people)
        self.trends = Trends(store, clock, lambda tag: tag in self.prohibited)

    async def use(self, tag: str, people: Sequence[int], hours_ago: float = 0) -> list[TweetPublished]:
        events = [used(tag, person, self.now - int(hours_ago * HOUR_MS), told=self.now) for person in people]
        await self.ranker.hear(events)
        return events

    async def top(self, window: TrendWindow = TrendWindow.HOUR) -> list[str]:
        return [tag for tag, _ in await self.counts(window)]

    async def counts(self, window: TrendWindow = TrendWindow.HOUR) -> list[tuple[str, int]]:
        await self.ranker.rank_all()
        return [(row.tag, row.uses) for row in await self.trends.top(window, 100)]


def used(tag: str, person: int, at: int, told: int | None = None) -> TweetPublished:
    """A tweet of the time `at`, told then or at `told`, as one that is imported."""
    id_ = first_id_at(at) + next(_sequence) % 4_000_000
    return TweetPublished(id=id_, at=told or at, tweet_id=id_, author_id=person, text=f"#{tag}", hashtags=(tag,))


def deleted(event: TweetPublished) -> TweetDeleted:
    return TweetDeleted(id=event.id + 1, at=event.at + 1, tweet_id=event.tweet_id, author_id=event.author_id)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = SqliteTrendStore(tmp_path / "trends.db")
    yield Desk(store)
    await store.close()


@pytest.mark.parametrize(
    ("window", "step", "periods"), [(TrendWindow.HOUR, 1, 48), (TrendWindow.DAY, 24, 14), (TrendWindow.WEEK, 24, 21)]
)
async def test_what_rises_comes_before_what_is_merely_large(desk: Desk, window: TrendWindow, step: int, periods: int) -> None:
    for period in range(periods):
        await desk.use("large", range(1, 31), period * step)
    await desk.use("rising", range(1, 11))
    found = await desk.top(window)
    assert found[0] == "rising"
    assert found.index("large") > 0 if "large" in found else True


async def test_a_large_hashtag_that_grows_rises_too(desk: Desk) -> None:
    for period in range(1, 48):
        await desk.use("large", range(1, 31), period)
    await desk.use("large", range(1, 200))
    await desk.use("small", range(1, 9))
    assert await desk.counts() == [("large", 229), ("small", 8)]


async def test_what_comes_back_every_morning_rises_less_than_what_is_new(desk: Desk) -> None:
    for day in range(1, 7):
        await desk.use("goodmorning", range(1, 21), day * 24)
    await desk.use("goodmorning", range(1, 21))
    await desk.use("new", range(1, 21))
    assert await desk.top() == ["new", "goodmorning"]


async def test_a_person_counts_once_an_hour_and_makes_no_trend_alone(desk: Desk) -> None:
    for hours_ago in range(12):
        await desk.use("spam", [1] * 30, hours_ago)
    await desk.use("pair", [1, 2] * 5)
    await desk.use("three", [1, 2, 3, 3, 3])
    assert await desk.counts(TrendWindow.DAY) == [("three", 3)]


async def test_a_tweet_counts_in_its_own_hour_however_late_it_comes(desk: Desk) -> None:
    await desk.use("late", range(5), hours_ago=5)
    await desk.use("now", range(5))
    assert await desk.top() == ["now"]
    assert dict(await desk.counts(TrendWindow.DAY)) == {"late": 5, "now": 5}


async def test_what_was_counted_leaves_when_the_window_moves_on(desk: Desk) -> None:
    await desk.use("old", range(9))
    assert await desk.top() == ["old"]
    desk.now += 2 * HOUR_MS
    assert (await desk.top(), await desk.top(TrendWindow.DAY)) == ([], ["old"])


async def test_deleted_tweets_and_protected_people_do_not_count(desk: Desk) -> None:
    desk.people.protected = {1, 2}
    await desk.use("quiet", range(1, 5))
    events = await desk.use("loud", range(1, 8))
    assert await desk.counts() == [("loud", 5)]
    await desk.ranker.hear([deleted(event) for event in events[2:4]])
    assert await desk.counts() == [("loud", 3)]
    await desk.ranker.hear([deleted(events[4])])
    assert await desk.counts() == []


async def test_a_prohibited_hashtag_does_not_trend_also_when_it_becomes_so_later(desk: Desk) -> None:
    for tag in ("fine", "bad", "worse"):
        await desk.use(tag, range(len(tag) * 3))
    assert await desk.top() == ["worse", "fine", "bad"]
    desk.prohibited = {"worse", "bad"}
    assert [row.tag for row in await desk.trends.top(TrendWindow.HOUR, 1)] == ["fine"]


async def test_what_nobody_has_ranked_for_long_is_not_shown(desk: Desk) -> None:
    await desk.use("cats", range(5))
    await desk.ranker.rank_all()
    desk.now += HOUR_MS + 1
    assert await desk.trends.top(TrendWindow.HOUR, 5) == ()
    assert len(await desk.trends.top(TrendWindow.DAY, 5)) == 1


async def test_case_is_one_hashtag_and_a_tweet_counts_once_for_it(desk: Desk) -> None:
    id_ = first_id_at(desk.now)
    twice = TweetPublished(id=id_, at=desk.now, tweet_id=id_, author_id=1, text="#Cats #CATS", hashtags=("Cats", "CATS"))
    await desk.ranker.hear([twice])
    await desk.use("cats", [2, 3])
    assert await desk.counts() == [("cats", 3)]


async def test_what_is_heard_too_late_to_know_whether_it_was_heard_is_left_out(desk: Desk) -> None:
    events = await desk.use("cats", range(5))
    desk.now += 8 * 24 * HOUR_MS
    await desk.ranker.hear(events)
    await desk.ranker.tidy()
    await desk.ranker.hear(events)
    day = NOW // HOUR_MS // 24
    assert await desk.store.past_days(["cats"], range(day, day + 1)) == {"cats": {5: 1}}


async def test_counting_anew_from_the_tweets_comes_to_the_same(desk: Desk) -> None:
    tweets: list[Tweet] = []
    rng = random.Random(3)
    for _ in range(400):
        event = used(rng.choice("abcdef"), rng.randrange(40), NOW - int(rng.random() ** 3 * 30 * 24) * HOUR_MS, told=NOW)
        text = read_text(event.text)
        gone = rng.random() < 0.2
        tweets.append(Tweet(event.tweet_id, event.author_id, 0, text.value, text.entities, deleted=gone))
        await desk.ranker.hear([event])
        if gone:
            await desk.ranker.hear([deleted(event)])
    tweets.sort(key=lambda tweet: tweet.id)

    class Town:
        async def all_tweets(self, after_id: int, limit: int) -> list[Tweet]:
            standing = [tweet for tweet in tweets if not tweet.deleted]
            return [tweet for tweet in standing if tweet.id > after_id][:limit]

    before = [await desk.counts(window) for window in TrendWindow]
    assert before[2]
    async for _ in desk.ranker.rebuild(Town()):  # type: ignore[arg-type] (what is asked of tweets)
        pass
    assert [await desk.counts(window) for window in TrendWindow] == before


_Step = tuple[int, int, int, bool]


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 3), st.booleans()), max_size=25),
    seed=st.integers(0, 1_000),
)
def test_whatever_comes_twice_and_in_whatever_order_the_counts_are_those_of_what_stands(
    tmp_path_factory: pytest.TempPathFactory, steps: list[_Step], seed: int
) -> None:
    """Of (hashtag, person, hours ago, whether it is deleted)."""

    async def check() -> None:
        store = SqliteTrendStore(tmp_path_factory.mktemp("trends") / "trends.db")
        desk = Desk(store)
        events: list[AnyEvent] = []
        standing: set[tuple[str, int, int]] = set()
        for tag, person, hours_ago, gone in steps:
            event = used("abc"[tag], person, NOW - hours_ago * HOUR_MS)
            events += [event, deleted(event)] if gone else [event]
            if not gone:
                standing.add(("abc"[tag], (NOW - hours_ago * HOUR_MS) // HOUR_MS, person))
        rng = random.Random(seed)
        for _ in range(2):
            rng.shuffle(events)
            for start in range(0, len(events), 7):
                await desk.ranker.hear(events[start : start + 7])
        hour = NOW // HOUR_MS
        expected = {tag: sum(slot[0] == tag for slot in standing) for tag in "abc"}
        assert await store.used(range(hour - 3, hour + 1), 1, 10) == {tag: uses for tag, uses in expected.items() if uses}
        await store.close()

    asyncio.run(check())


@given(st.integers(0, 500), st.integers(1, 300), st.dictionaries(st.integers(1, 400), st.integers(1, 9), max_size=6))
def test_more_uses_never_score_less(uses: int, more: int, past: dict[int, int]) -> None:
    periods = sum(past.values()) + 3
    assert score(uses + more, 1.5, past, periods) > score(uses, 1.5, past, periods)


def test_a_steady_hashtag_scores_about_nothing_whatever_its_size() -> None:
    for size in (1, 10, 1_000, 100_000):
        assert abs(score(size * 3 // 2, 1.5, {size: 168}, 168)) < 0.5

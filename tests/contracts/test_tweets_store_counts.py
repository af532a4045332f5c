"""Whatever many people do at once, counts equal edges, and the events tell the same story."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmur.errors import Refused
from tests.support.square import Square, open_square
from tests.support.tweet_audit import audit, drained
from tests.support.tweet_stores import ADAPTERS, engine_of, store_url

VERBS = ("like", "unlike", "retweet", "undo_retweet", "bookmark", "unbookmark", "delete", "reply", "quote", "keyed")

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
            await audit(square.store, people, await drained(square.store))

    @settings(max_examples=30 if engine is None else 15, deadline=None)
    @given(acts)
    def run(plan: list[tuple[str, int, int, int]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(story(Path(folder), plan))

    run()

"""What a home timeline shows."""

import asyncio
from collections import Counter

import pytest

from murmur.cursors import Window
from murmur.errors import Unavailable
from subgraphs.timelines.model import KEPT, Pull
from tests.support.small_world import SmallWorld

ME, ANN, BOB, CYD, STAR = 1, 2, 3, 4, 5


@pytest.fixture
def world() -> SmallWorld:
    world = SmallWorld(threshold=3)
    world.people.follow(ME, ANN, BOB)
    return world


async def test_it_is_rebuilt_from_followees_and_oneself_on_the_first_read(world: SmallWorld):
    mine, _ = world.tweet(ME)
    anns, _ = world.tweet(ANN)
    world.tweet(CYD)
    assert await world.home(ME) == [anns.id, mine.id]
    assert b"murmur_timeline_rebuilds_total 1.0" in world.metrics.exposition()


async def test_concurrent_first_reads_share_one_rebuild(world: SmallWorld):
    anns, _ = world.tweet(ANN)
    pages = await asyncio.gather(*(world.home(ME) for _ in range(20)))
    assert pages == [[anns.id]] * 20
    assert world.timelines.calls.count("begin") == 1


async def test_a_reader_who_leaves_does_not_end_the_rebuild_that_others_wait_for(world: SmallWorld):
    anns, _ = world.tweet(ANN)
    leaving, staying = asyncio.create_task(world.home(ME)), asyncio.create_task(world.home(ME))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == [anns.id]


async def test_a_failed_rebuild_is_told_and_the_next_read_builds_anew(world: SmallWorld):
    anns, _ = world.tweet(ANN)

    async def fail(moment: str) -> None:
        if moment == "before posts_of":
            raise Unavailable("tweets do not answer")

    world.posts.between = fail
    with pytest.raises(Unavailable):
        await world.home(ME)
    world.posts.between = None
    assert await world.home(ME) == [anns.id]


@pytest.mark.parametrize("failing", ["read", "begin", "pulls", "put", None])
async def test_timelines_are_read_from_the_stores_while_their_own_does_not_answer(world: SmallWorld, failing: str | None):
    anns, published = world.tweet(ANN)
    stars, _ = world.tweet(STAR)
    world.people.follow(ME, STAR)
    await world.store.set_pull({STAR}, Pull.DONE)

    async def fail(moment: str) -> None:
        if moment.startswith("before") and failing in (None, moment.removeprefix("before ")):
            raise Unavailable("timelines do not answer")

    world.timelines.between = fail
    assert await world.home(ME) == [stars.id, anns.id]
    world.timelines.between = None
    # Whatever came of that, nothing is missed once it answers again.
    await world.handle(world.tweet(ANN)[1], world.tweet(STAR)[1], published)
    assert await world.home(ME) == world.expected(ME)


async def test_at_most_so_many_timelines_are_made_at_once_while_their_store_does_not_answer(world: SmallWorld):
    at_once = most = 0

    async def fail(moment: str) -> None:
        if moment.startswith("before"):
            raise Unavailable("timelines do not answer")

    async def count(moment: str) -> None:
        nonlocal at_once, most
        at_once += 1 if moment == "before posts_of" else -1 if moment == "after posts_of" else 0
        most = max(most, at_once)
        await asyncio.sleep(0)

    world.timelines.between, world.posts.between = fail, count
    for reader in range(100, 200):
        world.people.follow(reader, ANN)
    anns, _ = world.tweet(ANN)
    assert await asyncio.gather(*(world.home(reader) for reader in range(100, 200))) == [[anns.id]] * 100
    assert most == 16


async def test_a_timeline_that_is_let_go_while_it_is_built_is_shown_all_the_same(world: SmallWorld):
    anns, _ = world.tweet(ANN)

    async def begin_elsewhere(moment: str) -> None:
        if moment == "before put":
            await world.store.begin(ME)

    world.timelines.between = begin_elsewhere
    assert await world.home(ME) == [anns.id]
    assert await world.store.read(ME) is None


async def test_each_tweet_stands_once_at_its_oldest_entry(world: SmallWorld):
    tweet, _ = world.tweet(ANN)
    foreign, _ = world.tweet(CYD)
    world.retweet(BOB, tweet)
    first, _ = world.retweet(BOB, foreign)
    world.retweet(ANN, foreign)
    assert await world.home(ME) == [first.id, tweet.id]
    assert await world.home(ME, Window(1)) == [first.id]


async def test_an_oldest_entry_that_may_not_be_seen_gives_its_place_to_the_next(world: SmallWorld):
    foreign, _ = world.tweet(CYD)
    world.retweet(BOB, foreign)
    anns, _ = world.retweet(ANN, foreign)
    world.people.mutes.add((ME, BOB))
    assert await world.home(ME) == [anns.id]


@pytest.mark.parametrize("relation", ["blocks", "blocked_by", "mutes"])
@pytest.mark.parametrize("role", ["author", "retweeter", "retweeted author"])
async def test_blocked_and_muted_people_never_show(world: SmallWorld, relation: str, role: str):
    kept, _ = world.tweet(ANN)
    if role == "author":
        world.tweet(BOB)
    elif role == "retweeter":
        world.retweet(BOB, world.tweet(CYD)[0])
    else:
        world.retweet(ANN, world.tweet(BOB)[0])
    assert len(await world.home(ME)) == 2
    if relation == "mutes":
        world.people.mutes.add((ME, BOB))
    else:
        world.people.blocks.add((ME, BOB) if relation == "blocks" else (BOB, ME))
    assert await world.home(ME) == [kept.id]


async def test_a_deleted_tweet_and_its_retweets_never_show(world: SmallWorld):
    tweet, published = world.tweet(ANN)
    _, retweeted = world.retweet(BOB, world.tweet(CYD)[0])
    await world.home(ME)
    await world.handle(published, retweeted)
    world.delete(tweet)
    world.archive.deleted.add(retweeted.tweet_id)
    assert await world.home(ME) == []


async def test_somebody_unfollowed_is_gone_at_once_even_before_the_event(world: SmallWorld):
    world.tweet(ANN)
    assert len(await world.home(ME)) == 1
    world.unfollow(ME, ANN)
    assert await world.home(ME) == []


async def test_pages_neither_skip_nor_repeat_while_tweets_arrive_above(world: SmallWorld):
    for number in range(95):
        world.tweet((ANN, BOB)[number % 2])
    before = world.expected(ME)
    seen: list[int] = []
    wanted = Window(10)
    while True:
        page = await world.home_page(ME, wanted)
        seen += [post.id for post in page.items]
        await world.handle(*(world.tweet(ANN)[1] for _ in range(7)))
        if not page.has_next:
            break
        wanted = Window(10, below=seen[-1])
    assert seen == before


async def test_pages_from_the_oldest_end_show_the_same_list(world: SmallWorld):
    for number in range(35):
        world.tweet((ANN, BOB)[number % 2])
    world.people.mutes.add((ME, BOB))
    expected = world.expected(ME)
    seen: list[int] = []
    wanted = Window(4, from_oldest=True)
    while True:
        page = await world.home_page(ME, wanted)
        seen = [post.id for post in page.items] + seen
        if not page.has_previous:
            break
        wanted = Window(4, above=seen[0], from_oldest=True)
    assert seen == expected


async def test_a_page_is_full_however_many_entries_are_hidden(world: SmallWorld):
    shown = [world.tweet(ANN)[0].id for _ in range(30)]
    for _ in range(400):
        world.tweet(BOB)
    world.people.mutes.add((ME, BOB))
    page = await world.home_page(ME, Window(20))
    assert [post.id for post in page.items] == shown[:-21:-1]
    assert page.has_next


async def test_the_list_ends_after_800_entries_pulled_ones_included(world: SmallWorld):
    world.people.follow(ME, STAR)
    for _ in range(500):
        world.tweet(ANN)
        world.tweet(STAR)
    await world.store.set_pull({STAR}, Pull.DONE)
    assert await world.home(ME) == world.expected(ME)
    assert len(world.expected(ME)) == KEPT
    assert "posts_of" in world.posts.calls


async def test_a_page_costs_the_same_calls_whatever_its_size(world: SmallWorld):
    for _ in range(60):
        world.retweet(BOB, world.tweet(ANN)[0])
        world.tweet(BOB)
    await world.home(ME)
    costs: list[Counter[str]] = []
    for size in (5, 50):
        for watched in (world.timelines, world.graph, world.posts):
            watched.calls.clear()
        await world.home(ME, Window(size))
        costs.append(Counter(world.timelines.calls + world.graph.calls + world.posts.calls))
    assert costs[0] == costs[1] == {"read": 1, "relations": 1, "standing": 1}

"""What fanout does with each kind of event."""

import pytest

from murmur.errors import Unavailable
from subgraphs.timelines.model import Pull
from tests.support.small_world import SmallWorld

ME, ANN, BOB, STAR = 1, 2, 3, 4
FANS = range(10, 15)


@pytest.fixture
def world() -> SmallWorld:
    world = SmallWorld(threshold=5)
    world.people.follow(ME, ANN, BOB)
    return world


async def held(world: SmallWorld, user_id: int) -> list[int]:
    timeline = await world.store.read(user_id)
    assert timeline is not None
    return [timeline.entries[index].id for index in range(len(timeline.entries))]


async def pulled(world: SmallWorld, user_id: int) -> set[int]:
    timeline = await world.store.read(user_id)
    assert timeline is not None
    return set(timeline.pulled)


async def test_a_post_reaches_followers_and_its_author_once_however_often_it_is_delivered(world: SmallWorld):
    await world.home(ME)
    await world.home(ANN)
    tweet, published = world.tweet(ANN)
    retweet, retweeted = world.retweet(BOB, world.tweet(STAR)[0])
    for _ in range(2):
        await world.handle(published, retweeted)
    assert await held(world, ME) == [tweet.id, retweet.id]
    assert await held(world, ANN) == [tweet.id]
    assert b"murmur_deliveries_total 3.0" in world.metrics.exposition()
    assert b"murmur_fanout_delay_seconds_sum 4.0" in world.metrics.exposition()


async def test_who_is_inactive_is_skipped(world: SmallWorld):
    _, published = world.tweet(ANN)
    await world.handle(published)
    assert await world.store.read(ME) is None


async def test_a_batch_costs_a_call_a_poster_and_not_one_a_follower():
    world = SmallWorld(threshold=1_000_000)
    for follower in range(100, 1_600):
        world.people.follow(follower, ANN)
    await world.handle(*(world.tweet(ANN)[1] for _ in range(10)))
    assert world.graph.calls == ["follower_counts", "followers_after", "followers_after"]
    assert world.timelines.calls.count("push") <= 15_010 // 2_000 + 1


async def test_a_late_tweet_lands_at_its_own_time(world: SmallWorld):
    newer, _ = world.tweet(ANN)
    await world.home(ME)
    late, published = world.tweet(ANN, position=500)
    await world.handle(published)
    assert await world.home(ME) == [newer.id, late.id]


async def test_an_undone_retweet_goes(world: SmallWorld):
    await world.home(ME)
    tweet, published = world.tweet(ANN)
    retweet, retweeted = world.retweet(BOB, world.tweet(STAR)[0])
    await world.handle(published, retweeted)
    await world.handle(world.undo(retweet))
    assert await held(world, ME) == [tweet.id]


async def test_a_retweet_undone_in_the_same_batch_is_not_delivered(world: SmallWorld):
    await world.home(ME)
    retweet, retweeted = world.retweet(BOB, world.tweet(STAR)[0])
    await world.handle(retweeted, world.undo(retweet))
    assert await held(world, ME) == []


async def test_a_follow_backfills_and_an_unfollow_removes(world: SmallWorld):
    mine, _ = world.tweet(ME)
    theirs = [world.tweet(STAR)[0].id for _ in range(3)]
    await world.home(ME)
    await world.handle(world.follow(ME, STAR))
    assert await held(world, ME) == [mine.id, *theirs]
    await world.handle(world.unfollow(ME, STAR))
    assert await held(world, ME) == [mine.id]


async def test_of_follows_and_unfollows_in_one_batch_the_last_counts(world: SmallWorld):
    tweet, _ = world.tweet(STAR)
    await world.home(ME)
    await world.handle(world.follow(ME, STAR), world.unfollow(ME, STAR), world.follow(ME, STAR))
    assert await held(world, ME) == [tweet.id]
    await world.handle(world.unfollow(ME, STAR), world.follow(ME, STAR), world.unfollow(ME, STAR))
    assert await held(world, ME) == []


async def test_an_outage_is_passed_on_and_the_batch_can_be_repeated(world: SmallWorld):
    await world.home(ME)
    tweet, published = world.tweet(ANN)

    async def fail(moment: str) -> None:
        if moment == "after followers_after":
            raise Unavailable("users do not answer")

    world.graph.between = fail
    with pytest.raises(Unavailable):
        await world.handle(published)
    world.graph.between = None
    await world.handle(published)
    assert await held(world, ME) == [tweet.id]


@pytest.fixture
async def famous(world: SmallWorld) -> SmallWorld:
    """STAR has as many followers as the threshold says, and they have read their timelines."""
    for fan in FANS:
        world.people.follow(fan, STAR)
        await world.home(fan)
    return world


async def test_the_first_post_above_the_threshold_is_pushed_with_the_mark_and_the_next_is_pulled(famous: SmallWorld):
    first, published = famous.tweet(STAR)
    await famous.handle(published)
    second, published = famous.tweet(STAR)
    await famous.handle(published)
    for fan in FANS:
        assert await held(famous, fan) == [first.id]
        assert await pulled(famous, fan) == {STAR}
        assert await famous.home(fan) == [second.id, first.id]


async def test_who_is_pulled_still_gets_their_own_posts_pushed(famous: SmallWorld):
    await famous.handle(famous.tweet(STAR)[1])
    await famous.home(STAR)
    tweet, published = famous.tweet(STAR)
    await famous.handle(published)
    assert tweet.id in await held(famous, STAR)


async def test_a_rebuild_after_the_crossing_pulls(famous: SmallWorld):
    await famous.handle(famous.tweet(STAR)[1])
    famous.people.follow(ME, STAR)
    await famous.home(ME)
    assert await pulled(famous, ME) == {STAR}
    assert await held(famous, ME) == []
    assert await famous.home(ME) == famous.expected(ME) != []


async def test_a_follow_of_a_pulled_author_marks_and_an_unfollow_unmarks(famous: SmallWorld):
    await famous.handle(famous.tweet(STAR)[1])
    await famous.home(ME)
    await famous.handle(famous.follow(ME, STAR))
    assert await pulled(famous, ME) == {STAR}
    tweet, published = famous.tweet(STAR)
    await famous.handle(published)
    assert (await famous.home(ME))[0] == tweet.id
    await famous.handle(famous.unfollow(ME, STAR))
    assert await pulled(famous, ME) == set()
    assert await famous.home(ME) == []


async def test_who_falls_below_the_threshold_again_stays_pulled(famous: SmallWorld):
    await famous.handle(famous.tweet(STAR)[1])
    await famous.handle(*(famous.unfollow(fan, STAR) for fan in FANS[1:]))
    tweet, published = famous.tweet(STAR)
    await famous.handle(published)
    assert (await famous.home(FANS[0]))[0] == tweet.id
    assert tweet.id not in await held(famous, FANS[0])


async def test_a_retweet_pushed_before_the_crossing_can_be_undone_after_it(famous: SmallWorld):
    await famous.handle(famous.unfollow(FANS[4], STAR))
    retweet, retweeted = famous.retweet(STAR, famous.tweet(ANN)[0])
    await famous.handle(retweeted, famous.follow(FANS[4], STAR))
    await famous.handle(famous.tweet(STAR)[1])
    await famous.handle(famous.undo(retweet))
    for fan in FANS:
        assert retweet.id not in await famous.home(fan)
        assert await famous.home(fan) == famous.expected(fan)


async def test_a_crossing_that_was_interrupted_is_carried_on(famous: SmallWorld):
    _, published = famous.tweet(STAR)

    async def fail(moment: str) -> None:
        if moment == "before push":
            raise Unavailable("timelines do not answer")

    famous.timelines.between = fail
    with pytest.raises(Unavailable):
        await famous.handle(published)
    famous.timelines.between = None
    assert await famous.store.pulls([STAR]) == {STAR: Pull.STARTED}
    # Meanwhile the author has fallen below the threshold; the crossing that began is finished all the same.
    famous.unfollow(FANS[4], STAR)
    await famous.handle(published)
    await famous.handle(famous.tweet(STAR)[1])
    for fan in FANS:
        assert await famous.home(fan) == famous.expected(fan)

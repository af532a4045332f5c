"""What one person's timeline shows."""

import pytest

from murmur.cursors import Window
from tests.support.small_world import EVERYTHING, SmallWorld

ME, ANN, BOB = 1, 2, 3


@pytest.fixture
def world() -> SmallWorld:
    return SmallWorld()


async def shown(world: SmallWorld, viewer_id: int | None, wanted: Window = EVERYTHING) -> list[int]:
    return [post.id for post in (await world.service.user_timelines(viewer_id, [ANN], wanted))[ANN].items]


async def test_it_has_the_tweets_and_retweets_of_one_person_newest_first(world: SmallWorld):
    tweet, _ = world.tweet(ANN)
    retweet, _ = world.retweet(ANN, world.tweet(BOB)[0])
    assert await shown(world, None) == await shown(world, ME) == await shown(world, ANN) == [retweet.id, tweet.id]


async def test_a_block_in_either_direction_hides_it(world: SmallWorld):
    world.tweet(ANN)
    world.people.blocks.add((ANN, ME))
    assert await shown(world, ME) == []
    world.people.blocks = {(ME, ANN)}
    assert await shown(world, ME) == []


async def test_retweets_of_a_blocked_person_are_hidden_and_those_of_a_muted_one_are_not(world: SmallWorld):
    tweet, _ = world.tweet(ANN)
    retweet, _ = world.retweet(ANN, world.tweet(BOB)[0])
    world.people.mutes.add((ME, BOB))
    assert await shown(world, ME) == [retweet.id, tweet.id]
    world.people.blocks.add((BOB, ME))
    assert await shown(world, ME) == [tweet.id]


@pytest.mark.parametrize("from_oldest", [False, True])
async def test_pages_are_full_and_complete_however_much_is_hidden(world: SmallWorld, from_oldest: bool):
    world.people.blocks.add((ME, BOB))
    expected: list[int] = []
    for number in range(120):
        if number % 40 < 10:
            expected.insert(0, world.tweet(ANN)[0].id)
        else:
            world.retweet(ANN, world.tweet(BOB)[0])
    seen: list[int] = []
    wanted = Window(7, from_oldest=from_oldest)
    while True:
        page = (await world.service.user_timelines(ME, [ANN], wanted))[ANN]
        found = [post.id for post in page.items]
        if from_oldest:
            seen = found + seen
            wanted = Window(7, above=seen[0], from_oldest=True)
        else:
            seen += found
            wanted = Window(7, below=seen[-1])
        if not (page.has_previous if from_oldest else page.has_next):
            break
        assert len(found) == 7
    assert seen == expected

"""Many connections that do the same things at the same time: what is counted is what is there."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest

from tests.support.asgi import served
from tests.support.city import City, Person, connections
from tests.support.waiting import until

_CONNECTIONS = 20


@pytest.fixture
async def crowd(city: City, place: tuple[City, object]) -> AsyncIterator[Sequence[Person]]:
    """Two authors, and eighteen others; each has a connection of its own."""
    async with served(place[1].gateway.app) as url, connections(url, _CONNECTIONS) as doors:
        yield [await city.person(door=door) for door in doors]


async def _counts(viewer: Person, tweet_id: str) -> tuple[Counter[str], Counter[str]]:
    """What is counted of a tweet, and what is listed."""
    document = """query ($id: ID!) { tweet(id: $id) {
      likeCount retweetCount replyCount quoteCount
      likedBy(first: 100) { nodes { id } } retweetedBy(first: 100) { nodes { id } } replies(first: 100) { nodes { id } }
    } }"""
    found = (await viewer.ask(document, id=tweet_id))["tweet"]
    listed = {name: len({node["id"] for node in found[name]["nodes"]}) for name in ("likedBy", "retweetedBy", "replies")}
    return (
        Counter(likes=found["likeCount"], retweets=found["retweetCount"], replies=found["replyCount"]),
        Counter(likes=listed["likedBy"], retweets=listed["retweetedBy"], replies=listed["replies"]),
    )


async def test_one_like_and_one_retweet_a_person_however_often_they_are_sent_at_once(crowd: Sequence[Person]) -> None:
    tweet = await crowd[0].tweet("popular")
    await asyncio.gather(*(person.engage(verb, tweet) for person in crowd for verb in ("like", "retweet", "like", "retweet")))
    counted, listed = await _counts(crowd[1], tweet)
    assert counted == listed == Counter(likes=_CONNECTIONS, retweets=_CONNECTIONS, replies=0)
    await asyncio.gather(*(person.engage(verb, tweet) for person in crowd for verb in ("unlike", "undoRetweet") * 2))
    counted, listed = await _counts(crowd[1], tweet)
    assert counted.total() == listed.total() == 0


async def test_counters_equal_the_edges_after_a_crowd_likes_unlikes_retweets_and_replies(crowd: Sequence[Person]) -> None:
    tweets = [await author.tweet("busy") for author in crowd[:2]]
    verbs = ("like", "unlike", "retweet", "undoRetweet")

    async def act(person: Person, dice: random.Random) -> None:
        for _ in range(12):
            if dice.random() < 0.15:
                await person.tweet("yes", inReplyTo=dice.choice(tweets))
            else:
                await person.engage(dice.choice(verbs), dice.choice(tweets))

    await asyncio.gather(*(act(person, random.Random(number)) for number, person in enumerate(crowd)))
    for tweet in tweets:
        counted, listed = await _counts(crowd[0], tweet)
        assert counted == listed


async def test_follower_counts_equal_the_follows_after_a_crowd_follows_unfollows_and_blocks(crowd: Sequence[Person]) -> None:
    stars = crowd[:2]

    async def act(person: Person, dice: random.Random) -> None:
        for _ in range(12):
            star = dice.choice([star for star in stars if star is not person])
            await person.relate(dice.choice(("follow", "follow", "unfollow", "block", "unblock")), star)

    await asyncio.gather(*(act(person, random.Random(number)) for number, person in enumerate(crowd)))
    document = """query ($ids: [ID!]!) { users(ids: $ids) {
      followerCount followingCount viewerFollows followsViewer
      followers(first: 100) { nodes { id } } following(first: 100) { nodes { id } }
    } }"""
    nobody = Person(crowd[0].door)
    people = (await nobody.ask(document, ids=[person.id for person in crowd]))["users"]
    assert sum(person["followerCount"] for person in people) > 0
    for person in people:
        assert person["followerCount"] == len({node["id"] for node in person["followers"]["nodes"]})
        assert person["followingCount"] == len({node["id"] for node in person["following"]["nodes"]})
    follows = {
        (person.id, node["id"]) for person, shown in zip(crowd, people, strict=True) for node in shown["following"]["nodes"]
    }
    assert follows == {
        (node["id"], person.id) for person, shown in zip(crowd, people, strict=True) for node in shown["followers"]["nodes"]
    }


async def test_a_handle_goes_to_one_of_those_who_want_it_at_once(city: City, crowd: Sequence[Person]) -> None:
    document = """mutation ($input: SignUpInput!) { signUp(input: $input) { user { id } userErrors { code } } }"""
    given = {"handle": "wanted", "password": "correct horse", "name": "W"}
    answers = await asyncio.gather(*(Person(person.door).ask(document, input=given) for person in crowd))
    assert Counter(
        "won" if answer["signUp"]["user"] else answer["signUp"]["userErrors"][0]["code"] for answer in answers
    ) == Counter(won=1, TAKEN=_CONNECTIONS - 1)


async def test_one_tweet_comes_of_a_key_that_is_sent_at_once(crowd: Sequence[Person]) -> None:
    ada = crowd[0]
    same = [Person(person.door, ada.id, ada.handle, ada.session) for person in crowd]
    ids = await asyncio.gather(*(person.tweet("once", idempotencyKey="k") for person in same))
    assert len(set(ids)) == 1
    assert (await ada.ask("{ me { tweetCount } }"))["me"]["tweetCount"] == 1


async def test_every_follower_sees_what_a_crowd_posts_exactly_once(crowd: Sequence[Person]) -> None:
    """Follows, posts and retweets all at the same time, to timelines that are being read."""
    first = await crowd[0].tweet("first")

    async def live(number: int, person: Person) -> None:
        for other in (crowd[(number + 1) % len(crowd)], crowd[(number + 7) % len(crowd)]):
            await person.home()
            await person.follow(other)
            await person.tweet(f"from {number}")
        await person.engage("retweet", first)

    await asyncio.gather(*(live(number, person) for number, person in enumerate(crowd)))
    for number, person in enumerate(crowd):
        posters = (person, crowd[(number + 1) % len(crowd)], crowd[(number + 7) % len(crowd)])
        expected = {entry["tweet"]["id"] for poster in posters for entry in await person.timeline_of(poster.handle)}

        async def whole(person: Person = person, expected: set[str] = expected) -> bool:
            found = [entry["tweet"]["id"] for entry in await person.home()]
            assert len(set(found)) == len(found)
            return set(found) == expected

        await until(whole, 15)

"""Likes, retweets and bookmarks as a client sees them."""

import asyncio

import pytest

from murmur.events import Liked, Retweeted, RetweetUndone, Unliked
from tests.support.square import Square

FIELDS = """{
  tweet { id deleted likeCount retweetCount bookmarkCount viewerLiked viewerRetweeted viewerBookmarked }
  userErrors { code field }
}"""
PAIRS = [("like", "unlike"), ("retweet", "undoRetweet"), ("bookmark", "unbookmark")]


async def do(square: Square, viewer: int, verb: str, tweet: int) -> dict:
    return (await square.ask(viewer, f"mutation ($id: ID!) {{ {verb}(tweetId: $id) {FIELDS} }}", id=str(tweet)))[verb]


def code(payload: dict) -> str:
    assert payload["tweet"] is None
    [error] = payload["userErrors"]
    assert error["field"] == ["tweetId"]
    return error["code"]


@pytest.mark.parametrize(("verb", "undo"), PAIRS)
async def test_doing_and_undoing_may_be_repeated(square: Square, verb: str, undo: str) -> None:
    ann = await square.person("ann")
    tweet = await square.tweet(ann)
    await square.events()
    count, state = {
        "like": ("likeCount", "viewerLiked"),
        "retweet": ("retweetCount", "viewerRetweeted"),
        "bookmark": ("bookmarkCount", "viewerBookmarked"),
    }[verb]
    for name, expected in ((verb, 1), (undo, 0), (verb, 1)):
        for _ in range(2):
            after = (await do(square, ann, name, tweet))["tweet"]
            assert (after[count], after[state]) == (expected, bool(expected))
            assert sum(after[each] for each in ("likeCount", "retweetCount", "bookmarkCount")) == expected
    events = await square.events()
    if verb == "bookmark":
        assert events == []
    else:
        kinds = {"like": (Liked, Unliked), "retweet": (Retweeted, RetweetUndone)}[verb]
        assert [type(event) for event in events] == [kinds[0], kinds[1], kinds[0]]
        assert {(event.tweet_id, event.user_id) for event in events} == {(tweet, ann)}
    if verb == "retweet":
        first, undone, second = events
        assert first.retweet_id == undone.retweet_id < second.retweet_id
        assert tweet < first.retweet_id


@pytest.mark.parametrize(("verb", "undo"), PAIRS)
async def test_an_unknown_tweet_is_not_found(square: Square, verb: str, undo: str) -> None:
    ann = await square.person("ann")
    assert code(await do(square, ann, verb, 99)) == "NOT_FOUND"
    assert code(await do(square, ann, undo, 99)) == "NOT_FOUND"


@pytest.mark.parametrize(("verb", "undo"), PAIRS)
async def test_a_deleted_tweet_can_be_let_go_of_but_not_taken(square: Square, verb: str, undo: str) -> None:
    ann = await square.person("ann", "bob")
    tweet = await square.tweet(ann)
    await do(square, ann, verb, tweet)
    await square.room.service.delete(ann, tweet)
    assert code(await do(square, square.people["bob"], verb, tweet)) == "NOT_FOUND"
    assert (await do(square, ann, undo, tweet))["tweet"]["deleted"] is True


@pytest.mark.parametrize("by_author", [True, False])
async def test_a_block_in_either_direction_forbids_and_still_lets_go(square: Square, by_author: bool) -> None:
    ann = await square.person("ann", "bob")
    bob = square.people["bob"]
    tweet = await square.tweet(ann)
    await do(square, bob, "like", tweet)
    await (square.graph.block(ann, bob) if by_author else square.graph.block(bob, ann))
    assert code(await do(square, bob, "like", tweet)) == "BLOCKED"
    assert code(await do(square, bob, "retweet", tweet)) == "BLOCKED"
    assert code(await do(square, bob, "bookmark", tweet)) == "NOT_FOUND"
    assert (await do(square, bob, "unlike", tweet))["userErrors"] == []
    read = await square.ask(None, "query ($id: ID!) { tweet(id: $id) { likeCount } }", id=str(tweet))
    assert read["tweet"]["likeCount"] == 0


async def test_anonymous_requests_change_nothing(square: Square) -> None:
    ann = await square.person("ann")
    tweet = await square.tweet(ann)
    for verb in [verb for pair in PAIRS for verb in pair]:
        response = await square.run(None, f"mutation ($id: ID!) {{ {verb}(tweetId: $id) {FIELDS} }}", id=str(tweet))
        assert [error["extensions"]["code"] for error in response["errors"]] == ["UNAUTHENTICATED"]


async def test_many_people_at_once_are_each_counted_once(square: Square) -> None:
    people = [f"p{number}" for number in range(20)]
    await square.person(*people)
    tweet = await square.tweet(square.people["p0"])
    ids = [square.people[handle] for handle in people]
    await asyncio.gather(*(do(square, viewer, verb, tweet) for viewer in ids for verb in ("like", "retweet", "like")))
    await asyncio.gather(*(do(square, viewer, "unlike", tweet) for viewer in ids[:5] for _ in range(2)))
    read = await square.ask(None, "query ($id: ID!) { tweet(id: $id) { likeCount retweetCount } }", id=str(tweet))
    assert read["tweet"] == {"likeCount": 15, "retweetCount": 20}


async def test_a_later_mutation_of_one_document_sees_the_earlier(square: Square) -> None:
    ann = await square.person("ann")
    root = await square.tweet(ann)
    reply = await square.tweet(ann, in_reply_to_id=root)
    answer = await square.ask(
        ann,
        """mutation ($root: ID!, $reply: ID!) {
          a: like(tweetId: $reply) { tweet { inReplyTo { likeCount replies { nodes { id } } } } }
          b: like(tweetId: $root) { tweet { likeCount } }
          c: deleteTweet(id: $reply) { tweet { inReplyTo { likeCount replies { nodes { id } } } } }
        }""",
        root=str(root),
        reply=str(reply),
    )
    assert answer["a"]["tweet"]["inReplyTo"] == {"likeCount": 0, "replies": {"nodes": [{"id": str(reply)}]}}
    assert answer["c"]["tweet"]["inReplyTo"] == {"likeCount": 1, "replies": {"nodes": []}}

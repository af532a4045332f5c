"""The whole loop through GraphQL: people, what they post, and what reaches whom."""

from typing import Any

import pytest

from murmur.roles.up import Platform
from tests.support.city import City, Person, founded
from tests.support.waiting import until

_COUNTS = "likeCount retweetCount replyCount quoteCount"


async def _tweet(viewer: Person, tweet_id: str, show: str) -> Any:
    return (await viewer.ask(f"query ($id: ID!) {{ tweet(id: $id) {{ {show} }} }}", id=tweet_id))["tweet"]


async def _user(viewer: Person, other: Person, show: str) -> Any:
    return (await viewer.ask(f"query ($id: ID!) {{ user(id: $id) {{ {show} }} }}", id=other.id))["user"]


async def test_a_post_lands_in_the_timelines_of_followers_and_of_its_author(city: City) -> None:
    ada, bob, eve = await city.people("ada", "bob", "eve")
    await bob.follow(ada)
    await bob.sees()
    tweet = await ada.tweet("Hello, @bob. #first https://example.org/x")
    await bob.sees(tweet)
    await ada.sees(tweet)
    assert await eve.home() == []
    document = """{ homeTimeline { nodes { retweetedBy { id } tweet {
      text createdAt author { handle name followerCount viewerFollows }
      entities { mentions { handle start end user { id } } hashtags { tag } links { url start end } }
    } } pageInfo { hasNextPage hasPreviousPage } } }"""
    shown = (await bob.ask(document))["homeTimeline"]
    assert shown["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False}
    [entry] = shown["nodes"]
    assert entry["retweetedBy"] is None
    assert entry["tweet"]["text"] == "Hello, @bob. #first https://example.org/x"
    assert entry["tweet"]["createdAt"].endswith("Z")
    assert entry["tweet"]["author"] == {"handle": "ada", "name": "Ada", "followerCount": 1, "viewerFollows": True}
    assert entry["tweet"]["entities"] == {
        "mentions": [{"handle": "bob", "start": 7, "end": 11, "user": {"id": bob.id}}],
        "hashtags": [{"tag": "first"}],
        "links": [{"url": "https://example.org/x", "start": 20, "end": 41}],
    }


async def test_a_follow_backfills_and_an_unfollow_removes(city: City) -> None:
    ada, bob, eve = await city.people("ada", "bob", "eve")
    await bob.follow(eve)
    first, between, second = await ada.tweet("one"), await eve.tweet("two"), await ada.tweet("three")
    await bob.sees(between)
    await bob.follow(ada)
    await bob.sees(second, between, first)
    assert (await bob.relate("unfollow", ada, "followerCount viewerFollows"))["user"] == {
        "followerCount": 0,
        "viewerFollows": False,
    }
    await bob.sees(between)


async def test_replies_quotes_likes_and_retweets_are_counted_and_shown_to_who_did_them(city: City) -> None:
    ada, bob = await city.people("ada", "bob")
    await ada.follow(bob)
    tweet = await ada.tweet("a claim")
    reply = await bob.tweet("an answer", inReplyTo=tweet)
    quote = await bob.tweet("look", quotes=tweet)
    for verb in ("like", "retweet", "bookmark"):
        for _ in range(2):
            assert (await bob.engage(verb, tweet))["userErrors"] == []
    counts = {"likeCount": 1, "retweetCount": 1, "replyCount": 1, "quoteCount": 1}
    mine = "viewerLiked viewerRetweeted viewerBookmarked"
    assert await _tweet(bob, tweet, f"{_COUNTS} {mine} bookmarkCount") == {
        **counts,
        "viewerLiked": True,
        "viewerRetweeted": True,
        "viewerBookmarked": True,
        "bookmarkCount": None,
    }
    assert await _tweet(ada, tweet, f"{_COUNTS} viewerLiked bookmarkCount") == {
        **counts,
        "viewerLiked": False,
        "bookmarkCount": 1,
    }
    people = "likedBy { nodes { handle } } retweetedBy { nodes { handle } } replies { nodes { id } }"
    assert await _tweet(city.nobody, tweet, people) == {
        "likedBy": {"nodes": [{"handle": "bob"}]},
        "retweetedBy": {"nodes": [{"handle": "bob"}]},
        "replies": {"nodes": [{"id": reply}]},
    }
    assert await _tweet(ada, quote, "quoted { id author { handle } }") == {"quoted": {"id": tweet, "author": {"handle": "ada"}}}
    assert await _tweet(ada, reply, "inReplyTo { text } ancestors { id }") == {
        "inReplyTo": {"text": "a claim"},
        "ancestors": [{"id": tweet}],
    }
    # The own tweet stands once, at its own place, though bob brought it again.
    await ada.sees(quote, reply, tweet)
    lists = "likes { nodes { id } } replies { nodes { id } } tweets { nodes { id } } tweetCount"
    assert await _user(ada, bob, lists) == {
        "likes": {"nodes": [{"id": tweet}]},
        "replies": {"nodes": [{"id": reply}]},
        "tweets": {"nodes": [{"id": quote}]},
        "tweetCount": 2,
    }
    for verb in ("unlike", "undoRetweet", "unbookmark"):
        for _ in range(2):
            assert (await bob.engage(verb, tweet))["userErrors"] == []
    assert await _tweet(bob, tweet, f"{_COUNTS} {mine}") == {
        "likeCount": 0,
        "retweetCount": 0,
        "replyCount": 1,
        "quoteCount": 1,
        "viewerLiked": False,
        "viewerRetweeted": False,
        "viewerBookmarked": False,
    }


async def test_a_retweet_brings_a_stranger_to_followers_until_it_is_undone(city: City) -> None:
    ada, bob, eve = await city.people("ada", "bob", "eve")
    await bob.follow(ada)
    await bob.sees()
    tweet = await eve.tweet("from afar")
    await ada.engage("retweet", tweet)
    await bob.sees(tweet)
    [entry] = await bob.home()
    assert entry["retweetedBy"] == {"handle": "ada"}
    assert entry["tweet"]["author"] == {"handle": "eve"}
    assert [(node["tweet"]["id"], node["retweetedBy"]) for node in await bob.timeline_of("ada")] == [(tweet, {"handle": "ada"})]
    await ada.engage("undoRetweet", tweet)
    await bob.sees()


async def test_a_deleted_tweet_leaves_timelines_and_stays_as_a_tombstone_in_its_thread(city: City) -> None:
    ada, bob = await city.people("ada", "bob")
    await bob.follow(ada)
    root = await ada.tweet("root")
    middle = await bob.tweet("middle", inReplyTo=root)
    leaf = await ada.tweet("leaf", inReplyTo=middle)
    quote = await bob.tweet("quoting", quotes=root)
    await bob.sees(quote, leaf, middle, root)
    assert (await bob.engage("deleteTweet", root))["userErrors"][0]["code"] == "NOT_YOURS"
    assert (await ada.engage("deleteTweet", root, "deleted text"))["tweet"] == {"deleted": True, "text": ""}
    assert (await ada.engage("deleteTweet", root))["userErrors"] == []
    await bob.sees(quote, leaf, middle)
    shown = await _tweet(bob, leaf, "ancestors { id deleted text author { handle } }")
    assert shown["ancestors"] == [
        {"id": root, "deleted": True, "text": "", "author": {"handle": "ada"}},
        {"id": middle, "deleted": False, "text": "middle", "author": {"handle": "bob"}},
    ]
    assert await _tweet(bob, quote, "quoted { deleted text }") == {"quoted": {"deleted": True, "text": ""}}
    assert (await bob.engage("like", root))["userErrors"][0]["code"] == "NOT_FOUND"
    assert (await bob.create("late", inReplyTo=root))["userErrors"][0]["code"] == "NOT_FOUND"
    assert await _user(bob, ada, "tweetCount tweets { nodes { id } }") == {"tweetCount": 1, "tweets": {"nodes": []}}


async def test_a_block_ends_both_follows_and_hides_the_two_from_each_other(city: City) -> None:
    ada, bob, eve = await city.people("ada", "bob", "eve")
    await ada.follow(bob, eve)
    await bob.follow(ada, eve)
    hers, his, other = await ada.tweet("hers"), await bob.tweet("his"), await eve.tweet("other")
    await eve.engage("retweet", hers)
    await bob.sees(other, his, hers)
    assert (await ada.relate("block", bob, "viewerBlocks viewerFollows followsViewer followerCount"))["user"] == {
        "viewerBlocks": True,
        "viewerFollows": False,
        "followsViewer": False,
        "followerCount": 0,
    }
    await bob.sees(other, his)
    await ada.sees(other, hers)
    assert await _tweet(bob, hers, "id") is None
    assert await _user(bob, ada, "followerCount tweets { nodes { id } } timeline { nodes { tweet { id } } }") == {
        "followerCount": 0,
        "tweets": {"nodes": []},
        "timeline": {"nodes": []},
    }
    assert (await bob.relate("follow", ada))["userErrors"][0]["code"] == "BLOCKED"
    assert (await bob.engage("like", hers))["userErrors"][0]["code"] == "BLOCKED"
    assert (await bob.create("oh", inReplyTo=hers))["userErrors"][0]["code"] == "BLOCKED"
    assert (await ada.relate("unblock", bob, "viewerBlocks viewerFollows"))["user"] == {
        "viewerBlocks": False,
        "viewerFollows": False,
    }
    assert (await _tweet(bob, hers, "text"))["text"] == "hers"


async def test_a_mute_hides_from_the_home_timeline_only(city: City) -> None:
    ada, bob, eve = await city.people("ada", "bob", "eve")
    await ada.follow(bob, eve)
    his, other = await bob.tweet("his"), await eve.tweet("other")
    await eve.engage("retweet", his)
    await ada.sees(other, his)
    assert (await ada.relate("mute", bob, "viewerMutes viewerFollows"))["user"] == {"viewerMutes": True, "viewerFollows": True}
    await ada.sees(other)
    assert (await _tweet(ada, his, "text"))["text"] == "his"
    assert [node["tweet"]["id"] for node in await ada.timeline_of("bob")] == [his]
    await ada.relate("unmute", bob)
    await ada.sees(other, his)


async def test_suggestions_are_those_whom_the_followed_follow_best_first(city: City) -> None:
    ada, bob, cyd, dan, eve, fay = await city.people("ada", "bob", "cyd", "dan", "eve", "fay")
    await ada.follow(bob, cyd)
    await bob.follow(dan, eve, fay, ada)
    await cyd.follow(eve, fay, bob)
    await ada.relate("block", fay)
    document = "query ($first: Int) { suggestions(first: $first) { handle } }"
    assert [user["handle"] for user in (await ada.ask(document, first=10))["suggestions"]] == ["eve", "dan"]
    assert [user["handle"] for user in (await ada.ask(document, first=1))["suggestions"]] == ["eve"]
    assert (await eve.ask(document))["suggestions"] == []


async def test_bookmarks_are_the_viewers_own_the_latest_first(city: City) -> None:
    ada, bob = await city.people("ada", "bob")
    tweets = [await ada.tweet(str(number)) for number in range(3)]
    for tweet in (tweets[1], tweets[0], tweets[2]):
        await bob.engage("bookmark", tweet)
    document = "{ bookmarks { nodes { id viewerBookmarked } } }"
    assert [node["id"] for node in (await bob.ask(document))["bookmarks"]["nodes"]] == [tweets[2], tweets[0], tweets[1]]
    assert (await ada.ask(document))["bookmarks"]["nodes"] == []
    await ada.engage("deleteTweet", tweets[0])
    assert [node["id"] for node in (await bob.ask(document))["bookmarks"]["nodes"]] == [tweets[2], tweets[1]]


async def test_an_idempotency_key_publishes_once_and_refuses_another_text(city: City) -> None:
    ada, bob = await city.people("ada", "bob")
    first = await ada.tweet("once", idempotencyKey="k")
    assert await ada.tweet("once", idempotencyKey="k") == first
    refused = await ada.create("twice", idempotencyKey="k")
    assert (refused["tweet"], refused["userErrors"][0]["code"]) == (None, "CONFLICT")
    assert await bob.tweet("once", idempotencyKey="k") != first
    assert (await _user(ada, ada, "tweetCount"))["tweetCount"] == 1


@pytest.mark.parametrize("threshold", [1, 3])
async def test_authors_with_very_many_followers_reach_timelines_like_all_others(tmp_path: Any, threshold: int) -> None:
    async with founded(tmp_path / "data", celebrity_followers=threshold) as (city, _):
        star, *fans = await city.people("star", "ada", "bob", "cyd")
        before = await star.tweet("before")
        for fan in fans:
            await fan.follow(star)
            await fan.sees(before)
        after = await star.tweet("after")
        reply = await fans[0].tweet("me!", inReplyTo=after)
        await fans[0].sees(reply, after, before)
        await fans[1].sees(after, before)
        await fans[1].relate("unfollow", star)
        await fans[1].sees()
        await star.engage("deleteTweet", after)
        await fans[2].sees(before)


async def test_events_of_what_was_done_are_in_the_log_and_consumed(city: City, platform: Platform) -> None:
    ada, bob = await city.people("ada", "bob")
    await bob.follow(ada)
    tweet = await ada.tweet("heard")
    await bob.engage("like", tweet)

    async def done() -> bool:
        return len(await platform.broker.tail(100)) == 5 and await platform.broker.lag("fanout") == 0

    await until(done)
    assert b"murmur_dead_letters_total{" not in platform.metrics.exposition()

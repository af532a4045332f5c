"""Imports and exports of the tweets service."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from murmur.clock import wall_clock
from murmur.cursors import Window
from murmur.events import Liked, Retweeted, TweetPublished
from murmur.ids import first_id_at, id_time
from subgraphs.tweets.model import Edge, ImportedEdge, ImportedTweet, Tweet
from tests.support.square import Square, open_square

AT = 1_700_000_000_000
ID = first_id_at(AT)
ANN, BOB = 1, 2


@pytest.fixture
async def square(tmp_path: Path) -> AsyncIterator[Square]:
    async with open_square(tmp_path) as opened:
        yield opened


async def everything(square: Square) -> tuple[list[Tweet], dict[str, list[Edge]]]:
    service = square.room.service
    kinds = ("likes", "retweets", "bookmarks")
    return list(await service.all_tweets(0, 1000)), {kind: list(await service.all_edges(kind, 0, 1000)) for kind in kinds}


def rows() -> list[ImportedTweet]:
    return [
        ImportedTweet(ANN, "root @bob #tag", AT, ID),
        ImportedTweet(BOB, "reply", AT + 5, ID + 50, in_reply_to_id=ID, quoted_id=ID),
        ImportedTweet(ANN, "", AT + 6, ID + 60, deleted=True),
        ImportedTweet(BOB, "no id", AT + 7),
        ImportedTweet(BOB, "no id either", AT + 7),
    ]


async def test_imported_tweets_stand_at_their_own_times(square: Square) -> None:
    result = await square.room.service.import_tweets(rows())
    assert (result.added, result.unchanged, result.rejected) == (5, 0, [])
    tweets, _ = await everything(square)
    assert [(tweet.created_at, tweet.text, tweet.deleted) for tweet in tweets[:3]] == [
        (AT, "root @bob #tag", False),
        (AT + 5, "reply", False),
        (AT + 6, "", True),
    ]
    assert {(tweet.text, id_time(tweet.id)) for tweet in tweets[3:]} == {("no id", AT + 7), ("no id either", AT + 7)}
    assert [post.tweet_id for post in await square.room.service.posts_of([ANN], Window(10))] == [ID]
    events = await square.events()
    assert [type(event) for event in events] == [TweetPublished] * 4
    assert isinstance(events[0], TweetPublished)
    assert (events[0].tweet_id, events[0].mentions, events[0].hashtags) == (ID, ("bob",), ("tag",))
    assert len({event.id for event in events}) == 4


async def test_an_imported_tweet_keeps_its_language_and_gets_one_where_it_has_none(square: Square) -> None:
    text = "schon wieder den Zug verpasst"
    await square.room.service.import_tweets(
        [ImportedTweet(ANN, text, AT, ID, lang="nds"), ImportedTweet(ANN, text, AT, ID + 1), ImportedTweet(ANN, "ok", AT, ID + 2)]
    )
    tweets, _ = await everything(square)
    assert [tweet.lang for tweet in tweets] == ["nds", "de", None]


async def test_a_second_import_changes_nothing_and_tells_nobody(square: Square) -> None:
    service = square.room.service
    edges = [ImportedEdge(user, ID, AT + user) for user in range(1, 4)]
    for added in (True, False):
        for result in (
            await service.import_tweets(rows()),
            await service.import_likes(edges),
            await service.import_retweets(edges),
            await service.import_bookmarks(edges),
        ):
            assert result.rejected == []
            assert (result.added == 0) is not added
            assert (result.unchanged == 0) is added
        if added:
            before = await everything(square)
            events = await square.events()
            assert [type(event) for event in events[4:]] == [Liked] * 3 + [Retweeted] * 3
    assert await everything(square) == before
    assert await square.events() == []


async def test_what_was_exported_is_imported_as_it_was(square: Square, tmp_path: Path) -> None:
    service = square.room.service
    root = await square.tweet(ANN, "root")
    gone = await square.tweet(BOB, "gone", in_reply_to_id=root, quoted_id=root)
    await square.tweet(ANN, "leaf", in_reply_to_id=gone, quoted_id=gone)
    for user in (ANN, BOB):
        await service.like(user, gone)
        await service.like(user, root)
        await service.retweet(user, root)
        await service.bookmark(user, root)
    await service.delete(BOB, gone)
    tweets, edges = await everything(square)
    async with open_square(tmp_path / "other") as other:
        result = await other.room.service.import_tweets(
            [
                ImportedTweet(
                    tweet.author_id, tweet.text, tweet.created_at, tweet.id, tweet.in_reply_to_id, tweet.quoted_id, tweet.deleted
                )
                for tweet in tweets
            ]
        )
        assert (result.added, result.rejected) == (3, [])
        for kind, found in edges.items():
            take = getattr(other.room.service, f"import_{kind}")
            assert (
                await take([ImportedEdge(edge.user_id, edge.tweet_id, id_time(edge.id), edge.id) for edge in found])
            ).added == 2
        assert await everything(other) == (tweets, edges)
        ids = [tweet.id for tweet in tweets]
        assert await other.store.views(ids, ANN) == await square.store.views(ids, ANN)


async def test_bad_rows_are_told_by_index_and_the_rest_kept(square: Square) -> None:
    now = wall_clock()
    result = await square.room.service.import_tweets(
        [
            ImportedTweet(ANN, "x" * 281, AT),
            ImportedTweet(ANN, "fits", AT),
            ImportedTweet(ANN, " ", AT),
            ImportedTweet(ANN, "future", now + 60_000),
            ImportedTweet(ANN, "future id", AT, first_id_at(now + 60_000)),
            ImportedTweet(ANN, "orphan", AT, in_reply_to_id=12),
            ImportedTweet(ANN, "too old", 1_000_000_000_000),
            ImportedTweet(ANN, "old, with an id", 1_000_000_000_000, 20),
            ImportedTweet(ANN, "not an id", AT, 0),
            ImportedTweet(ANN, "not an id", AT, 2**63),
            ImportedTweet(ANN, "before everything", -1),
            ImportedTweet(ANN, "\ud800", AT),
            ImportedTweet(BOB, "taken", AT, 20),
        ]
    )
    assert (result.added, result.unchanged) == (2, 0)
    assert [row.index for row in result.rejected] == [0, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12]
    reasons = [row.reason for row in result.rejected]
    for reason, word in zip(
        reasons,
        ["281", "empty", "future", "future", "unknown", "epoch", "64-bit", "64-bit", "1970", "surrogate", "another tweet"],
        strict=True,
    ):
        assert word in reason


async def test_edges_to_what_is_not_there_are_told(square: Square) -> None:
    service = square.room.service
    await service.import_tweets(rows())
    edges = [
        ImportedEdge(ANN, ID, AT),
        ImportedEdge(ANN, 404, AT),
        ImportedEdge(BOB, ID + 60, AT),
        ImportedEdge(BOB, ID, wall_clock() + 60_000),
    ]
    result = await service.import_likes(edges)
    assert result.added == 1
    assert [row.index for row in result.rejected] == [1, 2, 3]


async def test_rows_of_one_moment_all_find_a_place(square: Square) -> None:
    many = [ImportedTweet(ANN, f"tweet {number}", AT) for number in range(2_500)]
    assert (await square.room.service.import_tweets(many)).added == 2_500
    likes = [ImportedEdge(user, ID, AT) for user in range(1, 4_000)]
    await square.room.service.import_tweets([ImportedTweet(ANN, "liked", AT, ID)])
    assert (await square.room.service.import_likes(likes)).added == 3_999
    assert (await square.store.views([ID], None))[ID].likes == 3_999
    again = await square.room.service.import_tweets(many)
    assert (again.added, again.unchanged) == (0, 2_500)

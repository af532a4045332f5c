"""An audit finds what was damaged, and nothing where nothing is."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from murmur.audit.finding import Finding, steady
from murmur.audit.graph import audit_graph
from murmur.audit.timelines import audit_timelines
from murmur.audit.tweets import audit_tweets
from murmur.cursors import Window
from murmur.post import Post
from subgraphs.timelines.model import KEPT
from subgraphs.timelines.stores.memory import MemoryTimelines
from tests.support.square import Square, open_square

STATEMENTS = {
    "like": "UPDATE tweet_counts SET likes = likes + 1 WHERE tweet_id = ?",
    "retweet": "UPDATE tweet_counts SET retweets = retweets + 1 WHERE tweet_id = ?",
    "bookmark": "UPDATE tweet_counts SET bookmarks = bookmarks + 1 WHERE tweet_id = ?",
    "reply": "UPDATE tweet_counts SET replies = replies + 1 WHERE tweet_id = ?",
    "quote": "UPDATE tweet_counts SET quotes = quotes + 1 WHERE tweet_id = ?",
}


@pytest.fixture
async def square(tmp_path: Path) -> AsyncIterator[Square]:
    """Bea and Cleo follow Ada, who wrote a tweet that both engaged with."""
    async with open_square(tmp_path) as square:
        ada = await square.person("ada", "bea", "cleo")
        bea, cleo = square.people["bea"], square.people["cleo"]
        await square.graph.follow(bea, ada)
        await square.graph.follow(cleo, ada)
        await square.graph.block(ada, cleo)
        tweet = await square.tweet(ada, "first")
        for verb in ("like", "retweet", "bookmark"):
            await getattr(square.room.service, verb)(bea, tweet)
        await square.tweet(bea, "an answer", in_reply_to_id=tweet)
        await square.tweet(bea, "look", quoted_id=tweet)
        await square.room.service.delete(bea, await square.tweet(bea, "oops", in_reply_to_id=tweet))
        yield square


def damage(path: Path, statement: str, *values: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement, values)
    connection.close()


async def graph_findings(square: Square) -> list[Finding]:
    return await steady(lambda: audit_graph(square.users))


async def tweet_findings(square: Square) -> list[Finding]:
    return await steady(lambda: audit_tweets(square.store, square.users))


async def test_what_was_written_through_the_service_has_no_findings(square: Square) -> None:
    assert await graph_findings(square) == []
    assert await tweet_findings(square) == []


async def test_counts_of_people_that_differ_from_their_follows_are_found(square: Square, tmp_path: Path) -> None:
    ada, bea = square.people["ada"], square.people["bea"]
    damage(tmp_path / "users.db", "UPDATE users SET follower_count = follower_count + 2 WHERE id = ?", ada)
    damage(tmp_path / "users.db", "UPDATE users SET following_count = 0 WHERE id = ?", bea)
    found = await graph_findings(square)
    assert found == [Finding("follower count", f"user {ada}", by=2), Finding("following count", f"user {bea}", by=-1)]
    assert found[0].told == "the count is 3, the edges are 1"


async def test_a_follow_across_a_block_and_an_edge_without_a_person_are_found(square: Square, tmp_path: Path) -> None:
    ada, cleo = square.people["ada"], square.people["cleo"]
    damage(tmp_path / "users.db", "INSERT INTO follows VALUES (?, ?, 77)", cleo, ada)
    damage(tmp_path / "users.db", "INSERT INTO mutes VALUES (?, 404, 78)", ada)
    assert {(finding.check, finding.subject) for finding in await graph_findings(square)} >= {
        ("follow across a block", f"users {ada} and {cleo}"),
        ("edge without a person", "user 404"),
    }


@pytest.mark.parametrize("kind", STATEMENTS)
async def test_each_count_of_a_tweet_that_differs_is_found(square: Square, tmp_path: Path, kind: str) -> None:
    (tweet, *_) = await square.store.all_tweets(0, 1)
    damage(tmp_path / "tweets.db", STATEMENTS[kind], tweet.id)
    (found,) = await tweet_findings(square)
    assert (found.check, found.subject, found.by) == (f"{kind} count", f"tweet {tweet.id}", 1)


async def test_a_wrong_number_of_tweets_and_a_tweet_of_nobody_are_found(square: Square, tmp_path: Path) -> None:
    bea = square.people["bea"]
    damage(tmp_path / "tweets.db", "UPDATE author_counts SET tweets = 9 WHERE author_id = ?", bea)
    assert [(finding.check, finding.by) for finding in await tweet_findings(square)] == [("tweet count", 7)]
    damage(tmp_path / "tweets.db", "UPDATE tweets SET author_id = 404 WHERE author_id = ? AND quoted_id IS NOT NULL", bea)
    assert "tweet without an author" in {finding.check for finding in await tweet_findings(square)}


async def test_a_timeline_that_lacks_a_post_or_has_one_of_a_stranger_is_found(square: Square) -> None:
    ada, bea, cleo = (square.people[handle] for handle in ("ada", "bea", "cleo"))
    timelines = MemoryTimelines(capacity=10)
    due = await square.store.posts_of({ada, bea}, Window(KEPT))

    async def hold(*posts: Post) -> list[Finding]:
        assert await timelines.put(bea, await timelines.begin(bea), posts, frozenset()) is not None
        return await steady(lambda: audit_timelines(timelines, square.users, square.store))

    assert await hold(*due) == []
    lost, *rest = due
    stranger = Post(5, 5, cleo, cleo)
    assert {(finding.check, finding.subject) for finding in await hold(*rest, stranger)} == {
        ("missing in a timeline", f"the timeline of user {bea}: post {lost.id}"),
        ("strange in a timeline", f"the timeline of user {bea}: post 5"),
    }


async def test_a_write_between_two_reads_is_no_finding(square: Square) -> None:
    """Each pass sees a like that its edges did not have yet: by another difference each time."""
    passes = 0

    async def audit() -> AsyncIterator[Finding]:
        nonlocal passes
        passes += 1
        async for finding in audit_tweets(square.store, square.users):
            yield finding
        yield Finding("like count", "tweet 1", by=passes)
        yield Finding("reply count", "tweet 1", by=5)

    assert await steady(audit) == [Finding("reply count", "tweet 1", by=5)]

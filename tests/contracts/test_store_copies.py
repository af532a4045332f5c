"""A copy between stores of one port holds what its source holds, counts included, whatever the engines."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from murmur.archive.copying import Key, Table, compare, copy_table, tables_of
from murmur.clock import wall_clock
from murmur.cursors import Window
from murmur.ids import Snowflakes
from subgraphs.tweets.ports import TweetStore
from subgraphs.users.model import Credentials, Session
from subgraphs.users.ports import UsersStore
from subgraphs.users.service.graph import FollowGraph
from tests.support.square import Square, open_square
from tests.support.tweet_stores import ADAPTERS, engine_of, tweet_store
from tests.support.users_stores import KINDS, open_empty

NOW = wall_clock()
ALL = Window(limit=100)


@pytest.fixture
async def square(tmp_path: Path) -> AsyncIterator[Square]:
    """Ada, Bea and Cleo have done a bit of everything."""
    (tmp_path / "source").mkdir()
    async with open_square(tmp_path / "source") as square:
        ada = await square.person("ada", "bea", "cleo")
        bea, cleo = square.people["bea"], square.people["cleo"]
        await square.users.put_credentials([Credentials(ada, "hash", "ada@example.org"), Credentials(bea, "other", None)])
        await square.users.start_session(Session("5e55", ada, b"hash", NOW, NOW + 1_000, b"secret"), 10)
        graph = FollowGraph(square.users, Snowflakes(2), wall_clock)
        for source, target in ((ada, bea), (bea, ada), (cleo, ada)):
            await graph.follow(source, target)
        await graph.block(cleo, bea)
        await graph.mute(ada, cleo)
        first = await square.tweet(ada, "a question", idempotency_key="once")
        gone = await square.tweet(bea, "an answer", in_reply_to_id=first)
        await square.tweet(ada, "an answer to the answer", in_reply_to_id=gone)
        await square.tweet(cleo, "look", quoted_id=first)
        await square.room.service.like(bea, first)
        await square.room.service.retweet(cleo, first)
        await square.room.service.bookmark(ada, first)
        await square.room.service.delete(bea, gone)
        yield square


@pytest.fixture(params=KINDS)
async def users(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[UsersStore]:
    opened = await open_empty(request.param, request, tmp_path)
    yield opened
    await opened.close()


@pytest.fixture(params=ADAPTERS)
async def tweets(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TweetStore]:
    async with tweet_store(engine_of(request.param, request), tmp_path) as opened:
        yield opened


async def test_a_copy_holds_what_its_source_holds_and_tells_nobody(square: Square, users: UsersStore, tweets: TweetStore) -> None:
    copied: dict[str, int] = {}
    pairs = list(zip(tables_of(square.users, square.store), tables_of(users, tweets), strict=True))
    for _again in range(2):
        for source, target in pairs:
            copied[source.name] = 0

            def count(_key: Key, rows: int, name: str = source.name) -> None:
                copied[name] += rows

            await copy_table(source, target, None, count)
    assert copied == {
        "users": 3,
        "credentials": 2,
        "sessions": 1,
        "follows": 3,
        "blocks": 1,
        "mutes": 1,
        "tweets": 4,
        "likes": 1,
        "retweets": 1,
        "bookmarks": 1,
        "idempotency keys": 1,
    }
    assert [(await compare(source, target)).differences for source, target in pairs] == [()] * len(pairs)
    assert [(await compare(source, target)).equal for source, target in pairs] == [True] * len(pairs)
    assert not await users.outbox.pending(1)
    assert not await tweets.outbox.pending(1)

    ids = [tweet.id for tweet in await square.store.all_tweets(0, 100)]
    people = list(square.people.values())
    for viewer in (None, *people):
        assert await tweets.views(ids, viewer) == await square.store.views(ids, viewer)
    assert +Counter(await tweets.tweet_counts(people)) == +Counter(await square.store.tweet_counts(people))
    assert await tweets.posts_of(people, ALL) == await square.store.posts_of(people, ALL)
    assert await tweets.entries("likes", dict.fromkeys(people, ALL)) == await square.store.entries(
        "likes", dict.fromkeys(people, ALL)
    )
    assert await tweets.kept(people[0], "once") == await square.store.kept(people[0], "once")


async def test_a_comparison_names_the_rows_that_differ(square: Square, users: UsersStore, tweets: TweetStore) -> None:
    source, target = (tables_of(*stores)[0] for stores in ((square.users, square.store), (users, tweets)))
    ada, bea, cleo = await square.users.all_users(0, 10)
    await users.put_users([ada, cleo])
    found = await compare(source, target)
    assert not found.equal
    assert found.rows == (3, 2)
    # The graph is not copied, so the counts of Ada differ; of Cleo too, who follows her.
    assert found.differences == tuple(str(user.id) for user in (ada, bea, cleo))


async def test_a_copy_goes_on_after_the_key_that_it_is_given(square: Square, users: UsersStore, tweets: TweetStore) -> None:
    source: Table[object]
    source, target = (tables_of(*stores)[0] for stores in ((square.users, square.store), (users, tweets)))
    ada, bea, cleo = await square.users.all_users(0, 10)
    await copy_table(source, target, (ada.id,), lambda _key, _rows: None)
    assert [user.id for user in await users.all_users(0, 10)] == [bea.id, cleo.id]

"""A copy between stores of one port holds what its source holds, counts included, whatever the engines."""

import uuid
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.partners.model import Document, PartnerKey, Scope, document_id
from gateway.partners.wiring import open_store as open_partners
from murmur.archive.copying import Key, compare, copy_table
from murmur.clock import wall_clock
from murmur.cursors import Window
from murmur.ids import Snowflakes
from murmur.roles.tables import Tables, of_partners, of_people, of_tweets
from subgraphs.tweets.ports import TweetStore
from subgraphs.users.model import Credentials, Session
from subgraphs.users.ports import Sessions, UsersStore
from subgraphs.users.service.graph import FollowGraph
from subgraphs.users.stores.sqlite import SqliteUsers
from subgraphs.users.wiring import open_sessions
from tests.support.partner_stores import partner_store
from tests.support.square import Square, open_square
from tests.support.tweet_stores import ADAPTERS, engine_of, tweet_store
from tests.support.users_stores import KINDS, open_empty

NOW = wall_clock()
ALL = Window(limit=100)
Stores = tuple[UsersStore, Sessions, TweetStore]


def tables_of(users: UsersStore, sessions: Sessions, tweets: TweetStore) -> Tables:
    return (*of_people(users, sessions), *of_tweets(tweets))


@pytest.fixture
async def source(square: Square, tmp_path: Path) -> AsyncIterator[Stores]:
    """What is copied: of two sessions one is over."""
    sessions, ada = open_sessions("sqlite:", tmp_path / "source"), square.people["ada"]
    living = Session("5e55", ada, b"hash", NOW, NOW + 600_000, b"secret", 2)
    await sessions.put([living, Session("over", ada, b"hash", NOW - 2, NOW - 1, b"secret")])
    yield square.users, sessions, square.store
    await sessions.close()


@pytest.fixture
async def square(tmp_path: Path) -> AsyncIterator[Square]:
    """Ada, Bea and Cleo have done a bit of everything."""
    (tmp_path / "source").mkdir()
    async with open_square(tmp_path / "source") as square:
        ada = await square.person("ada", "bea", "cleo")
        bea, cleo = square.people["bea"], square.people["cleo"]
        await square.users.put_credentials([Credentials(ada, "hash", "ada@example.org"), Credentials(bea, "other", None)])
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


@pytest.fixture
async def target(users: UsersStore, tweets: TweetStore, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    distributed = not isinstance(users, SqliteUsers)
    url = f"{request.getfixturevalue('redis_cluster').url}?prefix={uuid.uuid4().hex}" if distributed else "sqlite:"
    sessions = open_sessions(url, tmp_path)
    yield users, sessions, tweets
    await sessions.close()


@pytest.fixture(params=KINDS)
async def users(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[UsersStore]:
    opened = await open_empty(request.param, request, tmp_path)
    yield opened
    await opened.close()


@pytest.fixture(params=ADAPTERS)
async def tweets(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TweetStore]:
    async with tweet_store(engine_of(request.param, request), tmp_path) as opened:
        yield opened


async def test_a_copy_holds_what_its_source_holds_and_tells_nobody(square: Square, source: Stores, target: Stores) -> None:
    users, _, tweets = target
    copied: dict[str, int] = {}
    pairs = list(zip(tables_of(*source), tables_of(*target), strict=True))
    for _again in range(2):
        for from_, to in pairs:
            copied[from_.name] = 0

            def count(_key: Key, rows: int, name: str = from_.name) -> None:
                copied[name] += rows

            await copy_table(from_, to, None, count)
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
    assert [(await compare(from_, to)).differences for from_, to in pairs] == [()] * len(pairs)
    assert [(await compare(from_, to)).equal for from_, to in pairs] == [True] * len(pairs)
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


async def test_a_comparison_names_the_rows_that_differ(square: Square, source: Stores, target: Stores) -> None:
    from_, to = tables_of(*source)[0], tables_of(*target)[0]
    ada, bea, cleo = await square.users.all_users(0, 10)
    await target[0].put_users([ada, cleo])
    found = await compare(from_, to)
    assert not found.equal
    assert found.rows == (3, 2)
    # The graph is not copied, so the counts of Ada differ; of Cleo too, who follows her.
    assert found.differences == tuple(str(user.id) for user in (ada, bea, cleo))


async def test_a_copy_goes_on_after_the_key_that_it_is_given(square: Square, source: Stores, target: Stores) -> None:
    from_, to = tables_of(*source)[0], tables_of(*target)[0]
    ada, bea, cleo = await square.users.all_users(0, 10)
    await copy_table(from_, to, (ada.id,), lambda _key, _rows: None)
    assert [user.id for user in await target[0].all_users(0, 10)] == [bea.id, cleo.id]


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_keys_and_documents_of_partners_are_copied_as_they_are(
    adapter: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    source = open_partners("sqlite:", tmp_path / "source")
    documents = [Document(document_id(text), "Name", text) for text in ("query Name { a }", "query Name { b }")]
    await source.publish("acme", documents)
    await source.publish("murmur", documents[:1])
    scopes = frozenset({Scope.READ, Scope.WRITE})
    for id_ in ("k1", "k2"):
        await source.add_key(PartnerKey(id_, "acme", b"\x00hash\xff", scopes, NOW, NOW + 1))
    await source.revoke("k2", NOW)
    async with partner_store(engine_of(adapter, request), tmp_path) as target:
        pairs = list(zip(of_partners(source), of_partners(target), strict=True))
        for _again in range(2):
            for from_, to in pairs:
                await copy_table(from_, to, None, lambda _key, _rows: None)
        found = [await compare(from_, to) for from_, to in pairs]
        assert [(each.table, each.rows) for each in found] == [("API keys", (2, 2)), ("documents", (3, 3))]
        assert all(each.equal for each in found)
        assert await target.keys(None) == await source.keys(None)
        await target.revoke("k1", NOW)
        assert (await compare(*pairs[0])).differences == ("k1",)
    await source.close()

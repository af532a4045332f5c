"""Notifications on MongoDB: reads look at what they show, and what was cut off is done by whoever comes next."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from gateway.partners.stores.mongodb import MongoPartners
from murmur.cluster.mongodb import MongoDB
from murmur.cursors import Window
from murmur.errors import Unavailable
from murmur.ids import first_id_at
from murmur.mongodb import Concern, Document
from subgraphs.notifications.model import KEPT, Kind, Notice
from subgraphs.notifications.stores.mongodb import MongoNotifications
from subgraphs.notifications.wiring import open_store
from tests.support.mongodb_databases import profiled, store_url
from tests.support.shard_keys import ROOMS, SHARD_KEYS, WATCH, key_faults
from tests.support.waiting import until

ADA, BEA, CLEO, TWEET = 1, 2, 3, 100
ALL = frozenset(Kind)
_SHUT_DOWN = 11600
_ids = count(first_id_at(1_760_000_000_000))


@pytest.fixture
async def url(mongodb: MongoDB) -> AsyncIterator[str]:
    async with store_url(mongodb, MongoNotifications) as found:
        yield found


@pytest.fixture
async def store(url: str) -> AsyncIterator[MongoNotifications]:
    opened = MongoNotifications(url)
    yield opened
    await opened.close()


def notices(kind: Kind, actors: Sequence[int], tweets: Sequence[int], recipient: int = ADA) -> list[Notice]:
    return [Notice(recipient, kind, actor, next(_ids), tweet) for actor in actors for tweet in tweets]


async def kept(url: str, condition: Document) -> int:
    """How many documents of Ada there are."""
    async with AsyncMongoClient[Document](url) as client:
        return await client.get_default_database()["notifications"].count_documents({"r": ADA, **condition})


async def test_no_read_looks_at_more_than_it_shows(store: MongoNotifications, url: str) -> None:
    for recipient in (ADA, BEA):
        await store.add(notices(Kind.REPLY, [CLEO], range(1, 300), recipient))
        await store.add(notices(Kind.LIKE, range(1_000, 1_300), [TWEET], recipient))
    place = await store.last_position(ADA)
    async with profiled(url) as looked_at:
        assert sum(await looked_at(store.page(ADA, Window(10), ALL))) <= 2 * 13
        assert sum(await looked_at(store.page(ADA, Window(10, from_oldest=True), ALL))) <= 2 * 13
        assert sum(await looked_at(store.after(ADA, place - 1, 5))) <= 2 * 7
        assert sum(await looked_at(store.of_positions(ADA, [place]))) <= 10
        assert sum(await looked_at(store.notices_after((ADA, place - 10), 20))) <= 2 * 2 * 30
        assert sum(await looked_at(store.recipients_after(0, 5))) <= 2 * 3
        assert sum(await looked_at(store.add(notices(Kind.LIKE, [5_000], [TWEET])))) <= 20
        assert sum(await looked_at(store.withdraw(Kind.LIKE, 5_000, tweet_id=TWEET))) <= 2 * 40


async def test_of_a_tweet_forgotten_half_nothing_shows_and_the_next_change_forgets_the_rest(
    store: MongoNotifications, url: str, mongodb: MongoDB
) -> None:
    await store.add([*notices(Kind.LIKE, range(10, 60), [TWEET]), *notices(Kind.REPLY, [BEA], [7])])
    namespace = f"{url.rpartition('/')[2].partition('?')[0]}.notifications"
    data = {"failCommands": ["delete"], "namespace": namespace, "errorCode": _SHUT_DOWN}
    # The first deletes the group.
    point = {"configureFailPoint": "failCommand", "mode": {"skip": 1}, "data": data}
    mongodb.ask(mongodb.members[0], point)
    try:
        with pytest.raises(Unavailable):
            await store.forget_tweet(TWEET)
    finally:
        mongodb.ask(mongodb.members[0], {**point, "mode": "off"})
    assert [found.kind for found in await store.page(ADA, Window(10), ALL)] == [Kind.REPLY]
    assert [notice.kind for notice in await store.notices_after((0, 0), 100)] == [Kind.REPLY]
    assert await kept(url, {"p": {"$exists": True}}) == 51
    # What is among the left-overs can be told anew.
    assert await store.add(notices(Kind.LIKE, [10], [TWEET])) == {ADA}
    assert await kept(url, {"p": {"$exists": True}}) == 2
    await store.forget_tweet(TWEET)
    assert await kept(url, {"p": {"$exists": True}}) == 1
    assert (await store.page(ADA, Window(10), ALL))[0].tweet_id == 7


async def test_a_popular_tweet_is_forgotten_whole(store: MongoNotifications, url: str) -> None:
    await store.add(notices(Kind.LIKE, range(10, 2_510), [TWEET]))
    await store.forget_tweet(TWEET)
    assert await kept(url, {"_id": {"$ne": ADA}}) == 0


async def test_a_person_never_has_more_than_is_kept(store: MongoNotifications, url: str) -> None:
    for start in range(0, KEPT + 200, 300):
        await store.add(notices(Kind.REPLY, [BEA], range(start + 1, start + 301)))
    assert await kept(url, {"p": {"$exists": True}}) == await kept(url, {"at": {"$exists": True}}) == KEPT


async def test_what_is_told_to_many_costs_few_commands_and_told_again_a_look(store: MongoNotifications, url: str) -> None:
    name = url.rpartition("/")[2].partition("?")[0]
    batch = [notice for person in range(100, 160) for notice in notices(Kind.LIKE, [BEA], [person * 10], person)]

    async def commands(told: Sequence[Notice]) -> int:
        before = WATCH.commands.get(name, 0)
        await store.add(told)
        return WATCH.commands[name] - before

    assert await commands(batch) <= 4
    assert await commands(batch) == 1
    more = [notice for person in range(100, 160) for notice in notices(Kind.LIKE, [CLEO], [person * 10], person)]
    assert await commands([*batch, *more]) <= 6


async def test_what_may_be_sharded_is_written_one_person_at_a_time(url: str) -> None:
    name = url.rpartition("/")[2].partition("?")[0]
    # Of a server that is asked directly, the driver does not learn whether it is of a cluster.
    direct = MongoNotifications(f"{url}&directConnection=true")
    people = range(100, 140)
    batches = [[notice for person in people for notice in notices(Kind.LIKE, [actor], [person], person)] for actor in (BEA, CLEO)]
    told = await asyncio.gather(*(direct.add(batch) for batch in [*batches, batches[0]]))
    assert told[1] == set(people)
    assert told[0] | told[2] == set(people)
    assert WATCH.widest[name] == 1
    assert {(notice.recipient_id, notice.actor_id) for notice in await direct.notices_after((0, 0), 1_000)} == {
        (person, actor) for person in people for actor in (BEA, CLEO)
    }
    await direct.close()


async def test_who_is_held_by_somebody_holds_up_nobody_who_is_told_beside_them(url: str) -> None:
    store = MongoNotifications(f"{url}&timeoutMS=2000")
    people = range(100, 150)
    await store.add([notice for person in people for notice in notices(Kind.LIKE, [BEA], [person], person)])
    more = [notice for person in people for notice in notices(Kind.LIKE, [CLEO], [person], person)]
    async with AsyncMongoClient[Document](url) as client, client.start_session() as session:
        held = Concern().of(client.get_default_database())["notifications"]
        # As one does who is killed before it commits.
        await session.start_transaction(write_concern=held.write_concern)
        await held.update_one({"_id": 120, "r": 120}, {"$inc": {"turn": 1}}, session=session)
        with pytest.raises(Unavailable):
            await store.add(more)
        told = {notice.recipient_id for notice in await store.notices_after((0, 0), 1_000) if notice.actor_id == CLEO}
        assert told == {*people} - {120}
        await session.abort_transaction()
    assert await store.add(more) == {120}
    await store.close()


async def test_who_is_told_very_much_for_the_first_time_has_no_more_than_is_kept(store: MongoNotifications, url: str) -> None:
    await store.add(notices(Kind.REPLY, [BEA], range(1, KEPT + 101)))
    assert await kept(url, {"p": {"$exists": True}}) == await kept(url, {"at": {"$exists": True}}) == KEPT


async def test_of_people_whose_groups_were_never_counted_the_oldest_are_let_go_too(store: MongoNotifications, url: str) -> None:
    await store.add(notices(Kind.REPLY, [BEA], range(1, KEPT + 1)))
    async with AsyncMongoClient[Document](url) as client:
        people = Concern().of(client.get_default_database())["notifications"]
        assert (await people.update_one({"_id": ADA, "r": ADA}, {"$unset": {"groups": True}})).modified_count == 1
    await store.add(notices(Kind.REPLY, [CLEO], [1]))
    assert await kept(url, {"at": {"$exists": True}}) == KEPT


async def test_engines_that_are_away_are_unavailable(tmp_path: Path) -> None:
    away = open_store("mongodb://127.0.0.1:1/murmur?timeoutMS=200", tmp_path)
    with pytest.raises(Unavailable):
        await away.add(notices(Kind.LIKE, [BEA], [TWEET]))
    with pytest.raises(Unavailable):
        await away.page(ADA, Window(1), ALL)
    await away.close()


def test_rooms_that_share_a_database_share_no_collection() -> None:
    assert len(SHARD_KEYS) == sum(len(room.COLLECTIONS) for room in ROOMS)


async def test_indexes_of_both_rooms_are_made_once_in_one_database(mongodb: MongoDB) -> None:
    async with store_url(mongodb, MongoNotifications) as url:
        partners = MongoPartners(url)
        missing = (await partners.engine.check()).missing
        assert {"partner_documents: index p_i", "partners: version 1 of its collections"} <= set(missing)
        assert set(await partners.engine.apply()) == set(missing)
        assert (await partners.engine.check()).missing == ()
        await partners.close()


@pytest.mark.parametrize(
    "command",
    [
        {"find": "notifications", "filter": {"_id": 1}},
        {"find": "notified", "filter": {"r": 1}},
        {"find": "notifications", "filter": {"$or": [{"r": 1}, {"t": 1}]}},
        {"delete": "notifications", "deletes": [{"q": {"g": {"$in": [1]}}}]},
        {"find": "partner_documents", "filter": {"i": "x"}},
        {"find": "partner_keys", "filter": {"partner": "acme"}},
    ],
)
def test_the_watch_sees_what_would_ask_every_shard(command: dict[str, object]) -> None:
    assert len(key_faults(command)) == 1


async def test_a_killed_primary_neither_loses_nor_doubles_what_it_was_told(mongodb: MongoDB, tmp_path: Path) -> None:
    """The notifier tells a batch again until it is done; so does this one."""
    with MongoDB(tmp_path, members=3) as three:
        store = MongoNotifications(f"{three.url}&timeoutMS=20000")
        await store.engine.apply()
        batches = [notices(Kind.LIKE, range(actor, actor + 5), [TWEET, TWEET + 1]) for actor in range(10, 210, 5)]

        async def tell() -> None:
            for batch in batches:
                done = False
                while not done:
                    try:
                        await store.add(batch)
                        done = True
                    except Unavailable:
                        continue

        telling = asyncio.create_task(tell())
        await until(lambda: _begun(store), 20)
        primary = await asyncio.to_thread(three.primary)
        assert primary is not None
        primary.kill()
        await asyncio.wait_for(telling, 60)
        assert len(await store.notices_after((0, 0), 1_000)) == 400
        assert {(each.tweet_id, each.actor_count) for each in await store.page(ADA, Window(10), ALL)} == {
            (TWEET, 200),
            (TWEET + 1, 200),
        }
        await store.close()


async def _begun(store: MongoNotifications) -> bool:
    return len(await store.notices_after((0, 0), 100)) >= 20

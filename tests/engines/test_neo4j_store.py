"""The users store on Neo4j while the server dies, hangs, is contended for, or lacks what it should have."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import TypeVar

import pytest

from murmur.cluster.neo4j import Neo4j
from murmur.errors import Unavailable
from murmur.events import Followed, Unfollowed, UserSignedUp, decode_event
from subgraphs.users.model import Credentials, Edge, Outcome, User
from subgraphs.users.stores.neo4j import Neo4jUsers
from subgraphs.users.stores.neo4j.engine import NEEDED
from tests.support.waiting import until

T = TypeVar("T")
AT = 1_760_000_000_000
ids = count(1_000).__next__


@pytest.fixture
async def store(neo4j: Neo4j) -> AsyncIterator[Neo4jUsers]:
    store = Neo4jUsers(neo4j.url)
    await store.engine.apply()
    yield store
    await store.close()


@pytest.fixture
async def elsewhere(neo4j: Neo4j) -> AsyncIterator[Neo4jUsers]:
    """The same store as another process has it."""
    store = Neo4jUsers(neo4j.url)
    yield store
    await store.close()


def person(id_: int, handle: str | None = None) -> tuple[User, UserSignedUp]:
    user = User(id_, handle or f"u{id_}", f"User {id_}", None, None, None, None, AT)
    return user, UserSignedUp(id=ids(), at=AT, user_id=id_, handle=user.handle, name=user.name)


async def people(store: Neo4jUsers, *numbers: int) -> None:
    assert set(await store.add_users([person(number) for number in numbers])) == {Outcome.DONE}
    await told(store)


async def follow(store: Neo4jUsers, source: int, target: int) -> Outcome:
    event = Followed(id=ids(), at=AT, follower_id=source, followee_id=target)
    [outcome] = await store.follow([(Edge(ids(), source, target), event)], movable={0})
    return outcome


async def unfollow(store: Neo4jUsers, source: int, target: int) -> bool:
    event = Unfollowed(id=ids(), at=AT, follower_id=source, followee_id=target)
    return await store.remove("follow", source, target, event)


async def told(store: Neo4jUsers) -> list[Followed | Unfollowed]:
    """Take the events of follows that wait in the outbox, in order."""
    entries = await store.outbox.pending(10_000)
    await store.outbox.remove(entries)
    return [event for entry in entries if isinstance(event := decode_event(entry.payload), Followed | Unfollowed)]


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer of a server that is away now, or so cold that it needs longer for it than it may."""
    async with asyncio.timeout(120):
        while True:
            try:
                return await ask()
            except Unavailable:
                await asyncio.sleep(0.1)


async def test_what_was_acknowledged_survives_a_kill_and_is_told_once(neo4j: Neo4j, store: Neo4jUsers) -> None:
    numbers = range(1, 10)
    await people(store, *numbers)
    # The server plans the statements now, and not nine times at once.
    await follow(store, 1, 2)
    done: set[tuple[int, int]] = set()

    async def follow_everybody(source: int) -> None:
        for target in set(numbers) - {source}:
            await patiently(lambda target=target: follow(store, source, target))
            done.add((source, target))

    async def some() -> bool:
        return len(done) > 20

    async with asyncio.TaskGroup() as everybody:
        for number in numbers:
            everybody.create_task(follow_everybody(number))
        await until(some, seconds=60)
        await asyncio.to_thread(neo4j.server.kill)
        acknowledged = set(done)
        await asyncio.to_thread(neo4j.start)
        found = await patiently(lambda: store.all_edges("follow", (0, 0), 1_000))
        edges = {(edge.source_id, edge.target_id) for edge in found}
        assert acknowledged <= edges
    users = await store.users(numbers)
    assert {(user.follower_count, user.following_count) for user in users.values()} == {(8, 8)}
    assert Counter((event.follower_id, event.followee_id) for event in await told(store)) == dict.fromkeys(done, 1)


async def test_a_server_that_hangs_is_unavailable_and_then_answers_again(neo4j: Neo4j, store: Neo4jUsers) -> None:
    await people(store, 1)
    neo4j.server.pause()
    try:
        async with asyncio.timeout(20):
            with pytest.raises(Unavailable):
                await store.users([1])
    finally:
        neo4j.server.resume()
    assert set(await store.users([1])) == {1}


async def test_events_of_a_person_are_in_the_order_of_what_they_did(store: Neo4jUsers, elsewhere: Neo4jUsers) -> None:
    await people(store, 1, 2)
    stores = [store, elsewhere]
    await asyncio.gather(*((follow if n % 2 else unfollow)(stores[n // 2 % 2], 1, 2) for n in range(60)))
    happened = [isinstance(event, Followed) for event in await told(store)]
    # They take turns, and the last one is how it is now.
    assert happened == [n % 2 == 0 for n in range(len(happened))]
    assert bool(await store.followees(1, 1)) == (bool(happened) and happened[-1])


async def test_many_follow_a_celebrity_at_once(store: Neo4jUsers, elsewhere: Neo4jUsers) -> None:
    fans = range(10, 90)
    await people(store, 1, *fans)
    await follow(store, 10, 11)
    async with asyncio.timeout(60):
        outcomes = await asyncio.gather(*(follow(at, fan, 1) for fan in fans for at in (store, elsewhere)))
    assert Counter(outcomes) == {Outcome.DONE: 80, Outcome.UNCHANGED: 80}
    assert await store.follower_counts([1]) == {1: 80}
    assert len(await told(store)) == 81


async def test_of_those_who_want_a_handle_at_once_one_gets_it(store: Neo4jUsers, elsewhere: Neo4jUsers) -> None:
    async def sign_up(at: Neo4jUsers, id_: int) -> Outcome:
        user, event = person(id_, "Ada")
        return await at.add_account(user, Credentials(id_, f"hash {id_}", None), event)

    outcomes = await asyncio.gather(*(sign_up((store, elsewhere)[id_ % 2], id_) for id_ in range(1, 11)))
    assert Counter(outcomes) == {Outcome.DONE: 1, Outcome.HANDLE_TAKEN: 9}
    winner = outcomes.index(Outcome.DONE) + 1
    assert await store.credentials_of("ada") == Credentials(winner, f"hash {winner}", None)
    assert [user.id for user in await store.all_users(0, 99)] == [winner]


async def test_verbs_that_were_carried_out_before_an_answer_was_lost_are_not_undone_by_their_repetition(
    store: Neo4jUsers,
) -> None:
    user, event = person(1, "ada")
    account = Credentials(1, "hash", None)
    for _ in range(2):
        assert await store.add_account(user, account, event) is Outcome.DONE
    for _ in range(2):
        assert await store.change_password(1, "hash", "other") == 1


async def test_what_is_missing_is_named_and_made_once(neo4j: Neo4j, store: Neo4jUsers, elsewhere: Neo4jUsers) -> None:
    assert (await store.engine.check()).missing == ()
    with neo4j.driver() as driver:
        for needed in NEEDED[:3]:
            driver.execute_query(f"DROP CONSTRAINT {needed.split()[1]}")
    report = await store.engine.check()
    assert report.missing == NEEDED[:3]
    assert report.version.startswith("5.")
    assert report.role == "primary"
    await asyncio.gather(store.engine.apply(), elsewhere.engine.apply())
    assert (await store.engine.check()).missing == ()
    assert await store.engine.apply() == []


async def test_what_the_data_contradicts_stays_missing_and_the_rest_is_made(neo4j: Neo4j, store: Neo4jUsers) -> None:
    with neo4j.driver() as driver:
        for needed in NEEDED[:2]:
            driver.execute_query(f"DROP CONSTRAINT {needed.split()[1]}")
        driver.execute_query("CREATE (:User {id: 1, handle_key: 'a'}), (:User {id: 1, handle_key: 'b'})")
        assert await store.engine.apply() == [NEEDED[1]]
        assert (await store.engine.check()).missing == (NEEDED[0],)
        driver.execute_query("MATCH (u:User) DELETE u")
    assert await store.engine.apply() == [NEEDED[0]]


async def test_a_wrong_password_or_database_is_unavailable(neo4j: Neo4j) -> None:
    user, _, host = neo4j.url.rpartition("@")
    for url in (f"{user}x@{host}", f"{neo4j.url}s"):
        store = Neo4jUsers(url)
        with pytest.raises(Unavailable):
            await store.engine.check()
        await store.close()

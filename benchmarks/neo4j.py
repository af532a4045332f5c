"""The users store on a Neo4j of one server: what reads and writes of the follow graph cost."""

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter, process_time
from urllib.parse import urlsplit

import uvloop
from neo4j import AsyncDriver, AsyncGraphDatabase

from benchmarks.report import check, line, ms
from murmur.cluster.neo4j import Neo4j, missing
from murmur.cursors import Window
from murmur.events import Followed, Unfollowed, UserSignedUp
from murmur.ids import Snowflakes
from murmur.telemetry.logs import configure_logs
from subgraphs.users.model import Edge, Listing, User
from subgraphs.users.stores.neo4j import Neo4jUsers

_PEOPLE = 5_000
_FOLLOWS = 10
_BATCH = 1_000
_TIMES = 150
_WRITES = 200
_AT_ONCE = 16
_WARM = 30
_STAR, _SOMEBODY = 1, 2
_AT = 1_760_000_000_000


def main() -> None:
    if reason := missing():
        line("left out", "", reason)
        return
    configure_logs("ERROR")
    with tempfile.TemporaryDirectory() as folder, Neo4j(Path(folder)) as server:
        uvloop.run(_measure(server.url))


async def _measure(url: str) -> None:
    store, ids, dice = Neo4jUsers(url), Snowflakes(1), random.Random(7)
    await store.engine.apply()
    await _fill(store, ids, dice)
    some = dice.sample(range(3, _PEOPLE), 100)
    newest = Window(20)
    reads: dict[str, Callable[[], Awaitable[object]]] = {
        "relations to 100 people": lambda: store.relations(_SOMEBODY, some),
        "50 profiles": lambda: store.users(some[:50]),
        "100 ids of handles": lambda: store.ids_of_handles([f"u{id_}" for id_ in some]),
        "100 follower counts": lambda: store.follower_counts(some),
        f"a page of followers, of {_PEOPLE - 1:,}": lambda: store.neighbours([Listing("followers", _STAR, newest)]),
        "a page of followers, of few": lambda: store.neighbours([Listing("followers", _SOMEBODY, newest)]),
        "1,000 followers for fanout, from the middle": lambda: store.followers_after(_STAR, _PEOPLE // 2, 1_000),
        "suggestions from 10 followees": lambda: store.followed_by(some[:10], 200, some, 10),
    }
    for name, read in reads.items():
        await _read(name, read)
    await _writes(store, ids, url)
    [followers] = (await store.follower_counts([_STAR])).values()
    check(followers == _PEOPLE - 1, f"everybody follows the star ({followers:,})")
    await store.close()


async def _fill(store: Neo4jUsers, ids: Snowflakes, dice: random.Random) -> None:
    for start in range(1, _PEOPLE + 1, _BATCH):
        users = [
            User(id_, f"u{id_}", f"User {id_}", "A line about me.", "Here", None, None, _AT)
            for id_ in range(start, start + _BATCH)
        ]
        await store.add_users(
            [(user, UserSignedUp(id=ids(), at=_AT, user_id=user.id, handle=user.handle, name=user.name)) for user in users]
        )
    pairs = [(source, _STAR) for source in range(2, _PEOPLE + 1)]
    pairs += [(source, target) for source in range(2, _PEOPLE + 1) for target in dice.sample(range(2, _PEOPLE), _FOLLOWS)]
    rows = [
        (Edge(ids(), source, target), Followed(id=ids(), at=_AT, follower_id=source, followee_id=target))
        for source, target in pairs
        if source != target
    ]
    cpu, began = process_time(), perf_counter()
    for start in range(0, len(rows), _BATCH):
        await store.follow(rows[start : start + _BATCH])
    seconds, used = perf_counter() - began, process_time() - cpu
    line(f"follows, {_BATCH:,} a write", f"{len(rows) / seconds:,.0f}/s", f"{used / len(rows) * 1e6:,.0f} µs of CPU each")


async def _read(name: str, read: Callable[[], Awaitable[object]]) -> None:
    for _ in range(_WARM):
        await read()
    cpu, took = process_time(), list[float]()
    for _ in range(_TIMES):
        began = perf_counter()
        await read()
        took.append(perf_counter() - began)
    used = (process_time() - cpu) / _TIMES
    took.sort()
    line(name, ms(took[_TIMES // 2]), f"{used * 1e3:,.2f} ms of CPU here, p99 {ms(took[_TIMES * 99 // 100])}")


async def _writes(store: Neo4jUsers, ids: Snowflakes, url: str) -> None:
    """Follows by different people, beside the least that a driver can write."""

    async def follow(number: int) -> None:
        source, target = 3 + number % 1_000, _STAR
        gone = Unfollowed(id=ids(), at=_AT, follower_id=source, followee_id=target)
        await store.remove("follow", source, target, gone)
        event = Followed(id=ids(), at=_AT, follower_id=source, followee_id=target)
        await store.follow([(Edge(ids(), source, target), event)], movable={0})

    place = urlsplit(url)
    address = f"bolt://{place.hostname}:{place.port}"
    async with AsyncGraphDatabase.driver(address, auth=(place.username or "", place.password or "")) as driver:

        async def bare(number: int) -> None:
            await _insert(driver, number)

        alone = await _rate(bare, 1)
        ours = 2 * await _rate(follow, 1)
        line("a follow or unfollow of the same star", f"{ours:,.0f}/s", f"one after another; {ours / alone:.2f} of a bare insert")
        alone = await _rate(bare, _AT_ONCE)
        ours = 2 * await _rate(follow, _AT_ONCE)
        line(f"the same, {_AT_ONCE} at once", f"{ours:,.0f}/s", f"{ours / alone:.2f} of bare inserts ({alone:,.0f}/s)")


async def _insert(driver: AsyncDriver, number: int) -> None:
    await driver.execute_query("CREATE (:Bare {id: $id})", {"id": number}, database_="neo4j")


async def _rate(write: Callable[[int], Awaitable[None]], at_once: int) -> float:
    """Writes a second."""

    async def some(first: int) -> None:
        for number in range(first, _WRITES, at_once):
            await write(number)

    await some(0)
    began = perf_counter()
    await asyncio.gather(*(some(first) for first in range(at_once)))
    return _WRITES / (perf_counter() - began)

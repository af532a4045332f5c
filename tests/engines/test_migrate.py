"""Moving a platform to the real engines and back, cut off in between."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.partners.model import Scope
from murmur.archive.exporting import export_rows
from murmur.archive.rows import encode_row
from murmur.cluster.kafka import Kafka
from murmur.cluster.mongodb import MongoDB
from murmur.cluster.neo4j import Neo4j
from murmur.cluster.redis import Redis
from murmur.errors import StartupError
from murmur.roles import partners
from murmur.roles.auditing import audit
from murmur.roles.migrating import Profile, migrate
from murmur.roles.rooms import open_rooms
from murmur.settings import Settings
from murmur.telemetry.metrics import Metrics
from tests.support.city import Person, cheap_settings, founded
from tests.support.waiting import until

Copied = list[tuple[str, int]]


async def everything(settings: Settings) -> list[bytes]:
    async with open_rooms(settings, Metrics()) as rooms:
        return [encode_row(row) async for row in export_rows(rooms.users.store, rooms.tweets.store)]


async def notifications(person: Person) -> list[dict[str, Any]]:
    return (await person.ask("{ notifications { nodes { id kind } } }"))["notifications"]["nodes"]


@asynccontextmanager
async def inhabited(folder: Path) -> AsyncGenerator[Settings]:
    async with founded(folder) as (city, _):
        ada, bea, cleo, dan = await city.people("ada", "bea", "cleo", "dan")
        await ada.follow(bea)
        await bea.follow(ada)
        await cleo.relate("block", ada)
        first = await ada.tweet("first", idempotencyKey="once")
        await bea.tweet("an answer", inReplyTo=first)
        gone = await bea.tweet("gone soon", quotes=first)
        await bea.engage("deleteTweet", gone)
        for person in (bea, cleo):
            await person.engage("bookmark", first)
        await bea.engage("like", first)
        await bea.engage("retweet", first)
        await bea.ask("mutation { setNotificationPreference(kind: LIKE, enabled: false) { userErrors { code } } }")

        async def told() -> bool:
            return {each["kind"] for each in await notifications(ada)} == {"FOLLOW", "REPLY", "LIKE", "RETWEET"}

        await until(told, 15)
        newest = (await notifications(ada))[0]["id"]
        await ada.ask("mutation ($id: ID!) { markNotificationsRead(upTo: $id) { unreadCount } }", id=newest)
        await dan.engage("like", first)
    home = cheap_settings(folder)
    document = folder / "post.graphql"
    document.write_text("query Post($id: ID!) { tweet(id: $id) { text } }")
    await partners.publish(home, [document], "acme")
    await partners.create_key(home, "acme", [Scope.READ], days=None)
    revoked, _ = await partners.create_key(home, "acme", [Scope.READ, Scope.WRITE], days=3)
    await partners.revoke_key(home, revoked.id)
    yield home


@pytest.fixture
def engines(kafka: Kafka, mongodb: MongoDB, neo4j: Neo4j, redis_server: Redis) -> dict[str, Any]:
    """URLs of real engines, each with a place of this test's own."""
    name = uuid.uuid4().hex
    return {
        "users_url": neo4j.url,
        "tweets_url": mongodb.url_of(f"t{name}"),
        "notifications_url": mongodb.url_of(f"t{name}"),
        "partners_url": mongodb.url_of(f"t{name}"),
        "analytics_url": mongodb.url_of(f"t{name}"),
        "timelines_url": f"{redis_server.url}?prefix={name}",
        "sessions_url": f"{redis_server.url}?prefix={name}",
        "broker_url": f"{kafka.url}/{name}",
    }


async def test_everything_moves_to_the_real_engines_and_back(tmp_path: Path, engines: dict[str, Any]) -> None:
    copied: Copied = []
    async with inhabited(tmp_path / "home") as home:
        distributed = cheap_settings(tmp_path / "home", **engines)
        moved = await migrate(
            distributed, Profile.EMBEDDED, Profile.DISTRIBUTED, lambda table, rows: copied.append((table, rows))
        )
        assert moved.good, moved
        assert (dict(copied)["tweets"], dict(copied)["sessions"]) == (3, 4)
        # Ada has been told of a follow, an answer, a retweet and two likes, and Bea of a follow.
        assert (dict(copied)["notices"], dict(copied)["API keys"], dict(copied)["documents"]) == (6, 2, 1)
        # The day of Ada's and of Bea's, of Ada's tweet, and of the platform.
        assert dict(copied)["analytics"] >= 4
        assert await partners.keys(distributed, None) == await partners.keys(home, None)
        before = await everything(home)
        assert await everything(distributed) == before
        audited = await audit(distributed, seconds=30)
        assert (audited.findings, audited.left_out) == ((), ())
        with pytest.raises(StartupError, match="not empty"):
            await migrate(distributed, Profile.EMBEDDED, Profile.DISTRIBUTED, lambda *_: None)

        (tmp_path / "elsewhere").mkdir()
        back = cheap_settings(tmp_path / "elsewhere", **engines)
        assert (await migrate(back, Profile.DISTRIBUTED, Profile.EMBEDDED, lambda *_: None)).good
        assert await everything(cheap_settings(tmp_path / "elsewhere")) == before


async def test_a_migration_that_was_cut_off_goes_on_where_it_was(tmp_path: Path, engines: dict[str, Any]) -> None:
    async with inhabited(tmp_path) as _:
        distributed = cheap_settings(tmp_path, **engines)
        first: Copied = []

        def cut(table: str, rows: int) -> None:
            first.append((table, rows))
            if table == "tweets":
                raise ConnectionAbortedError

        with pytest.raises(ConnectionAbortedError):
            await migrate(distributed, Profile.EMBEDDED, Profile.DISTRIBUTED, cut)
        with pytest.raises(StartupError, match="was begun here"):
            await migrate(distributed, Profile.DISTRIBUTED, Profile.EMBEDDED, lambda *_: None)
        rest: Copied = []
        moved = await migrate(distributed, Profile.EMBEDDED, Profile.DISTRIBUTED, lambda table, rows: rest.append((table, rows)))
        assert moved.good, moved
        assert {table for table, _ in first}.isdisjoint(table for table, _ in rest)
        others = {"idempotency keys", "recipients", "notices", "API keys", "documents", "analytics"}
        assert {table for table, _ in rest} == {"likes", "retweets", "bookmarks", *others}


async def test_nothing_is_copied_before_it_can_be_noted(tmp_path: Path, engines: dict[str, Any]) -> None:
    async with inhabited(tmp_path) as _:
        distributed = cheap_settings(tmp_path, **engines)
        (tmp_path / "migration.json.part").mkdir()
        with pytest.raises(IsADirectoryError):
            await migrate(distributed, Profile.EMBEDDED, Profile.DISTRIBUTED, lambda *_: None)
        (tmp_path / "migration.json.part").rmdir()
        assert (await migrate(distributed, Profile.EMBEDDED, Profile.DISTRIBUTED, lambda *_: None)).good


async def test_a_folder_that_holds_nothing_is_not_moved(tmp_path: Path, engines: dict[str, Any]) -> None:
    with pytest.raises(StartupError, match=f"the embedded profile holds nothing; .* is {tmp_path}: --data-dir names another"):
        await migrate(cheap_settings(tmp_path, **engines), Profile.EMBEDDED, Profile.DISTRIBUTED, lambda *_: None)


async def test_the_two_profiles_must_be_two(tmp_path: Path) -> None:
    settings = cheap_settings(tmp_path)
    with pytest.raises(StartupError, match="name the two profiles"):
        await migrate(settings, Profile.EMBEDDED, Profile.EMBEDDED, lambda *_: None)
    with pytest.raises(StartupError, match="MURMUR_USERS_URL=sqlite: is no store of the distributed profile"):
        await migrate(settings, Profile.EMBEDDED, Profile.DISTRIBUTED, lambda *_: None)

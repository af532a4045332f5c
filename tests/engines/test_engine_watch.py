"""What a process says of its engines while it runs."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from murmur.cluster.mongodb import MongoDB
from murmur.engines import engine_of
from murmur.roles.background import beside
from murmur.roles.watching import watch_engines
from murmur.telemetry.health import Health
from subgraphs.notifications.stores.mongodb import MongoNotifications
from subgraphs.notifications.wiring import open_store
from tests.support.waiting import until


@pytest.fixture
async def store(mongodb: MongoDB) -> AsyncIterator[MongoNotifications]:
    """Nobody has made its indexes."""
    name = f"test_{secrets.token_hex(6)}"
    opened = MongoNotifications(mongodb.url_of(name))
    yield opened
    await opened.close()
    async with AsyncMongoClient(mongodb.url) as client:
        await client.drop_database(name)


async def test_what_an_engine_lacks_is_told_and_the_process_stays_ready(store: MongoNotifications, tmp_path: Path) -> None:
    health = Health()
    embedded = open_store("sqlite:", tmp_path)

    async def lacks() -> bool:
        return "it lacks notifications: index r" in health.parts.get("notifications", "")

    async def lacks_nothing() -> bool:
        return health.parts["notifications"] == "ok"

    async with beside(watch_engines({"notifications": store, "tweets": embedded}, health)):
        await until(lacks, 10)
        assert "and 5 more" in health.parts["notifications"]
        assert health.reasons == []
        assert health.parts["tweets"] == "ok"
        engine = engine_of(store)
        assert engine is not None
        await engine.apply()
        await until(lacks_nothing, 10)
    await embedded.close()


async def test_an_engine_that_does_not_answer_takes_the_process_out_of_service(tmp_path: Path) -> None:
    health = Health()
    away = open_store("mongodb://127.0.0.1:1/murmur?timeoutMS=200", tmp_path)

    async def told() -> bool:
        return "can't be reached" in " ".join(health.reasons)

    async with beside(watch_engines({"notifications": away}, health)):
        await until(told, 10)
    await away.close()

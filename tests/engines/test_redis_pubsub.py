"""Publish/subscribe on a Redis that dies and comes back."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from murmur.cluster import redis as redis_engine
from murmur.errors import Unavailable
from murmur.pubsub.ports import Message
from murmur.pubsub.wiring import open_pubsub
from tests.conftest import needs
from tests.support.waiting import until


async def test_listeners_go_on_after_redis_was_killed_and_are_told_of_the_gap(tmp_path: Path) -> None:
    needs(redis_engine.missing())
    with redis_engine.Redis(tmp_path) as server:
        pubsub = open_pubsub(server.url)
        async with pubsub.listen(["a"]) as listener, asyncio.timeout(30):
            await pubsub.publish([Message("a", b"before")])
            while await listener.next() != Message("a", b"before"):
                pass
            await asyncio.to_thread(server.server.kill)
            with pytest.raises(Unavailable):
                await pubsub.publish([Message("a", b"meanwhile")])
            await asyncio.to_thread(server.start)
            assert await listener.next() is None
            # What could not be published is published when it can be: the gap may have been told before.
            assert await listener.next() == Message("a", b"meanwhile")

            async def published() -> bool:
                # For a moment nobody tries what has just failed.
                with suppress(Unavailable):
                    await pubsub.publish([Message("a", b"after")])
                    return True
                return False

            await until(published)
            assert await listener.next() == Message("a", b"after")
        await pubsub.close()


async def test_nobody_can_listen_where_no_redis_answers(tmp_path: Path) -> None:
    pubsub = open_pubsub("redis://127.0.0.1:1")
    with pytest.raises(Unavailable):
        async with pubsub.listen(["a"]):
            pass
    await pubsub.close()

"""What every publish/subscribe system keeps of the promises in `murmur/pubsub/ports.py`."""

import asyncio
import uuid
from collections.abc import AsyncGenerator

import pytest

from murmur.pubsub.local import Queue
from murmur.pubsub.ports import MAX_MESSAGE, Listener, Message, PubSub
from murmur.pubsub.wiring import open_pubsub

SECONDS = 10


@pytest.fixture(params=["memory", "redis", "redis cluster"])
async def pubsub(request: pytest.FixtureRequest) -> AsyncGenerator[PubSub]:
    engines = {"redis": "redis_server", "redis cluster": "redis_cluster"}
    fixture = engines.get(request.param)
    url = "memory:" if fixture is None else f"{request.getfixturevalue(fixture).url}?prefix={uuid.uuid4().hex}"
    opened = open_pubsub(url)
    yield opened
    await opened.close()


async def received(listener: Listener) -> Message:
    """The next message; a gap that a fresh connection begins with is passed over."""
    async with asyncio.timeout(SECONDS):
        while (message := await listener.next()) is None:
            pass
        return message


async def test_who_listens_receives_in_order_what_is_published_to_these_channels_alone(pubsub: PubSub) -> None:
    async with pubsub.listen(["a", "b"]) as listener:
        sent = [Message("a", b"%d" % number) for number in range(100)] + [Message("b", b"\x00\xff")]
        await pubsub.publish([Message("c", b"not ours"), *sent])
        found = [await received(listener) for _ in sent]
        # A channel has an order; two channels may come by different servers.
        assert [message for message in found if message.channel == "a"] == sent[:-1]
        assert [message for message in found if message.channel != "a"] == sent[-1:]


async def test_all_listeners_of_a_channel_receive_and_none_disturbs_another(pubsub: PubSub) -> None:
    async with pubsub.listen(["a"]) as first:
        async with pubsub.listen(["a"]) as second:
            await pubsub.publish([Message("a", b"1")])
            assert await received(first) == await received(second) == Message("a", b"1")
        await pubsub.publish([Message("a", b"2")])
        assert await received(first) == Message("a", b"2")


async def test_a_channel_can_be_left_and_listened_to_again_at_once(pubsub: PubSub) -> None:
    for number in range(20):
        async with pubsub.listen(["a"]) as listener:
            await pubsub.publish([Message("a", b"%d" % number)])
            assert (await received(listener)).value == b"%d" % number


async def test_nothing_is_kept_for_who_comes_later(pubsub: PubSub) -> None:
    await pubsub.publish([Message("a", b"early")])
    async with pubsub.listen(["a"]) as listener:
        await pubsub.publish([Message("a", b"late")])
        assert (await received(listener)).value == b"late"


async def test_a_message_beyond_the_bound_is_refused(pubsub: PubSub) -> None:
    with pytest.raises(ValueError, match=str(MAX_MESSAGE)):
        await pubsub.publish([Message("a", b"x" * (MAX_MESSAGE + 1))])


async def test_a_full_queue_forgets_all_and_says_so() -> None:
    queue = Queue(limit=3)
    for number in range(5):
        queue.put(Message("a", b"%d" % number))
    assert [await queue.next(), await queue.next(), await queue.next()] == [None, Message("a", b"3"), Message("a", b"4")]

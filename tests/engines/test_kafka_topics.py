"""The topics of a Kafka: made as they shall be, mended where that matters, and left to the operator elsewhere."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from murmur.broker.kafka import KafkaBroker
from murmur.broker.kafka.address import parse
from murmur.broker.ports import Message
from murmur.cluster.kafka import Kafka
from murmur.errors import StartupError, Unavailable
from murmur.events import TOPICS
from tests.support.topics import removed
from tests.support.waiting import until


@pytest.fixture
async def url(kafka: Kafka) -> AsyncGenerator[str]:
    async with removed(f"{kafka.url}/{secrets.token_hex(4)}") as url:
        yield url


@pytest.fixture
async def broker(url: str) -> AsyncGenerator[KafkaBroker]:
    broker = KafkaBroker(url, partitions=3)
    yield broker
    await broker.close()


@pytest.fixture
async def admin(url: str) -> AsyncGenerator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**parse(url).options())
    await admin.start()
    yield admin
    await admin.close()


async def settings(admin: AIOKafkaAdminClient, name: str) -> Mapping[str, str]:
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}


async def test_what_is_missing_is_told_and_made_once(broker: KafkaBroker, url: str, admin: AIOKafkaAdminClient):
    before = await broker.engine.check()
    assert (before.name, before.version, before.role) == ("Kafka", "4", "1 broker")
    assert "topic murmur.tweets of 3 partitions" in before.missing
    assert len(before.missing) == 2 * len(TOPICS) + 1
    assert tuple(await broker.engine.apply()) == before.missing
    assert (await broker.engine.check()).missing == ()
    assert await broker.engine.apply() == []
    topic = parse(url).named("murmur.tweets")
    made = await settings(admin, topic)
    assert (made["cleanup.policy"], made["retention.ms"]) == ("delete", str(7 * 24 * 3_600_000))


async def test_applying_at_the_same_time_is_harmless(broker: KafkaBroker, url: str):
    other = KafkaBroker(url, partitions=3)
    try:
        await asyncio.gather(broker.engine.apply(), other.engine.apply())
        assert (await other.engine.check()).missing == ()
    finally:
        await other.close()


async def test_what_is_needed_is_mended_and_what_the_operator_has_chosen_stays(
    broker: KafkaBroker, url: str, admin: AIOKafkaAdminClient
):
    await broker.engine.apply()
    topic = parse(url).named("murmur.tweets")
    chosen = {"retention.ms": "1234567", "cleanup.policy": "compact", "max.message.bytes": str(1024 * 1024)}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, chosen)])

    async def told() -> bool:
        return (await broker.engine.check()).missing == (f"settings of topic {topic}",)

    await until(told)
    assert await broker.engine.apply() == [f"settings of topic {topic}"]
    mended = await settings(admin, topic)
    assert (mended["retention.ms"], mended["cleanup.policy"]) == ("1234567", "delete")
    assert (await broker.engine.check()).missing == ()


async def test_the_partitions_of_a_topic_that_is_there_are_left_and_used(
    broker: KafkaBroker, url: str, admin: AIOKafkaAdminClient
):
    await admin.create_topics([NewTopic(parse(url).named("murmur.tweets"), 1, 1)])
    await broker.engine.apply()
    await broker.publish([Message("murmur.tweets", key, b"x") for key in range(50)])
    assert {record.partition for record in await broker.tail(50)} == {0}


async def test_without_its_topics_the_log_is_unavailable_and_says_what_to_do(broker: KafkaBroker):
    with pytest.raises(Unavailable, match="murmur engines check --apply"):
        await broker.ends()


async def test_what_does_not_answer_is_unavailable():
    broker = KafkaBroker("kafka://127.0.0.1:9")
    try:
        for call in (broker.engine.check(), broker.publish([Message("murmur.tweets", 1, b"x")]), broker.lag("a"), broker.tail(1)):
            with pytest.raises(Unavailable):
                await call
        with pytest.raises(Unavailable):
            async with broker.consumer("a", ["murmur.tweets"]):
                pass
    finally:
        await broker.close()


@pytest.mark.parametrize("url", ["kafka:", "kafka://", "kafka://a:1/two/parts", "kafka://a:1?x=1", "http://a:1"])
def test_a_url_that_is_none_is_refused(url: str):
    with pytest.raises(StartupError, match="no address of a Kafka"):
        KafkaBroker(url)


def test_a_password_in_a_url_that_is_refused_is_not_told():
    with pytest.raises(StartupError) as refusal:
        KafkaBroker("kafka+ssl://me:secret@host:9093/two/parts")
    assert "secret" not in str(refusal.value)


def test_an_encrypted_address_signs_in():
    address = parse("kafka+ssl://me:s%40cret@one:1,two:2/p")
    options = address.options()
    assert (address.servers, address.prefix) == (("one:1", "two:2"), "p")
    assert (options["security_protocol"], options["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("me", "s@cret")
    assert "s@cret" not in repr(address)

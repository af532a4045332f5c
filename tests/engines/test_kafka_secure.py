"""Kafka behind TLS and a password, as production wants it."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from murmur.broker.kafka import KafkaBroker
from murmur.broker.ports import Message
from murmur.cluster import kafka as engine
from murmur.cluster.certificates import Authority
from murmur.errors import Unavailable
from tests.conftest import needs

TOPIC = "murmur.tweets"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Generator[engine.Kafka]:
    needs(engine.missing())
    door = engine.SecureDoor(authority.issue("kafka"), "murmur", "p@ss:word/1")
    with engine.Kafka(tmp_path_factory.mktemp("kafka-secure"), secure=door) as cluster:
        yield cluster


@pytest.fixture
async def broker(secure: engine.Kafka, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[KafkaBroker]:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    broker = KafkaBroker(secure.secure_url)
    yield broker
    await broker.close()


async def test_who_has_the_password_publishes_and_reads(broker: KafkaBroker):
    await broker.engine.apply()
    async with broker.publisher("outbox") as publisher:
        await publisher.publish([Message(TOPIC, 1, b"secret")])
    async with broker.consumer("a", [TOPIC]) as consumer:
        records = await consumer.poll(10, 10)
        await consumer.bury(records[0], "no reason")
    assert [letter.record.value for letter in await broker.dead_letters(1)] == [b"secret"]
    assert await broker.lag("a") == 0


async def test_who_has_another_password_is_refused(secure: engine.Kafka, authority: Authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    broker = KafkaBroker(secure.secure_url.replace("murmur:", "murmur:x"))
    with pytest.raises(Unavailable):
        await broker.engine.check()
    await broker.close()


async def test_a_broker_whose_certificate_nobody_vouches_for_is_not_spoken_to(secure: engine.Kafka, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path).certificate))
    broker = KafkaBroker(secure.secure_url)
    with pytest.raises(Unavailable):
        await broker.engine.check()
    await broker.close()

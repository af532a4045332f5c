"""A Kafka of our own: it starts, keeps what it has when it is killed, and ends."""

from murmur.cluster.kafka import Kafka


def test_a_broker_that_was_killed_serves_again_on_its_port(kafka: Kafka):
    broker, url = kafka.brokers[0], kafka.url
    broker.kill()
    assert not broker.running
    broker.start()
    assert broker.running
    assert kafka.url == url

"""What our records look like there: the key in decimal digits, the event as it is; and how a dead letter is kept."""

from collections.abc import Iterable, Sequence
from typing import cast

from aiokafka.structs import ConsumerRecord

from murmur.broker.kafka.address import Address
from murmur.broker.ports import DeadLetter, Record
from murmur.events import TOPICS, Topic

_TOPICS: dict[str, Topic] = {str(topic): topic for topic in TOPICS}


def records_of(address: Address, topic: str, found: Iterable[ConsumerRecord]) -> list[Record]:
    """Records of one topic, named as it is there."""
    ours = _TOPICS[address.ours(topic)]
    return [Record(ours, record.partition, record.offset, _key(record.key), record.value or b"") for record in found]


def _key(there: bytes | None) -> int:
    # What somebody else has put there is no event of ours, and goes to the dead letters by its value.
    return int(there) if there is not None and there.isdigit() else 0


def letter_key(group: str, record: Record) -> bytes:
    """What a dead letter is kept under: the same for a record that a group buries twice."""
    return f"{group}/{record.topic}/{record.partition}/{record.offset}".encode()


def letter_headers(record: Record, reason: str) -> Sequence[tuple[str, bytes]]:
    return [("key", b"%d" % record.key), ("reason", reason.encode())]


def letter_of(record: ConsumerRecord) -> DeadLetter:
    group, topic, partition, offset = cast(bytes, record.key).decode().split("/")
    headers: dict[str, bytes] = dict(record.headers)
    buried = Record(_TOPICS[topic], int(partition), int(offset), int(headers["key"]), record.value or b"")
    return DeadLetter(group, buried, headers["reason"].decode(), record.timestamp)

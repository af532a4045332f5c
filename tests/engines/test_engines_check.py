"""`murmur engines check` on a real event log: which consumer group is behind, and by how much."""

import secrets
from pathlib import Path

from murmur.broker.kafka import KafkaBroker
from murmur.broker.ports import Message
from murmur.cluster.kafka import Kafka
from tests.support.program import murmur
from tests.support.topics import removed, topics


async def test_each_group_that_is_behind_is_told_with_its_events(kafka: Kafka, tmp_path: Path) -> None:
    async with topics(f"{kafka.url}/{secrets.token_hex(4)}") as url:
        broker = KafkaBroker(url)
        await broker.publish([Message("murmur.tweets", key, b"x") for key in range(30)])
        await broker.publish([Message("murmur.users", key, b"x") for key in range(5)])
        async with broker.consumer("live", ["murmur.tweets"]) as live:
            done = 0
            while done < 20:
                records = await live.poll(20 - done, 5)
                await live.commit(records)
                done += len(records)
        await broker.close()
        found = await murmur("engines", "check", data_dir=tmp_path, MURMUR_BROKER_URL=url, COLUMNS="250")
    assert found.code == 0, found
    [row] = [line for line in found.out.splitlines() if "Kafka" in line]
    assert "│ 35 events │ ok" in row
    behind = {line for line in found.out.splitlines() if "events behind" in line}
    # Nobody has worked for the others yet; the indexer alone reads what is told of people.
    assert behind == {
        "broker: live is 10 events behind",
        "broker: indexer is 35 events behind",
        *(f"broker: {group} is 30 events behind" for group in ("fanout", "notifier", "trends", "analytics")),
    }


async def test_without_its_topics_the_log_has_no_lag_and_says_what_it_lacks(kafka: Kafka, tmp_path: Path) -> None:
    async with removed(f"{kafka.url}/{secrets.token_hex(4)}") as url:
        found = await murmur("engines", "check", data_dir=tmp_path, MURMUR_BROKER_URL=url, COLUMNS="250")
    assert found.code == 1
    assert "broker: missing topic murmur.tweets of 12 partitions" in found.out
    assert "events" not in found.out


async def test_the_log_of_a_single_process_tells_its_groups_too(tmp_path: Path) -> None:
    found = await murmur("engines", "check", data_dir=tmp_path, COLUMNS="250")
    assert found.code == 0, found
    [row] = [line for line in found.out.splitlines() if line.startswith("│ broker ")]
    assert "│ 0 events │ embedded" in row

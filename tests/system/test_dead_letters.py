"""What operators see of dead letters, and do with them, on either log."""

import secrets
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from murmur.broker.ports import Message
from murmur.broker.wiring import open_broker
from murmur.events import TweetDeleted, encode_event
from tests.support.program import murmur
from tests.support.topics import topics


@pytest.fixture(params=["sqlite", "kafka"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[str]:
    if request.param == "sqlite":
        yield f"sqlite:{tmp_path}/log.db"
    else:
        async with topics(f"{request.getfixturevalue('kafka').url}/{secrets.token_hex(4)}") as made:
            yield made


async def test_dead_letters_are_shown_with_their_reason_and_published_again(url: str, tmp_path: Path):
    broker = open_broker(url, tmp_path)
    event = TweetDeleted(id=7, at=1_700_000_000_000, tweet_id=8, author_id=9)
    await broker.publish([Message("murmur.tweets", 8, encode_event(event)), Message("murmur.tweets", 8, b"{\x1b")])
    for group in ("fanout", "indexer"):
        async with broker.consumer(group, ["murmur.tweets"]) as consumer:
            for record in await consumer.poll(10, 10):
                await consumer.bury(record, f"[red]no\x1b reason\nof {group}")
    shown = await murmur("events", "dead-letters", data_dir=tmp_path, MURMUR_BROKER_URL=url)
    assert shown.code == 0, shown
    newest, *_ = shown.out.split("murmur.tweets/")
    assert "indexer: [red]no\ufffd reason of indexer" in newest
    assert "tweet_deleted.v1 tweet_id=8 author_id=9" in shown.out
    assert shown.out.count("unreadable") == 2
    assert "\x1b" not in shown.out

    replayed = await murmur("events", "replay", "--group", "fanout", data_dir=tmp_path, MURMUR_BROKER_URL=url)
    assert (replayed.code, replayed.err) == (0, "2 events are published again\n"), replayed
    left = await broker.dead_letters(10)
    assert {letter.group for letter in left} == {"indexer"}
    assert [record.value for record in await broker.tail(2)] == [encode_event(event), b"{\x1b"]
    async with broker.consumer("fanout", ["murmur.tweets"]) as consumer:
        assert len(await consumer.poll(10, 10)) == 2
    await broker.close()


async def test_the_newest_records_of_a_log_elsewhere_are_shown_without_a_data_folder(kafka, tmp_path: Path):
    async with topics(f"{kafka.url}/{secrets.token_hex(4)}") as url:
        broker = open_broker(url, tmp_path)
        await broker.publish([Message("murmur.tweets", 8, encode_event(TweetDeleted(id=7, at=0, tweet_id=8, author_id=9)))])
        await broker.close()
        shown = await murmur("events", "tail", data_dir=tmp_path / "none", MURMUR_BROKER_URL=url)
        assert shown.code == 0 and "@0 tweet_deleted.v1" in shown.out, shown
        assert not (tmp_path / "none").exists()

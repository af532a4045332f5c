"""What every broker keeps of the promises in `murmur/broker/ports.py`."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from murmur.broker.kafka import KafkaBroker
from murmur.broker.kafka.consuming import Patience
from murmur.broker.ports import Broker, Consumer, Message, Record
from murmur.broker.sqlite import SqliteBroker
from tests.support.topics import topics
from tests.support.waiting import until

TOPIC = "murmur.tweets"


@dataclass(frozen=True)
class Log:
    """Opens the same log again and again, as several processes would. A silent member is given up after `session` seconds."""

    open: Callable[[], Broker]
    session: float


@pytest.fixture(params=["sqlite", "kafka"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Log]:
    async with AsyncExitStack() as stack:
        make, session = _sqlite(tmp_path) if request.param == "sqlite" else await _kafka(request, stack)

        def open_() -> Broker:
            broker = make()
            stack.push_async_callback(broker.close)
            return broker

        yield Log(open_, session)


def _sqlite(folder: Path) -> tuple[Callable[[], Broker], float]:
    return lambda: SqliteBroker(folder / "broker.db", session_ms=400), 0.4


async def _kafka(request: pytest.FixtureRequest, stack: AsyncExitStack) -> tuple[Callable[[], Broker], float]:
    url = f"{request.getfixturevalue('kafka').url}/{secrets.token_hex(4)}"
    patience = Patience(session_ms=2_000, silence_ms=1_500, rebalance_ms=1_000)
    await stack.enter_async_context(topics(url))
    return lambda: KafkaBroker(url, partitions=4, patience=patience), 2


@pytest.fixture
def broker(log: Log) -> Broker:
    return log.open()


def messages(count: int, key: Callable[[int], int] = lambda number: number) -> list[Message]:
    return [Message(TOPIC, key(number), b"%d" % number) for number in range(count)]


def values(records: Sequence[Record]) -> list[int]:
    return [int(record.value) for record in records]


async def drain(consumer: Consumer, count: int, *, commit: bool = True) -> list[Record]:
    """Poll until `count` records came, or fail."""
    found: list[Record] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            records = await consumer.poll(100, 0.2)
            found += records
            if commit and records:
                await consumer.commit(records)
    return found


async def _is_read(broker: Broker) -> bool:
    return await broker.lag("a") == 0


async def test_each_record_comes_once_to_a_group_that_commits(broker: Broker):
    await broker.publish(messages(300))
    async with broker.consumer("a", [TOPIC]) as consumer:
        assert sorted(values(await drain(consumer, 300))) == list(range(300))
        assert await consumer.poll(10, 0) == ()
    async with broker.consumer("a", [TOPIC]) as consumer:
        assert await consumer.poll(10, 0) == ()
    assert await broker.lag("a") == 0


async def test_records_of_one_key_keep_their_order(broker: Broker):
    await broker.publish(messages(400, key=lambda number: number % 7))
    async with broker.consumer("a", [TOPIC]) as consumer:
        found = await drain(consumer, 400)
    for key in range(7):
        assert values([record for record in found if record.key == key]) == list(range(key, 400, 7))
        assert len({record.partition for record in found if record.key == key}) == 1


async def test_a_poll_returns_no_more_than_its_limit_and_no_partition_starves(broker: Broker):
    await broker.publish(messages(100, key=lambda number: number % 2))
    assert len({record.partition for record in await broker.tail(100)}) == 2
    async with broker.consumer("a", [TOPIC]) as consumer:
        first, second = await consumer.poll(10, 1), await consumer.poll(1, 1)
        assert (len(first), len(second)) == (10, 1)
        seen = [*first, *second, *(await consumer.poll(10, 1))]
        assert {record.key for record in seen} == {0, 1}
        await consumer.commit(seen)
        assert sorted(values(seen) + values(await drain(consumer, 100 - len(seen)))) == list(range(100))


async def test_groups_read_independently_and_a_new_one_starts_at_the_oldest(broker: Broker):
    await broker.publish(messages(5))
    async with broker.consumer("a", [TOPIC]) as consumer:
        await drain(consumer, 5)
    async with broker.consumer("b", [TOPIC]) as consumer:
        assert sorted(values(await drain(consumer, 5))) == list(range(5))


async def test_a_partition_without_a_commit_lags_by_all_it_has(broker: Broker):
    await broker.publish([*messages(20), Message("murmur.graph", 1, b"20")])
    assert await broker.lag("a", [TOPIC]) == 20
    async with broker.consumer("a", [TOPIC]) as consumer:
        await drain(consumer, 20)
    assert await broker.lag("a", [TOPIC]) == 0
    assert await broker.lag("a", [TOPIC, "murmur.graph"]) == 1


async def test_a_consumer_reads_only_its_topics(broker: Broker):
    await broker.publish([Message("murmur.graph", 1, b"1"), Message("murmur.users", 1, b"2"), Message(TOPIC, 1, b"3")])
    async with broker.consumer("a", ["murmur.graph", TOPIC]) as consumer:
        assert sorted(values(await drain(consumer, 2))) == [1, 3]
        assert await consumer.poll(10, 0) == ()


async def test_what_was_not_committed_comes_again_to_the_next_member(broker: Broker):
    await broker.publish(messages(10, key=lambda _: 1))
    async with broker.consumer("a", [TOPIC]) as consumer:
        found = await drain(consumer, 10, commit=False)
        assert await consumer.poll(10, 0) == ()
        await consumer.commit(found[:4])
    assert await broker.lag("a") == 6
    async with broker.consumer("a", [TOPIC]) as consumer:
        assert values(await drain(consumer, 6)) == [4, 5, 6, 7, 8, 9]


async def test_rewind_polls_again_from_what_was_committed(broker: Broker):
    await broker.publish(messages(6, key=lambda _: 1))
    async with broker.consumer("a", [TOPIC]) as consumer:
        found = await drain(consumer, 6, commit=False)
        await consumer.commit(found[:2])
        await consumer.rewind()
        assert values(await drain(consumer, 4)) == [2, 3, 4, 5]


async def test_commits_and_records_outlive_the_process(log: Log):
    first = log.open()
    await first.publish(messages(10, key=lambda _: 1))
    async with first.consumer("a", [TOPIC]) as consumer:
        await consumer.commit((await drain(consumer, 10, commit=False))[:3])
    await first.close()
    second = log.open()
    async with second.consumer("a", [TOPIC]) as consumer:
        assert values(await drain(consumer, 7)) == [3, 4, 5, 6, 7, 8, 9]


async def test_publishing_wakes_a_waiting_consumer_at_once(broker: Broker):
    async with broker.consumer("a", [TOPIC]) as consumer:
        waiting = asyncio.create_task(consumer.poll(10, 30))
        await asyncio.sleep(0)
        await broker.publish(messages(1))
        async with asyncio.timeout(5):
            assert values(await waiting) == [0]


async def test_publishing_in_another_process_reaches_a_waiting_consumer(log: Log):
    reader, writer = log.open(), log.open()
    async with reader.consumer("a", [TOPIC]) as consumer:
        waiting = asyncio.create_task(consumer.poll(10, 30))
        await writer.publish(messages(1))
        async with asyncio.timeout(5):
            assert values(await waiting) == [0]


@pytest.mark.parametrize("same_process", [True, False])
async def test_the_members_of_a_group_share_the_partitions(log: Log, same_process: bool):
    one = log.open()
    other = one if same_process else log.open()
    async with one.consumer("a", [TOPIC]) as first, other.consumer("a", [TOPIC]) as second:
        seen: dict[int, list[Record]] = {0: [], 1: []}

        async def read(number: int, consumer: Consumer) -> None:
            while True:
                records = await consumer.poll(50, 0.1)
                seen[number] += records
                await consumer.commit(records)

        async with asyncio.timeout(20):
            readers = [asyncio.create_task(read(0, first)), asyncio.create_task(read(1, second))]
            rounds = 0
            # Sharing settles within the members' next looks; until then one of them may read everything.
            while not (seen[0] and seen[1]):
                await one.publish(messages(50))
                rounds += 1
                await until(lambda: _is_read(one))
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)
    assert sorted(values(seen[0] + seen[1])) == sorted(list(range(50)) * rounds)


async def test_a_silent_member_loses_its_partitions_and_its_commits_change_nothing(log: Log):
    broker = log.open()
    await broker.publish(messages(20))
    async with broker.consumer("a", [TOPIC]) as silent:
        found = await drain(silent, 20, commit=False)
        async with broker.consumer("a", [TOPIC]) as other:
            # The silent one does not poll any more: after the session time-out everything comes to the other.
            again = await drain(other, 20, commit=False)
            assert sorted(values(again)) == list(range(20))
            await silent.commit(found)
            assert await broker.lag("a") == 20
            await silent.bury(found[0], "too late")
            assert await broker.dead_letters(10) == []
            await other.commit(again)
            assert await broker.lag("a") == 0


async def test_a_commit_counts_for_the_partitions_that_are_still_held(log: Log):
    broker = log.open()
    await broker.publish(messages(80))
    async with broker.consumer("a", [TOPIC]) as first:
        found = await drain(first, 80, commit=False)
        joined = asyncio.Event()

        async def stay() -> None:
            while not joined.is_set():
                await first.poll(10, 0.05)

        async with asyncio.timeout(20):
            staying = asyncio.create_task(stay())
            async with broker.consumer("a", [TOPIC]) as second:
                again: list[Record] = []
                while not again:
                    again += await second.poll(100, 0.1)
                joined.set()
                await staying
                await first.commit(found)
                assert 0 < await broker.lag("a") < 80
                # Whatever happened: nothing is lost, and each of the two goes on with its own.
                await broker.publish(messages(160)[80:])
                seen = [set[int](), set(values(again))]
                await second.commit(again)
                while await broker.lag("a"):
                    for member, numbers in zip((first, second), seen, strict=True):
                        records = await member.poll(50, 0.1)
                        numbers |= {*values(records)}
                        await member.commit(records)
    assert seen[0] and seen[1]
    assert seen[0] | seen[1] >= set(range(80, 160))


async def test_a_member_that_was_given_up_joins_again_by_polling(broker: Broker):
    async with broker.consumer("a", [TOPIC]) as sleepy:
        async with broker.consumer("a", [TOPIC]) as other:
            await broker.publish(messages(20))
            await drain(other, 20)
        await broker.publish(messages(5))
        assert sorted(values(await drain(sleepy, 5))) == list(range(5))


async def test_on_exit_the_partitions_are_given_back_at_once(log: Log, broker: Broker):
    async with broker.consumer("a", [TOPIC]) as staying:
        async with broker.consumer("a", [TOPIC]) as leaving:
            await staying.poll(1, 0)
            await leaving.poll(1, 0)
        await broker.publish(messages(40))
        async with asyncio.timeout(log.session * 0.85):
            found: list[int] = []
            while len(found) < 40:
                found += values(await staying.poll(100, 0.1))
    assert sorted(found) == list(range(40))


async def test_a_buried_record_is_kept_with_its_reason_and_does_not_come_again(broker: Broker):
    await broker.publish(messages(3, key=lambda _: 1))
    async with broker.consumer("a", [TOPIC]) as consumer:
        bad, *rest = await drain(consumer, 3, commit=False)
        await consumer.bury(bad, "no event")
        await consumer.rewind()
        assert values(await drain(consumer, 2)) == values(rest)
    (letter,) = await broker.dead_letters(10)
    assert (letter.group, letter.record, letter.reason) == ("a", bad, "no event")


async def test_dead_letters_are_shown_newest_first_and_forgotten_one_by_one(broker: Broker):
    await broker.publish(messages(3, key=lambda _: 1))
    async with broker.consumer("a", [TOPIC]) as consumer:
        for record in await drain(consumer, 3, commit=False):
            await consumer.bury(record, f"reason {int(record.value)}")
    third, second, first = await broker.dead_letters(10)
    assert [letter.reason for letter in (first, second, third)] == ["reason 0", "reason 1", "reason 2"]
    assert list(await broker.dead_letters(1)) == [third]
    for _ in range(2):
        await broker.forget([second])
        assert list(await broker.dead_letters(10)) == [third, first]


async def test_burying_twice_keeps_one_dead_letter(broker: Broker):
    await broker.publish(messages(1))
    async with broker.consumer("a", [TOPIC]) as consumer:
        (bad,) = await drain(consumer, 1, commit=False)
        await consumer.bury(bad, "no event")
        await consumer.bury(bad, "no event")
    assert len(await broker.dead_letters(10)) == 1


async def test_of_the_publishers_of_a_name_one_is_open_at_a_time(log: Log):
    order: list[str] = []

    async def publish(name: str, broker: Broker, entered: asyncio.Event, leave: asyncio.Event) -> None:
        async with broker.publisher("outbox") as publisher:
            order.append(f"{name} enters")
            entered.set()
            await leave.wait()
            await publisher.publish([Message(TOPIC, 1, b"1")])
            order.append(f"{name} leaves")

    first_in, second_in, go = asyncio.Event(), asyncio.Event(), asyncio.Event()
    first = asyncio.create_task(publish("first", log.open(), first_in, go))
    async with asyncio.timeout(20):
        await first_in.wait()
        second = asyncio.create_task(publish("second", log.open(), second_in, go))
        async with log.open().publisher("another"):
            # Whoever has another name waits for none of them.
            assert order == ["first enters"]
        go.set()
        await asyncio.gather(first, second)
    assert order == ["first enters", "first leaves", "second enters", "second leaves"]
    assert len(await log.open().tail(10)) == 2


async def test_tail_shows_the_newest_records_and_moves_no_offset(broker: Broker):
    async with broker.consumer("a", [TOPIC]):
        pass
    await broker.publish(messages(30, key=lambda _: 1))
    await broker.publish([Message("murmur.users", 2, b"30")])
    assert sorted(values(await broker.tail(5))) == [26, 27, 28, 29, 30]
    assert [value for value in values(await broker.tail(10)) if value < 30] == list(range(21, 30))
    assert await broker.lag("a") == 30


async def test_whoever_reads_after_positions_gets_each_record_once_however_small_the_pages(broker: Broker):
    await broker.publish(messages(40))
    positions = dict(await broker.ends())
    assert await broker.after(positions, 7) == []
    await broker.publish([*messages(60), Message("murmur.graph", 1, b"60")])
    found: list[Record] = []
    while records := await broker.after(positions, 7):
        assert len(records) <= 7
        found += records
        positions.update({(record.topic, record.partition): record.offset for record in records})
    assert sorted(values(found)) == list(range(61))
    for place in {(record.topic, record.partition) for record in found}:
        offsets = [record.offset for record in found if (record.topic, record.partition) == place]
        assert offsets == sorted(set(offsets))
    assert positions == await broker.ends()
    assert len(await broker.after({}, 1_000)) == 101


async def test_an_empty_log_has_no_ends_and_what_comes_is_read_whole(broker: Broker):
    positions = await broker.ends()
    assert positions == {}
    await broker.publish(messages(30))
    assert sorted(values(await broker.after(positions, 1_000))) == list(range(30))


async def test_publishing_nothing_is_harmless(broker: Broker):
    await broker.publish([])
    assert await broker.tail(1) == []

"""The client of Redis on a real server and a real cluster, with members that die, hang and pass slots on."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from pathlib import Path

import hiredis
import pytest

from murmur.cluster.redis import Redis as RedisProgram
from murmur.cluster.redis import RedisCluster as ClusterPrograms
from murmur.errors import StartupError, Unavailable
from murmur.redis import Redis, command, open_redis
from murmur.redis.cluster import slot_of
from murmur.redis.urls import read_url
from tests.support.waiting import until


@pytest.fixture(params=["redis", "cluster"])
async def client(request: pytest.FixtureRequest) -> AsyncGenerator[Redis]:
    engine = request.getfixturevalue("redis_server" if request.param == "redis" else "redis_cluster")
    client = open_redis(engine.url)
    yield client
    await client.close()


@pytest.fixture
async def cluster(redis_cluster: ClusterPrograms) -> AsyncGenerator[Redis]:
    client = open_redis(redis_cluster.url)
    yield client
    await client.close()


def key() -> bytes:
    return uuid.uuid4().hex.encode()


async def test_replies_come_in_the_order_of_the_commands(client: Redis):
    keys = [key() for _ in range(50)]
    assert await client.batch([command(name, "SET", name, number) for number, name in enumerate(keys)]) == [b"OK"] * 50
    assert await client.batch([command(name, "GET", name) for name in keys]) == [b"%d" % number for number in range(50)]
    assert await client.batch([]) == []


async def test_many_callers_share_a_connection_and_each_gets_its_own_answer(client: Redis):
    keys = [key() for _ in range(200)]
    await asyncio.gather(*(client.call(name, "SET", name, name) for name in keys))
    assert await asyncio.gather(*(client.call(name, "GET", name) for name in keys)) == keys


async def test_scripts_that_are_forgotten_again_and_again_are_an_outage_and_no_defect(client: Redis):
    script = client.script(f"return '{uuid.uuid4().hex}'")
    calls = asyncio.gather(*(client.batch((script.command((key(),)),)) for _ in range(50)), return_exceptions=True)
    masters, flush = await client.masters(), command(b"", "SCRIPT", "FLUSH").packed
    while not calls.done():
        # Behind whatever is sent meanwhile, so that nobody finds a script that was loaded before.
        await asyncio.gather(*(master.send(flush, 1) for master in masters))
    assert {type(outcome) for outcome in await calls} <= {list, Unavailable}


async def test_a_caller_who_leaves_does_not_take_the_answers_of_others(client: Redis):
    name = key()
    await client.call(name, "SET", name, "here")
    leaving, staying = (asyncio.create_task(client.call(name, "GET", name)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == b"here"


async def test_a_script_is_loaded_where_it_is_unknown(client: Redis):
    script = client.script(f"return {{KEYS[1], ARGV[1], '{uuid.uuid4().hex}'}}")
    for _ in range(2):
        names = [key() for _ in range(20)]
        replies = await client.batch([script.command([name], b"\x00\xff") for name in names])
        assert [reply[:2] for reply in replies if isinstance(reply, list)] == [[name, b"\x00\xff"] for name in names]
        for node in await client.masters():
            await node.send(command(b"", "SCRIPT", "FLUSH").packed, 1)


async def test_a_defect_of_ours_is_raised_and_the_connection_goes_on(client: Redis):
    name = key()
    with pytest.raises(hiredis.ReplyError, match="ERR"):
        await client.call(name, "GET", name, "too", "many")
    assert await client.call(name, "GET", name) is None


async def test_a_wrong_password_is_unavailable_and_names_no_password(redis_server: RedisProgram):
    client = open_redis(redis_server.url.replace("@", "wrong@"))
    with pytest.raises(Unavailable, match="refuses us: WRONGPASS") as caught:
        await client.call(b"a", "GET", "a")
    assert "wrong@" not in str(caught.value)
    await client.close()


async def test_databases_and_prefixes_are_those_of_the_url(redis_server: RedisProgram):
    one, other = open_redis(redis_server.url + "/1"), open_redis(redis_server.url + "/2?prefix=theirs")
    name = key()
    await one.call(name, "SET", name, "1")
    assert await other.call(name, "GET", name) is None
    assert (one.prefix, other.prefix) == (b"murmur", b"theirs")
    await one.close()
    await other.close()


@pytest.mark.parametrize(
    "url",
    ["redis://", "redis://host:port", "redis://h/x", "redis+cluster://h:1/2", "redis://h?unknown=1", "redis://h?prefix={a}"],
)
def test_a_url_that_can_not_be_read_is_told_at_the_start(url: str):
    with pytest.raises(StartupError):
        read_url(url)


def test_no_error_tells_a_password():
    with pytest.raises(StartupError) as caught:
        read_url("redis://:hush@host/x")
    assert "hush" not in str(caught.value)


def test_slots_are_those_of_the_specification():
    assert slot_of(b"123456789") == 0x31C3
    assert slot_of(b"{user1000}.following") == slot_of(b"{user1000}.followers") == slot_of(b"user1000")
    assert slot_of(b"foo{}{bar}") != slot_of(b"bar")
    assert slot_of(b"foo{{bar}}zap") == slot_of(b"{bar")


async def test_a_server_that_died_is_unavailable_and_found_again(redis_server: RedisProgram, tmp_path: Path):
    with RedisProgram(tmp_path) as program:
        client = open_redis(program.url)
        script = client.script("return 7")
        assert await client.batch([script.command([b"a"])]) == [7]
        program.server.kill()
        with pytest.raises(Unavailable):
            await client.call(b"a", "GET", "a")
        program.start()

        async def answers() -> bool:
            try:
                return await client.batch([script.command([b"a"])]) == [7]
            except Unavailable:
                return False

        await until(answers)
        await client.close()


async def test_a_server_that_hangs_is_unavailable_for_all_who_wait_and_found_again(redis_server: RedisProgram, tmp_path: Path):
    with RedisProgram(tmp_path) as program:
        client = open_redis(program.url)
        await client.call(b"a", "SET", "a", "1")
        program.server.pause()
        try:
            async with asyncio.timeout(10):
                failed = await asyncio.gather(*(client.call(b"a", "GET", "a") for _ in range(50)), return_exceptions=True)
            assert {type(error) for error in failed} == {Unavailable}
            # Nobody waits that long again for what is known to hang.
            async with asyncio.timeout(1.5):
                for _ in range(5):
                    with pytest.raises(Unavailable):
                        await client.call(b"a", "GET", "a")
        finally:
            program.server.resume()

        async def answers() -> bool:
            try:
                return await client.call(b"a", "GET", "a") == b"1"
            except Unavailable:
                return False

        await until(answers)
        await client.close()


async def test_keys_go_on_after_the_failover_of_a_master(cluster: Redis, redis_cluster: ClusterPrograms):
    keys = [key() for _ in range(30)]
    sets = [command(name, "SET", name, name) for name in keys]
    await cluster.batch(sets)
    redis_cluster.masters()[0].kill()
    failed = 0

    async def done() -> bool:
        nonlocal failed
        try:
            return await cluster.batch(sets) == [b"OK"] * 30
        except Unavailable:
            failed += 1
            return False

    try:
        await until(done, seconds=30)
        assert failed
        assert await cluster.batch([command(name, "GET", name) for name in keys]) == keys
    finally:
        redis_cluster.start()


@contextmanager
def on_its_way(programs: ClusterPrograms, tag: bytes, moved: bytes, stays: bytes) -> Generator[None]:
    """The slot of two keys while it goes to another master; one of them is there already, the other follows at the end."""
    ask, masters, slot = programs.ask, programs.masters(), str(slot_of(tag))
    source = next(member for member in masters if ask(member, "CLUSTER", "COUNTKEYSINSLOT", slot) == "2")
    target = next(member for member in masters if member is not source)
    ids = {member: ask(member, "CLUSTER", "MYID") for member in masters}
    password = programs.url.partition(":")[2].partition("@")[0].removeprefix("//:")

    def migrate(name: bytes) -> str:
        return ask(source, "MIGRATE", "127.0.0.1", str(target.port), name.decode(), "0", "5000", "AUTH", password)

    ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source])
    ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target])
    assert migrate(moved) == "OK"
    try:
        yield
    finally:
        migrate(stays)
        for member in (target, source, *masters):
            ask(member, "CLUSTER", "SETSLOT", slot, "NODE", ids[target])


async def test_a_slot_on_its_way_is_served_by_both_its_masters(cluster: Redis, redis_cluster: ClusterPrograms):
    tag = key()
    moved, stays, absent = (b"{%s}%d" % (tag, number) for number in range(3))
    for name in (moved, stays):
        await cluster.call(name, "SET", name, name)
    exists = cluster.script("local n = 0 for _, key in ipairs(KEYS) do n = n + redis.call('EXISTS', key) end return n")
    with on_its_way(redis_cluster, tag, moved, stays):
        assert [await cluster.call(name, "GET", name) for name in (moved, stays, absent)] == [moved, stays, None]
        names = (moved, stays, absent)
        together = exists.command(names, apart=lambda: [exists.command([name]) for name in names])
        assert await cluster.batch([together]) == [[1, 1, 0]]
        with pytest.raises(Unavailable, match="TRYAGAIN"):
            await cluster.batch([exists.command(names)])
    assert await cluster.batch([exists.command(names)]) == [2]


async def test_what_failed_at_the_other_master_of_a_slot_on_its_way_is_not_done_again(
    cluster: Redis, redis_cluster: ClusterPrograms
):
    tag = key()
    counted, stays = (b"{%s}%d" % (tag, number) for number in range(2))
    for name in (counted, stays):
        await cluster.call(name, "SET", name, 0)
    fails = cluster.script("redis.call('INCR', KEYS[1]) return redis.call('LPUSH', KEYS[1], 'x')")
    with on_its_way(redis_cluster, tag, counted, stays):
        with pytest.raises(hiredis.ReplyError, match="WRONGTYPE"):
            await cluster.batch([fails.command([counted])])
        assert await cluster.call(counted, "GET", counted) == b"1"

"""What every throttle does."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from murmur.cluster.redis import Redis, RedisCluster
from murmur.errors import RateLimited, StartupError
from subgraphs.users.model import SignInLimits
from subgraphs.users.ports import Throttle
from subgraphs.users.wiring import open_throttle
from tests.support.engines import url_of
from tests.support.waiting import until

LIMITS = SignInLimits(sign_in_per_account="3/hour", sign_in_per_address="5/hour", sign_up_per_address=None)


@pytest.fixture(params=["memory:", "redis", "redis cluster"])
async def throttle(request: pytest.FixtureRequest) -> AsyncIterator[Throttle]:
    throttle = open_throttle(url_of(request), LIMITS)
    yield throttle
    await throttle.close()


async def test_tries_beyond_the_limit_are_told_how_long_to_wait(throttle: Throttle) -> None:
    for _ in range(3):
        await throttle.spend("sign_in_account", "ada")
    with pytest.raises(RateLimited) as caught:
        await throttle.spend("sign_in_account", "ada")
    assert 0 < caught.value.retry_after <= 3600


async def test_rules_and_keys_are_counted_apart(throttle: Throttle) -> None:
    for _ in range(3):
        await throttle.spend("sign_in_account", "ada")
    await throttle.spend("sign_in_account", "bob")
    await throttle.spend("sign_in_address", "ada")


async def test_forgetting_starts_from_zero(throttle: Throttle) -> None:
    for _ in range(3):
        await throttle.spend("sign_in_account", "ada")
    await throttle.forget("sign_in_account", "ada")
    for _ in range(3):
        await throttle.spend("sign_in_account", "ada")


async def test_a_try_that_is_given_back_can_be_spent_again_once(throttle: Throttle) -> None:
    for _ in range(3):
        await throttle.spend("sign_in_account", "ada")
    for _ in range(2):
        with pytest.raises(RateLimited):
            await throttle.spend("sign_in_account", "ada")
    await throttle.give_back("sign_in_account", "ada")
    await throttle.spend("sign_in_account", "ada")
    with pytest.raises(RateLimited):
        await throttle.spend("sign_in_account", "ada")


async def test_giving_back_what_was_not_spent_gives_nothing(throttle: Throttle) -> None:
    await throttle.give_back("sign_in_account", "ada")
    await throttle.give_back("sign_up_address", "::1")
    await test_tries_beyond_the_limit_are_told_how_long_to_wait(throttle)


async def test_a_rule_without_a_limit_lets_everything_through(throttle: Throttle) -> None:
    for _ in range(200):
        await throttle.spend("sign_up_address", "::1")


def test_a_limit_that_is_none_is_told_at_the_start() -> None:
    with pytest.raises(StartupError, match="often"):
        open_throttle("memory:", SignInLimits(sign_in_per_account="often"))


def test_a_scheme_that_nobody_knows_is_told_at_the_start() -> None:
    with pytest.raises(StartupError, match="memory, redis"):
        open_throttle("abacus:", LIMITS)


async def test_of_many_tries_at_once_no_more_than_the_limit_come_through(throttle: Throttle) -> None:
    tries = await asyncio.gather(*(throttle.spend("sign_in_account", "ada") for _ in range(30)), return_exceptions=True)
    assert sum(isinstance(each, RateLimited) for each in tries) == 27


@pytest.mark.parametrize("scheme", ["memory:", "redis"])
async def test_a_count_ends_with_its_window(scheme: str, request: pytest.FixtureRequest) -> None:
    url = "memory:" if scheme == "memory:" else f"{request.getfixturevalue('redis_server').url}?prefix={uuid.uuid4().hex}"
    throttle = open_throttle(url, SignInLimits(sign_in_per_account="1/second"))
    await throttle.spend("sign_in_account", "ada")

    async def passes() -> bool:
        try:
            await throttle.spend("sign_in_account", "ada")
        except RateLimited:
            return False
        return True

    await until(passes)
    await throttle.close()


async def test_processes_count_together(redis_cluster: RedisCluster) -> None:
    url = f"{redis_cluster.url}?prefix={uuid.uuid4().hex}"
    one, other = open_throttle(url, LIMITS), open_throttle(url, LIMITS)
    await one.spend("sign_in_account", "ada")
    for _ in range(2):
        await other.spend("sign_in_account", "ada")
    with pytest.raises(RateLimited):
        await one.spend("sign_in_account", "ada")
    await one.close()
    await other.close()


async def test_while_redis_is_away_each_process_counts_for_itself(redis_server: Redis, tmp_path: Path) -> None:
    with Redis(tmp_path) as program:
        throttle = open_throttle(program.url, LIMITS)
        await throttle.spend("sign_in_account", "ada")
        program.server.kill()
        for _ in range(3):
            await throttle.spend("sign_in_account", "ada")
        with pytest.raises(RateLimited):
            await throttle.spend("sign_in_account", "ada")
        await throttle.give_back("sign_in_account", "ada")
        await throttle.spend("sign_in_account", "ada")
        await throttle.forget("sign_in_account", "ada")
        await throttle.spend("sign_in_account", "ada")
        await throttle.close()

"""What every throttle does."""

import pytest

from murmur.errors import RateLimited, StartupError
from subgraphs.users.model import SignInLimits
from subgraphs.users.ports import Throttle
from subgraphs.users.wiring import open_throttle


@pytest.fixture(params=["memory"])
def throttle(request: pytest.FixtureRequest) -> Throttle:
    return open_throttle(SignInLimits(sign_in_per_account="3/hour", sign_in_per_address="5/hour", sign_up_per_address=None))


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
        open_throttle(SignInLimits(sign_in_per_account="often"))

"""Passwords: hashed well, compared in equal time, never on the event loop."""

import asyncio
import time

from murmur.errors import Unavailable
from subgraphs.users.service.passwords import PasswordCost, Passwords

CHEAP = PasswordCost(time=1, memory_kib=8, parallelism=1)


async def test_a_hash_is_argon2id_and_differs_each_time() -> None:
    passwords = Passwords(CHEAP)
    first, second = await passwords.hash("correct horse"), await passwords.hash("correct horse")
    assert first.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert first != second
    assert await passwords.verify("correct horse", first)
    assert not await passwords.verify("wrong horse", first)


def test_the_default_cost_is_the_one_that_rfc_9106_recommends() -> None:
    assert PasswordCost() == PasswordCost(time=3, memory_kib=64 * 1024, parallelism=4)


async def test_who_does_not_exist_is_refused_after_the_same_work() -> None:
    # Not a measurement: without the work it would take a thousandth.
    passwords = Passwords(PasswordCost(time=2, memory_kib=8_192, parallelism=1))
    somebodys = await passwords.hash("correct horse")

    async def least_work(password_hash: str | None) -> float:
        spent: list[float] = []
        for _ in range(3):
            start = time.process_time()
            assert not await passwords.verify("wrong horse", password_hash)
            spent.append(time.process_time() - start)
        return min(spent)

    assert await least_work(None) > await least_work(somebodys) / 10


async def test_a_hash_of_another_cost_is_outdated() -> None:
    cheap = await Passwords(CHEAP).hash("correct horse")
    assert not Passwords(CHEAP).outdated(cheap)
    assert Passwords(PasswordCost(time=2, memory_kib=8, parallelism=1)).outdated(cheap)


async def test_too_many_at_once_are_asked_to_come_again() -> None:
    passwords = Passwords(CHEAP)
    outcomes = await asyncio.gather(*(passwords.hash("correct horse") for _ in range(300)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
    assert len(refused) == 100
    assert await passwords.verify("correct horse", next(outcome for outcome in outcomes if isinstance(outcome, str)))

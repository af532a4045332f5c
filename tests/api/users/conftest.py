"""Towns for tests, each on a store of its own."""

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from murmur.identity import TokenSigner, TokenVerifier, keys_of_jwks
from murmur.ids import Snowflakes
from subgraphs.users.model import SignInLimits
from subgraphs.users.service.passwords import PasswordCost
from subgraphs.users.wiring import build, open_store, open_throttle
from tests.api.users.town import CHEAP, UNLIMITED, Counting, Found, Time, Town


@pytest.fixture
async def found(tmp_path: Path) -> AsyncIterator[Found]:
    """Found a town with limits or costs of its own."""
    towns: list[Town] = []
    numbers = count()

    def make(limits: SignInLimits = UNLIMITED, cost: PasswordCost = CHEAP, folder: str | None = None) -> Town:
        time = Time()
        store = Counting(open_store("sqlite:", tmp_path / (folder or str(next(numbers)))))
        room = build(
            store,  # pyright: ignore[reportArgumentType] (it passes every call on)
            tokens=TokenSigner(Ed25519PrivateKey.generate(), "access", 900, time),
            throttle=open_throttle("memory:", limits),
            password_cost=cost,
            ids=Snowflakes(1),
            clock=time,
        )
        town = Town(room, store, TokenVerifier(keys_of_jwks(room.jwks()), "access", time), time)
        towns.append(town)
        return town

    yield make
    for town in towns:
        await town.room.store.close()


@pytest.fixture
def town(found: Found) -> Town:
    return found()

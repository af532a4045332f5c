"""Towns for tests, each on a store of its own."""

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from murmur.identity import TokenSigner, TokenVerifier, keys_of_jwks
from murmur.ids import Snowflakes
from subgraphs.users.model import SignInLimits
from subgraphs.users.service.passwords import PasswordCost
from subgraphs.users.wiring import build, open_sessions, open_store, open_throttle
from tests.api.users.town import CHEAP, UNLIMITED, Counting, Found, Time, Town


@pytest.fixture
async def found(tmp_path: Path) -> AsyncIterator[Found]:
    """Found a town with limits or costs of its own."""
    opened: list[Any] = []
    numbers = count()

    def make(limits: SignInLimits = UNLIMITED, cost: PasswordCost = CHEAP, folder: str | None = None) -> Town:
        time = Time()
        place = tmp_path / (folder or str(next(numbers)))
        store, sessions = Counting(open_store("sqlite:", place)), open_sessions("sqlite:", place)
        room = build(
            store,  # pyright: ignore[reportArgumentType] (it passes every call on)
            sessions=sessions,
            tokens=TokenSigner(Ed25519PrivateKey.generate(), "access", 900, time),
            throttle=open_throttle("memory:", limits),
            password_cost=cost,
            ids=Snowflakes(1),
            clock=time,
        )
        opened.extend((store, sessions))
        return Town(room, store, TokenVerifier(keys_of_jwks(room.jwks()), "access", time), time)

    yield make
    for store in opened:
        await store.close()


@pytest.fixture
def town(found: Found) -> Town:
    return found()

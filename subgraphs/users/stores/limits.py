"""Tries counted by the `limits` library, in this process's memory.

A count ends with its window, so memory is bounded by the keys that are tried within one; each costs some hundred bytes.
"""

import math
import time
from collections.abc import Mapping

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from murmur.errors import RateLimited, StartupError
from subgraphs.users.model import SignInLimits
from subgraphs.users.ports import Rule


class MemoryThrottle:
    """`Throttle` for one process. A window begins with its first try. Raises StartupError for a limit that can't be read."""

    def __init__(self, limits: SignInLimits) -> None:
        self._counts = MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._counts)
        self._limits = limits_of(limits)

    async def spend(self, rule: Rule, key: str) -> None:
        limit = self._limits[rule]
        if limit is None or await self._limiter.hit(limit, rule, key):
            return
        await self.give_back(rule, key)
        reset, _ = await self._limiter.get_window_stats(limit, rule, key)
        wait = max(1, math.ceil(reset - time.time()))
        raise RateLimited(f"too many tries; wait {wait} seconds", retry_after=wait)

    async def give_back(self, rule: Rule, key: str) -> None:
        limit = self._limits[rule]
        # A window that has ended meanwhile has nothing to give back, and no count is to be left without one.
        if limit is not None and await self._counts.get(limit.key_for(rule, key)):
            await self._counts.decr(limit.key_for(rule, key))

    async def forget(self, rule: Rule, key: str) -> None:
        limit = self._limits[rule]
        if limit is not None:
            await self._limiter.clear(limit, rule, key)

    async def close(self) -> None:
        """Nothing is held that must be given back."""


def limits_of(limits: SignInLimits) -> Mapping[Rule, RateLimitItem | None]:
    """Raises StartupError for a limit that can't be read."""
    return {
        "sign_in_account": _parse(limits.sign_in_per_account),
        "sign_in_address": _parse(limits.sign_in_per_address),
        "sign_up_address": _parse(limits.sign_up_per_address),
    }


def _parse(text: str | None) -> RateLimitItem | None:
    try:
        return None if text is None else parse(text)
    except ValueError as error:
        raise StartupError(f"{text!r} is not a limit; write one such as '10/15minutes'") from error

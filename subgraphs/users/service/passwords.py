"""Passwords as argon2id hashes, made and compared in threads, a few at a time."""

import asyncio
import base64
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import HashingError, VerificationError, VerifyMismatchError

from murmur.errors import Refused, Unavailable, UserErrorCode

MIN_PASSWORD = 8
MAX_PASSWORD = 256
_AT_ONCE = 2
_WAITING = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PasswordCost:
    """What one hash costs; the defaults are the second recommendation of RFC 9106."""

    time: int = 3
    memory_kib: int = 65_536
    parallelism: int = 4


class Passwords:
    """Hashes and verifies. At most two at a time, because each takes `memory_kib` and the cores; raises Unavailable when too
    many wait."""

    def __init__(self, cost: PasswordCost) -> None:
        self._hasher = PasswordHasher(cost.time, cost.memory_kib, cost.parallelism)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        # A hash of today's cost that no password has: who does not exist is refused in the same time as who mistypes.
        salt, digest = (base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
        self._nobodys = f"$argon2id$v=19$m={cost.memory_kib},t={cost.time},p={cost.parallelism}${salt}${digest}"

    async def hash(self, password: str) -> str:
        return await self._in_turn(lambda: self._hasher.hash(_normal(password)))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether the hash is of this password. Without a hash it takes as long and is not."""
        return await self._in_turn(lambda: self._verify(password, password_hash or self._nobodys))

    def outdated(self, password_hash: str) -> bool:
        """Whether a hash was made at another cost than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password: str, password_hash: str) -> bool:
        try:
            return self._hasher.verify(password_hash, _normal(password))
        except VerifyMismatchError:
            return False

    async def _in_turn(self, work: Callable[[], T]) -> T:
        if self._waiting >= _WAITING:
            raise Unavailable("too many people sign in at once; try again")
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work)
        except (HashingError, VerificationError) as error:
            # No memory, most likely.
            raise Unavailable("passwords can't be checked now; try again") from error
        finally:
            self._waiting -= 1


def check_password(password: str, *field: str) -> None:
    """Raises Refused for what can't be a new password."""
    if len(password) < MIN_PASSWORD:
        raise Refused(UserErrorCode.TOO_SHORT, f"a password has at least {MIN_PASSWORD} characters", *field)
    if len(password) > MAX_PASSWORD:
        raise Refused(UserErrorCode.TOO_LONG, f"a password has at most {MAX_PASSWORD} characters", *field)
    if not plausible(password):
        raise Refused(UserErrorCode.INVALID, "the password has a lone surrogate, which is no character", *field)


def plausible(password: str) -> bool:
    """Whether anybody can have this password; if not, there is nothing to compare."""
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return MIN_PASSWORD <= len(password) <= MAX_PASSWORD


def _normal(password: str) -> bytes:
    # The same characters are typed as different code points on different keyboards (RFC 8265, section 4.2).
    return unicodedata.normalize("NFC", password).encode()

"""Which processes of this machine are alive: each holds a lock on a file of its own, which the kernel releases when it dies."""

import asyncio
import fcntl
import os
import secrets
from pathlib import Path

from murmur.locks import is_locked, take_lock

_LOOK_SECONDS = 0.1


class ProcessLocks:
    """A folder of lock files. `name` is this process's (one for each instance)."""

    def __init__(self, folder: Path) -> None:
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._folder = folder
        self._handle: int | None = None

    def hold(self) -> None:
        """Take this process's lock, once."""
        if self._handle is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self._folder / self.name, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX)

    def alive(self, name: str) -> bool:
        """Whether the process of that name still holds its lock. The file of a dead one is removed."""
        if name == self.name:
            return self._handle is not None
        path = self._folder / name
        if is_locked(path):
            return True
        path.unlink(missing_ok=True)
        return False

    def release(self) -> None:
        if self._handle is not None:
            (self._folder / self.name).unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None


async def wait_for_lock(path: Path) -> int:
    """The handle of a file locked for its holder alone, as soon as nobody else holds it; closing it gives it back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while (handle := take_lock(path)) is None:  # noqa: ASYNC110 (another process gives it back)
        await asyncio.sleep(_LOOK_SECONDS)
    return handle

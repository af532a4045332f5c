"""Node ids leased by file locks, for processes that share a folder."""

import os
from pathlib import Path

from murmur.clock import Clock
from murmur.errors import NodeIdsExhausted
from murmur.ids import RESERVATION_MS, IdSource, Snowflakes
from murmur.leases.ports import FOLLOWED_MS
from murmur.locks import take_lock


class FileLease:
    """A `NodeLease`: the kernel releases it when the process dies, however it dies.

    The file holds the millisecond up to which ids may have been given out. Raises NodeIdsExhausted when every node id is taken.
    """

    def __init__(self, folder: Path, *, nodes: int, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        for node in range(nodes):
            handle = take_lock(folder / f"{node:04d}")
            if handle is None:
                continue
            self._handle = handle
            self.node = node
            self._reserved_ms = max(_reserved(handle), self._newest(folder))
            return
        raise NodeIdsExhausted(f"all {nodes} node ids in {folder} are leased by running processes")

    def ids(self) -> IdSource:
        return Snowflakes(self.node, clock=self._clock, not_before=self._reserved_ms, reserve=self._reserve)

    async def close(self) -> None:
        os.close(self._handle)

    def _newest(self, folder: Path) -> int:
        """Where the ids of all nodes have got to, at least."""
        newest = 0
        for file in folder.iterdir():
            handle = os.open(file, os.O_RDONLY)
            try:
                used = _reserved(handle) - RESERVATION_MS
            finally:
                os.close(handle)
            if used - self._clock() <= FOLLOWED_MS:
                newest = max(newest, used)
        return newest

    def _reserve(self, ms: int) -> None:
        os.pwrite(self._handle, b"%020d" % ms, 0)
        self._reserved_ms = ms


def _reserved(handle: int) -> int:
    return int(os.pread(handle, 20, 0) or b"0")

"""Keeps programs running: whichever ends is started again, and all end with whoever keeps them."""

import json
import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from murmur.cluster.server import Server
from murmur.errors import StartupError
from murmur.locks import is_locked, take_lock

_POLL_SECONDS = 0.2
_RESTART_SECONDS = (0.5, 30.0)
_END_SECONDS = 15.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Entry:
    """One program as the folder tells of it. `began` is the kernel's word on when the process did, so that no other is taken
    for it; `probe` is where it says whether it is ready, for a role."""

    name: str
    pid: int
    began: str
    port: int
    log: str
    restarts: int
    probe: str | None = None

    @property
    def alive(self) -> bool:
        return _began(self.pid) == self.began


@dataclass(slots=True)
class _Kept:
    server: Server
    probe: str | None
    started: float
    wait: float = _RESTART_SECONDS[0]
    due: float | None = None
    restarts: int = 0


class Supervisor:
    """Watches over servers that somebody else has started, and notes them in `folder`, which no other supervisor may use.

    Raises StartupError when another one does. What an earlier one left behind when it was killed is ended.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = folder / "cluster.json"
        self._kept: list[_Kept] = []
        # Held until the process ends, however it does.
        lock = take_lock(folder / "cluster.lock")
        if lock is None:
            raise StartupError(f"another cluster runs in {folder}; stop it, or choose another folder by --directory")
        self._lock = lock
        _end([entry for entry in read_entries(folder) if entry.alive])

    def keep(self, server: Server, probe: str | None = None) -> None:
        """Watch over a server that runs."""
        self._kept.append(_Kept(server, probe, time.monotonic()))
        self._note()

    def forget(self, server: Server) -> None:
        """It may end from now on."""
        self._kept = [kept for kept in self._kept if kept.server is not server]

    def run(self, stop: threading.Event) -> None:
        """Start again what ends, after a while that grows with each time, until `stop`."""
        while not stop.wait(_POLL_SECONDS):
            for kept in self._kept:
                self._tend(kept)

    def close(self) -> None:
        """When all have ended."""
        self._file.unlink(missing_ok=True)
        os.close(self._lock)

    def _tend(self, kept: _Kept) -> None:
        now = time.monotonic()
        if kept.server.running:
            if now - kept.started > _RESTART_SECONDS[1]:
                kept.wait = _RESTART_SECONDS[0]
        elif kept.due is None:
            kept.due = now + kept.wait
            kept.wait = min(kept.wait * 2, _RESTART_SECONDS[1])
            _log.warning("a program ended; it is started again", name=kept.server.name, log=str(kept.server.log))
        elif now >= kept.due:
            kept.server.spawn()
            kept.started, kept.due = now, None
            kept.restarts += 1
            self._note()

    def _note(self) -> None:
        entries = [asdict(_entry(kept)) for kept in self._kept if kept.server.running]
        draft = self._file.with_suffix(".part")
        draft.write_text(json.dumps(entries, indent=1))
        draft.replace(self._file)


def read_entries(folder: Path) -> list[Entry]:
    """What is noted in a folder; nothing where no cluster is."""
    try:
        return [Entry(**entry) for entry in json.loads((folder / "cluster.json").read_text())]
    except (FileNotFoundError, ValueError, TypeError):
        return []


def supervised(folder: Path) -> bool:
    """Whether a supervisor watches over a folder now."""
    return is_locked(folder / "cluster.lock")


def _entry(kept: _Kept) -> Entry:
    server = kept.server
    return Entry(server.name, server.pid, _began(server.pid), server.port, str(server.log), kept.restarts, kept.probe)


def _began(pid: int) -> str:
    """When a process began, in ticks since the machine did; nothing for one that is gone, or that only waits to be forgotten."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The second field is the program's name in parentheses, and may hold anything.
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def _end(left: Sequence[Entry]) -> None:
    if not left:
        return
    _log.warning("ending what an earlier cluster left behind", names=[entry.name for entry in left])
    for number in (signal.SIGTERM, signal.SIGKILL):
        for entry in left:
            if entry.alive:
                os.kill(entry.pid, number)
        deadline = time.monotonic() + _END_SECONDS
        while any(entry.alive for entry in left) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

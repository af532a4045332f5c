"""A server program of its own process, in a folder of its own, on a loopback port."""

import os
import random
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from murmur.errors import StartupError

HOST = "127.0.0.1"
_PORTS = range(10_000, 32_768)
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05
_TOLD_LOG_BYTES = 2_000


def engines_dir() -> Path:
    """Where installed engines are kept between runs."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "murmur" / "engines"


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on now.

    They are below those that the kernel gives to outgoing connections, one of which would else hold a port when its server is
    started again.
    """
    found: list[int] = []
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((HOST, port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise StartupError("no ports are free on this machine")


def remembered(file: Path, make: Callable[[], str]) -> str:
    """What an earlier life in this folder noted in a file that nobody else may read; what is made now in a first life."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(make())
    return file.read_text()


def require(missing: str | None) -> None:
    """Raises StartupError with what is missing, if anything is."""
    if missing is not None:
        raise StartupError(missing)


def finished(command: Sequence[str], seconds: float, failing: str) -> subprocess.CompletedProcess[str]:
    """A program that has run to its end, and what it said. Raises StartupError, which begins with `failing`, when it can't be
    run or takes longer."""
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=seconds)  # noqa: S603 (our own command lines)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StartupError(f"{failing}: {error}") from error


class Startable(ABC):
    """What runs for the body of a `with`."""

    @abstractmethod
    def start(self) -> None:
        """Return when it serves. Raises StartupError, and leaves nothing running."""

    @abstractmethod
    def stop(self) -> None:
        """Harmless when it does not run."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


class Server:
    """Starts, ends, kills and pauses one process. After an end `start` runs it again on the same port and data.

    `ready` says whether the server answers; without it, an accepted connection on `port` does. `environment` is what it is given
    beside this process's own at its next start; None where it needs none.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        directory: Path,
        port: int,
        *,
        environment: Mapping[str, str] | None = None,
        ready: Callable[[], bool] | None = None,
        seconds: float = 60,
    ) -> None:
        self.name = name
        self.port = port
        self.directory = directory
        self.log = directory / f"{name}.log"
        self._command = list(command)
        self.environment = environment
        self._ready = ready or self._accepts
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def spawn(self) -> None:
        """Start the process without waiting for it. Raises StartupError when there is no such program."""
        self.directory.mkdir(parents=True, exist_ok=True)
        environment = None if self.environment is None else {**os.environ, **self.environment}
        with self.log.open("ab") as log:
            try:
                self._process = subprocess.Popen(  # noqa: S603 (our own command lines)
                    self._command,
                    cwd=self.directory,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    # Ctrl-C in the terminal ends whoever started us, and that ends us in its own order.
                    start_new_session=True,
                )
            except OSError as error:
                raise StartupError(f"{self.name} can't be started: {error.strerror}: {self._command[0]}") from error

    def wait_ready(self) -> None:
        """Raises StartupError, with the end of its log, when it ends or does not answer in time."""
        deadline = time.monotonic() + self._seconds
        while not self._ready():
            if not self.running:
                raise StartupError(f"{self.name} ended at once; the end of {self.log}:\n{self._log_end()}")
            if time.monotonic() > deadline:
                self.kill()
                raise StartupError(f"{self.name} was not ready in {self._seconds:g} s; the end of {self.log}:\n{self._log_end()}")
            time.sleep(_POLL_SECONDS)

    def start(self) -> None:
        """Start, and return when it is ready. Raises StartupError."""
        self.spawn()
        self.wait_ready()

    def terminate(self) -> None:
        """Ask it to end, and do not wait. Harmless when it has ended."""
        if self._process is not None and self.running:
            self.resume()
            self._process.terminate()

    def stop(self) -> None:
        """Ask it to end, and end it when it does not within ten seconds. Harmless when it has ended."""
        if self._process is None:
            return
        self.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it without a warning."""
        process = self._running()
        process.kill()
        process.wait()

    def pause(self) -> None:
        """Stop it from running, as a lost network would: connections stay open, and nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"{self.name} has not been started")
        return self._process

    def _accepts(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _log_end(self) -> str:
        try:
            return self.log.read_bytes()[-_TOLD_LOG_BYTES:].decode(errors="replace")
        except OSError:
            return "(no log)"

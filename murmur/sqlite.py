"""One SQLite database as an asyncio resource: writes committed in groups by one thread, reads from a few others.

SQLite has one writer and an fsync costs more than the statements before it, so whatever writes wait while a commit is
running go into the next one together. Each write still succeeds or fails alone (a savepoint each), and its future resolves
only when its commit is on the disk.
"""

import asyncio
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import structlog

from murmur.errors import StartupError, Unavailable

T = TypeVar("T")
Write = Callable[[sqlite3.Connection], T]
Migrations = Sequence[str]
"""SQL scripts, each applied once, in order; a script that has been released is never changed."""

_log = structlog.get_logger()
_GROUP = 256
_BUSY_MS = 10_000


class Database:
    """Opens (and migrates) the file at `path`; `close` waits for what was submitted.

    Raises StartupError when the file can't be opened or was written by a newer release.
    """

    def __init__(self, path: Path, migrations: Migrations, *, readers: int = 2, queue: int = 10_000) -> None:
        self.path = path
        self._capacity = queue
        self._queued = 0
        self._closed = False
        self._queue: SimpleQueue[_Submission | None] = SimpleQueue()
        self._listeners: list[Callable[[], None]] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _alone(path.parent):
                connection = self._connect()
                _migrate(connection, migrations, path)
        except (OSError, sqlite3.Error) as error:
            raise StartupError(f"can't open the database {path}: {error}") from error
        self._writer = threading.Thread(target=self._write_groups, args=(connection,), name=f"write {path.name}", daemon=True)
        self._writer.start()
        # Threads of our own: an executor's futures cost more than most of these reads.
        self._reads: SimpleQueue[_Submission | None] = SimpleQueue()
        self._readers = [
            threading.Thread(target=self._serve_reads, args=(self._connect(),), name=f"read {path.name}", daemon=True)
            for _ in range(readers)
        ]
        for reader in self._readers:
            reader.start()

    async def write(self, work: Write[T]) -> T:
        """Run `work` in a write transaction and return when it is durable. What `work` raises undoes it alone.

        Raises Unavailable when too many writes wait already, when the disk refuses (full, gone), or after `close`.
        """
        if self._closed:
            raise Unavailable("the store is closed")
        if self._queued >= self._capacity:
            raise Unavailable(f"too many writes wait ({self._capacity}); try again")
        loop = asyncio.get_running_loop()
        submission = _Submission(work, loop, loop.create_future())
        self._queued += 1
        self._queue.put(submission)
        try:
            # A write that was submitted is carried out, even when who asked for it has gone.
            return await asyncio.shield(submission.future)
        finally:
            self._queued -= 1

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` on a read connection, in a thread. Each call sees every write that was acknowledged before it.

        Raises Unavailable when the store does not answer, or after `close`.
        """
        if self._closed:
            raise Unavailable("the store is closed")
        loop = asyncio.get_running_loop()
        submission = _Submission(work, loop, loop.create_future())
        self._reads.put(submission)
        return await submission.future

    async def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        return await self.read(lambda connection: connection.execute(sql, parameters).fetchall())

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` on the event loop after each group of writes of this process."""
        self._listeners.append(listener)

    async def close(self) -> None:
        """Wait for what was submitted, then close the file. Closing twice is harmless."""
        self._closed = True
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._queue.put(None)
        self._writer.join()
        for _ in self._readers:
            self._reads.put(None)
        for reader in self._readers:
            reader.join()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=512)
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA temp_store=MEMORY")
        return connection

    def _serve_reads(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA query_only=ON")
        while (submission := self._reads.get()) is not None:
            try:
                outcome: _Outcome = (submission, submission.work(connection), None)
            except sqlite3.OperationalError as error:
                _log.error("a store can't be read", path=str(self.path), reason=str(error))
                refusal = Unavailable("a store does not answer; try again")
                refusal.__cause__ = error
                outcome = (submission, None, refusal)
            except BaseException as error:
                outcome = (submission, None, error)
            _hand_over(submission.loop, _settle, [outcome])
        connection.close()

    def _write_groups(self, connection: sqlite3.Connection) -> None:
        open_ = True
        while open_:
            group: list[_Submission] = []
            submission = self._queue.get()
            while submission is not None:
                group.append(submission)
                if len(group) == _GROUP or self._queue.empty():
                    break
                submission = self._queue.get()
            open_ = submission is not None
            if group:
                self._commit(connection, group)
        connection.close()

    def _commit(self, connection: sqlite3.Connection, group: "list[_Submission]") -> None:
        outcomes: list[_Outcome] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for submission in group:
                connection.execute("SAVEPOINT one")
                try:
                    outcomes.append((submission, _let_go(submission.work(connection)), None))
                except BaseException as error:
                    if isinstance(error, sqlite3.OperationalError):
                        raise
                    connection.execute("ROLLBACK TO one")
                    outcomes.append((submission, None, error))
                connection.execute("RELEASE one")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            _log.error("a store can't be written", path=str(self.path), reason=str(error))
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            refusal = Unavailable("a store can't write now; nothing was changed; try again")
            refusal.__cause__ = error
            outcomes = [(submission, None, refusal) for submission in group]
        loops: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
        for outcome in outcomes:
            loops.setdefault(outcome[0].loop, []).append(outcome)
        for loop, settled in loops.items():
            _hand_over(loop, self._committed, settled)

    def _committed(self, outcomes: "list[_Outcome]") -> None:
        _settle(outcomes)
        for listener in self._listeners:
            listener()


def _let_go(value: object) -> object:
    """What `work` returned, but None for a cursor: freed in another thread, it resets a statement that may run here again."""
    if isinstance(value, sqlite3.Cursor):
        value.close()
        return None
    return value


class _Submission:
    __slots__ = ("future", "loop", "work")

    def __init__(self, work: Write, loop: asyncio.AbstractEventLoop, future: asyncio.Future) -> None:
        self.work = work
        self.loop = loop
        self.future = future


_Outcome = tuple[_Submission, object, BaseException | None]
"""What became of a submission: its value, or its error."""


def _hand_over(loop: asyncio.AbstractEventLoop, settle: Callable[[list[_Outcome]], None], outcomes: list[_Outcome]) -> None:
    # A loop that has been closed meanwhile has nobody left to tell.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(settle, outcomes)


def _settle(outcomes: list[_Outcome]) -> None:
    for submission, value, error in outcomes:
        if submission.future.cancelled():
            continue
        if error is None:
            submission.future.set_result(value)
        else:
            submission.future.set_exception(error)


def _migrate(connection: sqlite3.Connection, migrations: Migrations, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(migrations):
        connection.execute("ROLLBACK")
        raise StartupError(
            f"{path} was written by a newer release of murmur (its schema is version {version}, ours {len(migrations)})"
        )
    connection.execute("COMMIT")
    for number, script in enumerate(migrations[version:], version + 1):
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version={number};\nCOMMIT;")


@contextmanager
def _alone(folder: Path) -> Generator[None, None, None]:
    """Let one process at a time open databases of a folder: who comes second finds the file whole and migrated."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def path_of(url: str, data_dir: Path, name: str) -> Path:
    """The file that `sqlite:` (a file called `name` in the data folder) or `sqlite:PATH` names."""
    given = url.removeprefix("sqlite:").removeprefix("//")
    return Path(given) if given else data_dir / f"{name}.db"


def placeholders(count: int) -> str:
    """`?,?,?` for an IN list of `count` values."""
    return ",".join("?" * count)

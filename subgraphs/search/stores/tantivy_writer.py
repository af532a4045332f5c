"""Writing to an index of tantivy that several processes write to, of which it allows one at a time."""

import fcntl
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import tantivy

_HEAP_BYTES = 15_000_000


class Writer:
    """Takes the writer's place with the first commit, and keeps it until it is told to rest, or somebody else waits for it.

    So segments are merged beside the commits that follow: a large merge takes seconds. To be used by one thread at a time.
    """

    def __init__(self, index: tantivy.Index, folder: Path) -> None:
        self._index = index
        self._folder = folder
        self._writer: tantivy.IndexWriter | None = None
        self._place: int | None = None

    def commit(self, keys: Iterable[str], documents: Iterable[tantivy.Document]) -> None:
        """Remove what has these keys, then add the documents. Both are found on return."""
        if self._writer is None:
            self._place = _take(self._folder)
        try:
            writer = self._writer = self._writer or self._index.writer(_HEAP_BYTES, 1)
            for key in keys:
                writer.delete_documents_by_term("key", key)
            for document in documents:
                writer.add_document(document)
            writer.commit()
        except BaseException:
            # Whoever keeps the error keeps this frame, and a writer in it would keep its lock.
            writer = self._writer = None
            self._leave()
            raise
        if _is_wanted(self._folder):
            self.rest()

    def rest(self) -> None:
        """Let others write, when what is being merged is merged."""
        writer, self._writer = self._writer, None
        try:
            if writer is not None:
                writer.wait_merging_threads()
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._place is not None:
            os.close(self._place)
            self._place = None


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """Be the only one, of all threads and processes, who changes what is in a folder."""
    place = _take(folder)
    try:
        yield
    finally:
        os.close(place)


# Both are files that processes lock, so the kernel lets go of them when a process dies: the writer's place, and a queue for it.
def _take(folder: Path) -> int:
    place, queue = _opened(folder / "writer.lock"), _opened(folder / "writer.wanted")
    try:
        fcntl.flock(queue, fcntl.LOCK_SH)
        fcntl.flock(place, fcntl.LOCK_EX)
    except BaseException:
        os.close(place)
        raise
    finally:
        os.close(queue)
    return place


def _is_wanted(folder: Path) -> bool:
    queue = _opened(folder / "writer.wanted")
    try:
        fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(queue)
    return False


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

"""Locks on files, which the kernel releases when their process dies, however it dies."""

import fcntl
import os
from pathlib import Path


def take_lock(path: Path) -> int | None:
    """The handle of a file, made if need be, that is locked for its holder alone; closing it gives the lock back.

    None while somebody holds it.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock of a file; who only looks holds it not."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False

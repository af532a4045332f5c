"""Archives in and out of a data folder, beside a running platform or without one."""

import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from murmur.archive.demo import ACCOUNT, demo_rows
from murmur.archive.exporting import export_rows
from murmur.archive.importing import Importer, Progress, Tally
from murmur.archive.rows import encode_row
from murmur.clock import wall_clock
from murmur.errors import Refused, StartupError
from murmur.identity import Caller
from murmur.roles.rooms import Rooms, open_rooms
from murmur.settings import Settings
from murmur.telemetry.metrics import Metrics

_DEMO_ADDRESS = "demo"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Who may sign in to look around."""

    handle: str
    password: str


async def import_archive(settings: Settings, lines: Iterable[bytes], progress: Progress) -> Tally:
    """Rows of an NDJSON archive; see docs/archive.md."""
    async with open_rooms(settings, Metrics()) as rooms:
        return await _importer(rooms, progress).archive(lines)


async def import_follows(settings: Settings, lines: Iterable[bytes], progress: Progress, *, mutual: bool) -> Tally:
    """An edge list, `a b` a line."""
    async with open_rooms(settings, Metrics()) as rooms:
        return await _importer(rooms, progress).follows(lines, mutual=mutual)


async def export_archive(settings: Settings, out: BinaryIO, advance: Callable[[int], None]) -> int:
    """Write every row, one a line; returns how many."""
    count = 0
    async with open_rooms(settings, Metrics()) as rooms:
        async for row in export_rows(rooms.users.store, rooms.tweets.store):
            line = encode_row(row) + b"\n"
            out.write(line)
            advance(len(line))
            count += 1
    return count


async def begin_demo(rooms: Rooms, data_dir: Path) -> tuple[DemoAccount, list[bytes]]:
    """Sign the demo's account up, and the rest of the community as an archive of the days before that moment.

    Beginning again gives the same account and the same rows, so a demo that was cut off is simply seeded again. Raises
    StartupError when somebody else has the account's handle.
    """
    handle, name = ACCOUNT
    begun = _password_path(data_dir).exists() or _draft_path(data_dir).exists()
    if not begun and await rooms.users.store.ids_of_handles([handle]):
        raise StartupError(f"somebody has the handle {handle!r} here; the demo needs a data folder of its own")
    account = demo_account(data_dir) or _demo_account(data_dir)
    with suppress(Refused):
        await rooms.users.service.sign_up(handle, account.password, name, None, Caller(None, _DEMO_ADDRESS))
    user = (await rooms.users.store.users_of_handles([handle]))[handle]
    return account, [encode_row(row) + b"\n" for row in demo_rows(user.created_at)]


async def seed_demo(rooms: Rooms, data_dir: Path, lines: Iterable[bytes], progress: Progress) -> None:
    """Import what `begin_demo` gave."""
    await _importer(rooms, progress).archive(lines)
    if _draft_path(data_dir).exists():
        _draft_path(data_dir).replace(_password_path(data_dir))


async def wants_demo(rooms: Rooms, data_dir: Path) -> bool:
    """Whether this is the first run, or the demo of the first run was cut off."""
    return _draft_path(data_dir).exists() or not await rooms.users.store.all_users(0, 1)


def demo_account(data_dir: Path) -> DemoAccount | None:
    """The account of a demo that was seeded here."""
    path = _password_path(data_dir)
    return DemoAccount(ACCOUNT[0], path.read_text()) if path.exists() else None


def _demo_account(data_dir: Path) -> DemoAccount:
    """The account of a demo that is being seeded: its password is in a file of its own until that is done."""
    path = _draft_path(data_dir)
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(9))
    return DemoAccount(ACCOUNT[0], path.read_text())


def _password_path(data_dir: Path) -> Path:
    return data_dir / "demo-password"


def _draft_path(data_dir: Path) -> Path:
    return data_dir / "demo-password.part"


def _importer(rooms: Rooms, progress: Progress) -> Importer:
    return Importer(rooms.users.store, rooms.users.service, rooms.tweets.service, wall_clock, progress)

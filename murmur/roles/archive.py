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
from murmur.errors import Refused
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


async def is_empty(rooms: Rooms) -> bool:
    return not await rooms.users.store.all_users(0, 1)


async def seed_demo(rooms: Rooms, data_dir: Path, progress: Progress) -> DemoAccount:
    """Fill the stores with the demo community. Doing it again changes nothing but what has happened since."""
    account = _demo_account(data_dir)
    handle, name = ACCOUNT
    with suppress(Refused):
        await rooms.users.service.sign_up(handle, account.password, name, None, Caller(None, _DEMO_ADDRESS))
    await _importer(rooms, progress).archive(encode_row(row) + b"\n" for row in demo_rows(wall_clock()))
    return account


async def seed_demo_folder(settings: Settings, progress: Progress) -> DemoAccount:
    """The same for a folder that this process opens."""
    async with open_rooms(settings, Metrics()) as rooms:
        return await seed_demo(rooms, settings.server.data_dir, progress)


def demo_account(data_dir: Path) -> DemoAccount | None:
    """The account of a demo that was seeded here."""
    path = _demo_path(data_dir)
    return DemoAccount(ACCOUNT[0], path.read_text()) if path.exists() else None


def _demo_account(data_dir: Path) -> DemoAccount:
    known = demo_account(data_dir)
    if known is not None:
        return known
    account = DemoAccount(ACCOUNT[0], secrets.token_urlsafe(9))
    handle = os.open(_demo_path(data_dir), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(account.password)
    return account


def _demo_path(data_dir: Path) -> Path:
    return data_dir / "demo-password"


def _importer(rooms: Rooms, progress: Progress) -> Importer:
    return Importer(rooms.users.store, rooms.users.service, rooms.tweets.service, wall_clock, progress)

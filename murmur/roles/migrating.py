"""Everything from the stores of one profile into those of the other: resumable, compared and audited in the end."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import msgspec

from murmur.archive.copying import Comparison, Key, compare, copy_table
from murmur.audit.finding import Finding, steady
from murmur.engines import engine_of
from murmur.errors import StartupError
from murmur.roles.auditing import come_to_rest, passes_at_any_time, passes_at_rest
from murmur.roles.stores import Stores
from murmur.roles.tables import all_tables
from murmur.roles.up import lock_folder
from murmur.roles.workers import WORKERS, at_work
from murmur.settings import Settings
from murmur.settings.stores import StoreSettings
from murmur.telemetry.health import Health
from murmur.telemetry.metrics import Metrics

_REST_SECONDS = 600.0
_NOTE = "migration.json"
_MOVED = ("users", "sessions", "tweets", "notifications", "partners", "analytics", "broker")
"""Stores that are of engines in the distributed profile, by their names among the settings without the `_url`."""

Told = Callable[[str, int], None]
"""Is told how many rows of a table were copied more."""


class Profile(StrEnum):
    EMBEDDED = "embedded"
    """The stores in the data folder."""
    DISTRIBUTED = "distributed"
    """The stores that the settings name."""


@dataclass(frozen=True, slots=True)
class Migration:
    """`comparisons` has each table of both sides; `findings` are of the audit of the target."""

    comparisons: tuple[Comparison, ...]
    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        return not self.findings and all(comparison.equal for comparison in self.comparisons)


class _Note(msgspec.Struct):
    """How far a migration has come: the last key that is safely there, by table."""

    source: Profile
    target: Profile
    done: dict[str, tuple[int | str, ...]]


async def migrate(settings: Settings, source: Profile, target: Profile, told: Told) -> Migration:
    """Copy what `murmur.roles.tables` lists: people, tweets, notifications, partners, analytics and what stands beside them.

    Nothing may be written meanwhile: gateways and subgraphs are stopped, and what events are under way are worked off first
    (for the distributed profile by its workers, which run on). A migration that was cut off goes on where it was.

    Raises StartupError where a side is not as it must be: the same twice, a platform that runs, a source that holds nothing, a
    target that is not empty.
    """
    if source is target:
        raise StartupError(f"--from {source} --to {target}: name the two profiles")
    folder = settings.server.data_dir
    async with AsyncExitStack() as stack:
        sides = {profile: Stores(_settings_of(profile, settings), stack) for profile in Profile}
        lock_folder(folder, stack)
        await _come_to_rest(source, sides[source], settings)
        await _make_ready(sides[target])
        note = _read_note(folder, source, target)
        if note is None:
            if not await _filled(sides[source]):
                raise StartupError(
                    f"the {source} profile holds nothing; the data folder of the embedded one is {folder.absolute()}: "
                    "--data-dir names another"
                )
            if filled := await _filled(sides[target]):
                raise StartupError(
                    f"the {target} profile is not empty ({', '.join(filled)}); a migration needs stores of its own"
                )
            # Before the first row: a target that has rows and no note can't be told from one that others use.
            note = _Note(source, target, {})
            _write_note(folder, note)
        pairs = list(zip(all_tables(sides[source]), all_tables(sides[target]), strict=True))
        for from_, to in pairs:
            await copy_table(from_, to, note.done.get(from_.name), _keep(folder, note, from_.name, told))
        comparisons = [await compare(from_, to) for from_, to in pairs]
        passes = (*passes_at_any_time(sides[target]), *passes_at_rest(sides[target]))
        findings = [finding for one in passes for finding in await steady(one)]
        migration = Migration(tuple(comparisons), tuple(findings))
        if migration.good:
            (folder / _NOTE).unlink(missing_ok=True)
        return migration


def _settings_of(profile: Profile, settings: Settings) -> Settings:
    if profile is Profile.EMBEDDED:
        return replace(settings, stores=StoreSettings.read({}, {}))
    for name in _MOVED:
        if (url := getattr(settings.stores, f"{name}_url")).startswith("sqlite:"):
            raise StartupError(f"MURMUR_{name.upper()}_URL={url} is no store of the distributed profile; name the engine's URL")
    return settings


async def _filled(stores: Stores) -> list[str]:
    """The tables that have rows."""
    return [table.name for table in all_tables(stores) if await table.read(table.first, 1)]


async def _make_ready(stores: Stores) -> None:
    """Make the indexes, constraints and topics that a new engine lacks."""
    for name in _MOVED:
        if (engine := engine_of(getattr(stores, name))) is not None:
            await engine.apply()


async def _come_to_rest(profile: Profile, stores: Stores, settings: Settings) -> None:
    metrics, health = Metrics(), Health()
    async with AsyncExitStack() as stack:
        if profile is Profile.EMBEDDED:
            await stack.enter_async_context(at_work(WORKERS, stores, _settings_of(profile, settings), metrics, health))
        if behind := await come_to_rest(stores, _REST_SECONDS):
            raise StartupError(
                f"the {profile} profile does not come to rest: {behind}; stop what writes, and let its workers run"
            )


def _read_note(folder: Path, source: Profile, target: Profile) -> _Note | None:
    try:
        note = msgspec.json.decode((folder / _NOTE).read_bytes(), type=_Note)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise StartupError(f"{folder / _NOTE} is damaged; remove it and empty the target to begin again") from error
    if (note.source, note.target) != (source, target):
        raise StartupError(
            f"a migration from {note.source} to {note.target} was begun here; end that one, or remove {folder / _NOTE}"
        )
    return note


def _write_note(folder: Path, note: _Note) -> None:
    """A page that is copied twice changes nothing, so the disk need not be waited for."""
    draft = folder / f"{_NOTE}.part"
    draft.write_bytes(msgspec.json.encode(note))
    draft.replace(folder / _NOTE)


def _keep(folder: Path, note: _Note, table: str, told: Told) -> Callable[[Key, int], None]:
    """Write down what is safely copied."""

    def keep(key: Key, rows: int) -> None:
        note.done[table] = key
        _write_note(folder, note)
        told(table, rows)

    return keep

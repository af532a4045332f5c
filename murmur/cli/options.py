"""Options that commands share, and the settings that they and the environment come to."""

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import uvloop

from murmur.errors import StartupError
from murmur.settings import Settings, load_settings
from murmur.telemetry.logs import configure_logs

T = TypeVar("T")
Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")]
DataDir = Annotated[Path | None, typer.Option(help="Folder of the stores and keys.")]

OverrideLabel = Annotated[
    list[str] | None, typer.Option(help="A label of progressive overrides that is active; may be repeated.", show_default=False)
]


def settings_of(**flags: object) -> Settings:
    """Raises StartupError."""
    # What commands write may hold password hashes or what is private, also in a folder that others may read.
    os.umask(0o077)
    settings = load_settings(os.environ, **flags)
    configure_logs(settings.server.log_level)
    return settings


def settings_to_look(data_dir: Path | None) -> Settings:
    """For a command that only reads: a folder that is misspelt shall not be made, and look empty. Raises StartupError."""
    settings = settings_of(data_dir=data_dir)
    folder = settings.server.data_dir
    if not folder.is_dir():
        raise StartupError(f"there is no data folder {folder}; name one by --data-dir or MURMUR_DATA_DIR")
    return settings


def run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)

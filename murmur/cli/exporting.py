"""`murmur export`"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from murmur.cli.options import DataDir, run, settings_to_look
from murmur.cli.progress import bar_over
from murmur.cli.terminal import err
from murmur.errors import StartupError
from murmur.roles import archive
from murmur.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def export(
    file: Annotated[str, typer.Argument(help="Where to write; - is standard output.")] = "-",
    data_dir: DataDir = None,
) -> None:
    """Write everything but credentials as an NDJSON archive. The same data gives the same bytes."""
    settings = settings_to_look(data_dir)
    if file == "-":
        run(archive.export_archive(settings, sys.stdout.buffer, lambda _size: None))
        sys.stdout.buffer.flush()
        return
    target = Path(file)
    try:
        if target.exists() and not target.is_file():
            # A device or a pipe is written to, never replaced.
            count = _export_to(target, settings)
        else:
            # Written beside the target and moved into place: an export that fails leaves an earlier one whole.
            place = Path(os.path.realpath(target))
            draft = place.with_name(place.name + ".part")
            count = _export_to(draft, settings)
            draft.replace(place)
    except OSError as error:
        raise StartupError(f"can't write {target}: {error.strerror}") from error
    err.print(f"{count} rows")


def _export_to(path: Path, settings: Settings) -> int:
    with path.open("wb") as handle, bar_over(f"Exporting to {path.name}", None) as watcher:
        return run(archive.export_archive(settings, handle, watcher.advance))

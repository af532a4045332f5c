"""`murmur import`"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from murmur.cli.options import DataDir, run, settings_of
from murmur.cli.progress import bar_over, print_tally
from murmur.errors import StartupError
from murmur.roles import archive

app = typer.Typer(add_completion=False)


@app.command("import")
def import_(
    file: Annotated[str | None, typer.Argument(help="An NDJSON archive (docs/archive.md); - reads standard input.")] = None,
    follows: Annotated[Path | None, typer.Option(help="An edge list instead: `a b` a line, a follows b.")] = None,
    mutual: Annotated[bool, typer.Option(help="With --follows: b follows a as well.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Read people, follows and tweets. Importing a file again changes nothing."""
    if (file is None) == (follows is None):
        raise StartupError("name a file to import: either an archive, or an edge list with --follows FILE")
    if mutual and not follows:
        raise StartupError("--mutual is for edge lists: give it with --follows FILE")
    settings = settings_of(data_dir=data_dir)
    path = follows or Path(str(file))
    try:
        source = sys.stdin.buffer if file == "-" else path.open("rb")
        size = None if file == "-" else path.stat().st_size
    except OSError as error:
        raise StartupError(f"can't read {path}: {error.strerror}") from error
    with source, bar_over(f"Importing {path.name}", size) as watcher:
        work = (
            archive.import_follows(settings, source, watcher, mutual=mutual)
            if follows
            else archive.import_archive(settings, source, watcher)
        )
        tally = run(work)
    print_tally(tally)

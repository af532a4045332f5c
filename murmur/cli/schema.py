"""`murmur schema`"""

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from gateway.federation.changes import Change, Level
from murmur.cli.options import run, settings_of
from murmur.cli.terminal import PLAIN, err, out
from murmur.errors import StartupError
from murmur.roles import schemas
from murmur.roles.schema_changes import COMMITTED, changes_between
from murmur.roles.subgraph_sources import parse_source, read_sources
from murmur.roles.tls import client_context

OldSchema = Annotated[Path, typer.Argument(help="SDL of a supergraph or an API. Alone, it is the new one and schema/ the old.")]
NewSchema = Annotated[Path | None, typer.Argument(help="The same as it shall be.", show_default=False)]
app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def schema() -> None:
    """Subgraph schemas and the supergraph."""


@app.command("export")
def schema_export(
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = Path("schema"),
    check: Annotated[bool, typer.Option(help="Write nothing; fail when a file is stale.")] = False,
) -> None:
    """Write each subgraph's SDL, the supergraph and the public API."""
    if not check:
        changed = schemas.write_generated(folder)
        err.print(f"{len(changed)} files written" if changed else f"{folder} is fresh")
        return
    stale = schemas.stale(folder)
    if stale:
        raise StartupError(f"stale: {', '.join(str(path) for path in stale)}; run `make schema`")


@app.command("compose")
def schema_compose(
    subgraphs: Annotated[
        list[str] | None,
        typer.Argument(help="NAME=URL of a running subgraph, or NAME=FILE or NAME=FILE=URL; Murmur's own without any."),
    ] = None,
) -> None:
    """Compose subgraph SDLs to a supergraph and print it."""
    if not subgraphs:
        sys.stdout.write(dict(schemas.generated())["supergraph.graphql"])
        return
    sources = [parse_source(text) for text in subgraphs]
    tls = client_context(settings_of().tls) if any(source.file is None for source in sources) else None
    sys.stdout.write(schemas.composed(run(read_sources(sources, tls))))


@app.command("check")
def schema_check(old: OldSchema, new: NewSchema = None) -> None:
    """Tell what a change of the schema means to clients: breaking (exit code 1), dangerous or safe."""
    changes = _changes(old, new)
    counts = Counter(change.level for change in changes)
    for change in changes:
        out.print(f"{change.level.value:9} {change.coordinate}: {change.message} ({change.code})", **PLAIN)
    err.print(", ".join(f"{counts[level]} {level.value}" for level in Level), **PLAIN)
    if counts[Level.BREAKING]:
        raise typer.Exit(1)


@app.command("diff")
def schema_diff(old: OldSchema, new: NewSchema = None) -> None:
    """Print what changed in a schema, by coordinate: + is new, - is gone, ~ is different."""
    for change in sorted(_changes(old, new), key=lambda change: change.coordinate):
        out.print(f"{change.sign} {change.coordinate}: {change.message}", **PLAIN)


def _changes(old: Path, new: Path | None) -> tuple[Change, ...]:
    return changes_between(old, new) if new else changes_between(COMMITTED, old)

"""`murmur operations`"""

from pathlib import Path
from typing import Annotated

import typer

from murmur.cli.options import DataDir, run, settings_of
from murmur.cli.terminal import PLAIN, err, out
from murmur.errors import StartupError
from murmur.roles import federation, partners
from murmur.roles.schemas import own_supergraph

app = typer.Typer(add_completion=False, no_args_is_help=True)
Partner = Annotated[str | None, typer.Option(help="Whose manifest; without it the platform's own, which anybody may run.")]


@app.callback()
def operations() -> None:
    """Documents that clients may run by their ids."""


@app.command()
def publish(
    files: Annotated[list[Path], typer.Argument(help="Files of one operation each, or folders of them.")],
    partner: Partner = None,
    data_dir: DataDir = None,
) -> None:
    """Check documents against the API and add them to a manifest: all of them, or none."""
    published = run(partners.publish(settings_of(data_dir=data_dir), files, partner))
    for document in published.documents:
        out.print(f"{document.id} {document.name}", **PLAIN)
    err.print(f"{published.new} documents are new", **PLAIN)


@app.command("list")
def list_(partner: Partner = None, data_dir: DataDir = None) -> None:
    """Print what is published, and by whom."""

    async def show() -> None:
        async for owner, document in partners.documents(settings_of(data_dir=data_dir), partner):
            out.print(f"{owner} {document.id} {document.name}", **PLAIN)

    run(show())


@app.command()
def check(
    supergraph: Annotated[
        Path | None, typer.Option(help="A supergraph as it shall be; Murmur's own by default.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Tell which published documents an API can't run. Exit code 1 where there are any."""
    schema = (federation.read_supergraph(supergraph) if supergraph else own_supergraph()).api_schema

    async def show() -> int:
        count = 0
        async for owner, document, problems in partners.broken(settings_of(data_dir=data_dir), schema):
            count += 1
            for problem in problems:
                out.print(f"{owner} {document.id} {document.name}: {problem}", **PLAIN)
        return count

    if count := run(show()):
        err.print(f"{count} published documents break", **PLAIN)
        raise typer.Exit(1)
    err.print("all published documents can be run", **PLAIN)


@app.command()
def withdraw(
    id: Annotated[str, typer.Argument(help="The document's id, `sha256:…`.")], partner: Partner = None, data_dir: DataDir = None
) -> None:
    """Take a document out of a manifest; gateways run it for a few seconds more."""
    if not run(partners.withdraw(settings_of(data_dir=data_dir), partner, id)):
        raise StartupError(f"{id} is not among the documents")
    err.print(f"{id} is withdrawn", **PLAIN)

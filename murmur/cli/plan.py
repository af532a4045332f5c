"""`murmur plan`"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from murmur.cli.options import OverrideLabel
from murmur.roles import federation, schemas

app = typer.Typer(add_completion=False)


@app.command()
def plan(
    file: Annotated[Path, typer.Argument(help="A GraphQL document; - reads standard input.")],
    supergraph: Annotated[Path | None, typer.Option(help="The supergraph's SDL; Murmur's own by default.")] = None,
    operation: Annotated[str | None, typer.Option(help="Which operation, where the document has several.")] = None,
    stage: Annotated[
        federation.Stage, typer.Option(help="The plan itself, or the documents that it sends.")
    ] = federation.Stage.PLAN,
    override_label: OverrideLabel = None,
) -> None:
    """Print how an operation is fetched from the subgraphs."""
    text = sys.stdin.read() if str(file) == "-" else federation.read_text(file)
    loaded = federation.read_supergraph(supergraph) if supergraph else schemas.own_supergraph()
    sys.stdout.write(federation.print_plan(text, loaded, operation, stage, override_label or ()) + "\n")

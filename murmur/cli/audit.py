"""`murmur audit`"""

from typing import Annotated

import typer

from murmur.cli.options import DataDir, run, settings_to_look
from murmur.cli.terminal import PLAIN, err, out
from murmur.roles import auditing

app = typer.Typer(add_completion=False)


@app.command()
def audit(
    wait: Annotated[float, typer.Option(min=0, help="Seconds that events under way may take to arrive.")] = 30,
    data_dir: DataDir = None,
) -> None:
    """Tell whether the stores agree: counts with edges, timelines with posts. Exit code 1, and a list, where they do not."""
    found = run(auditing.audit(settings_to_look(data_dir), seconds=wait))
    for finding in found.findings:
        out.print(f"{finding.check}: {finding.subject}: {finding.told}", **PLAIN)
    for what in found.left_out:
        err.print(f"not looked at: {what}", **PLAIN)
    err.print(f"{len(found.findings)} findings" if found.findings else "everything agrees", **PLAIN)
    if found.findings:
        raise typer.Exit(1)

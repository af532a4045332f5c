"""`murmur cluster`"""

import os
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from murmur.cli.options import settings_of
from murmur.cli.terminal import PLAIN, err, out
from murmur.errors import StartupError
from murmur.roles.cluster import Cluster, Line, fitting, status

Directory = Annotated[Path, typer.Option(help="Folder of the data, the certificates and the logs.")]
app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def cluster() -> None:
    """The distributed profile on this machine, without containers."""


@app.command()
def up(
    directory: Directory = Path(".murmur-cluster"),
    members: Annotated[int | None, typer.Option(help="MongoDB servers: 1 or 3.", show_default="by memory")] = None,
    brokers: Annotated[int | None, typer.Option(help="Kafka brokers: 1 or 3.", show_default="by memory")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the API; 0 takes a free one.")] = 8443,
) -> None:
    """Run engines, subgraphs, workers and two gateways behind HAProxy until Ctrl-C. What ends is started again."""
    settings_of()
    for name, count in (("--members", members), ("--brokers", brokers)):
        if count not in (None, 1, 3):
            raise StartupError(f"{name} {count}: one or three")
    # Until it runs, a signal ends what has been started; while it ends, there is nothing more to ask for.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    running = Cluster(directory, fitting(members, brokers), port=port, tell=lambda text: err.print(text, **PLAIN))
    try:
        running.start()
        _print(running.directory, running.status())
        _welcome(running)
        running.run(threading.Event())
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        running.stop()
    err.print("stopped")


@app.command("status")
def show_status(directory: Directory = Path(".murmur-cluster")) -> None:
    """Print what runs of a cluster, and whether it is ready (exit code 1 where something is not)."""
    lines = status(directory)
    _print(directory.resolve(), lines)
    if any(line.trouble for line in lines):
        raise typer.Exit(1)


def _print(directory: Path, lines: list[Line]) -> None:
    table = Table(show_lines=False)
    for column in ("what", "pid", "port", "state", "restarts", "log"):
        table.add_column(column, overflow="fold", justify="right" if column in ("pid", "port", "restarts") else "left")
    for line in lines:
        entry = line.entry
        log = str(Path(entry.log).relative_to(directory))
        table.add_row(entry.name, str(entry.pid), str(entry.port), line.trouble or "ready", str(entry.restarts), log)
    out.print(table)
    out.print(f"The logs are in {directory}", **PLAIN)


def _welcome(running: Cluster) -> None:
    trusted = os.path.relpath(running.certificate)
    err.print(f"\nMurmur is up at {running.url}/graphql, with a certificate by {trusted}. Ask it for something:\n", **PLAIN)
    document = """'{"query": "{ __schema { queryType { fields { name } } } }"}'"""
    err.print(f"  curl --cacert {trusted} -H 'content-type: application/json' -d {document} {running.url}/graphql\n", **PLAIN)
    err.print("Other commands find its stores by a file for the shell:\n", **PLAIN)
    err.print(f"  (. {running.environment} && murmur audit)\n", **PLAIN)
    err.print("Ctrl-C stops it; what was posted is kept.\n", **PLAIN)

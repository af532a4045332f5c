"""`murmur worker`"""

from typing import Annotated

import typer

from murmur.cli.options import DataDir, Host, settings_of
from murmur.cli.serving import serve_role
from murmur.roles.worker import open_worker
from murmur.roles.workers import WORKERS, check_worker

app = typer.Typer(add_completion=False)


@app.command()
def worker(
    name: Annotated[str, typer.Argument(help=", ".join(WORKERS))],
    host: Host = None,
    port: Annotated[int | None, typer.Option(help="Port of health and metrics; 0 takes a free one.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Run one worker; several of one name share its work. Its port answers health and metrics."""
    settings = settings_of(host=host, port=port if port is not None else 0, data_dir=data_dir)
    check_worker(name, settings)
    serve_role(f"the worker {name}", settings, lambda metrics, health: open_worker(name, settings, metrics, health))

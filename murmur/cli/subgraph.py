"""`murmur subgraph`"""

from typing import Annotated

import typer

from murmur.cli.options import DataDir, Host, Port, settings_of
from murmur.cli.serving import serve_role
from murmur.roles import schemas
from murmur.roles.subgraph import check_subgraph, known, open_subgraph

app = typer.Typer(add_completion=False)


@app.command()
def subgraph(
    name: Annotated[str, typer.Argument(help=", ".join(schemas.SCHEMAS))],
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
) -> None:
    """Serve one subgraph over HTTP, for a gateway that MURMUR_SUBGRAPHS points here."""
    chosen = port if port is not None else schemas.PORTS[known(name)]
    settings = settings_of(host=host, port=chosen, data_dir=data_dir)
    check_subgraph(name, settings)
    serve_role(f"the subgraph {name}", settings, lambda metrics, health: open_subgraph(name, settings, metrics, health))

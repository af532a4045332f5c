"""`murmur gateway`"""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated

import typer

from gateway.edge.forwarding import DEFAULT_HEADERS
from murmur.cli.options import DataDir, Host, OverrideLabel, Port, settings_of
from murmur.cli.serving import serve_role
from murmur.errors import StartupError
from murmur.roles import federation
from murmur.roles.edge import as_role
from murmur.roles.gateway import open_gateway_apart
from murmur.roles.process import Role
from murmur.telemetry.health import Health
from murmur.telemetry.metrics import Metrics

app = typer.Typer(add_completion=False)


@app.command()
def gateway(
    supergraph: Annotated[
        Path | None, typer.Option(help="The supergraph's SDL, by whatever composer; Murmur's own by default.", show_default=False)
    ] = None,
    subgraph: Annotated[
        list[str] | None, typer.Option(help="NAME=URL of a subgraph that is not where the supergraph says; may be repeated.")
    ] = None,
    forward_header: Annotated[
        list[str] | None,
        typer.Option(
            help="A request header that subgraphs get; may be repeated. No other one is passed on.", show_default="authorization"
        ),
    ] = None,
    override_label: OverrideLabel = None,
    unshared_subscription: Annotated[
        list[str] | None,
        typer.Option(help="A subscription whose events depend on when one began: each client has its own; may be repeated."),
    ] = None,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    explorer: Annotated[bool | None, typer.Option(help="Serve GraphiQL at /graphql.", show_default="outside production")] = None,
) -> None:
    """Serve a supergraph over HTTP subgraphs, without a store: Murmur's own, or with --supergraph any."""
    settings = settings_of(host=host, port=port, data_dir=data_dir, explorer=explorer)
    urls = federation.parse_addresses(subgraph or ())
    if supergraph is None and forward_header:
        raise StartupError("--forward-header is for --supergraph: Murmur's own subgraphs trust the gateway's signature alone")
    if supergraph is None and override_label:
        raise StartupError("--override-label is for --supergraph: Murmur's own has no overrides")
    if supergraph is None and unshared_subscription:
        raise StartupError("--unshared-subscription is for --supergraph: of Murmur's own it is known")

    def opened(metrics: Metrics, health: Health) -> AbstractAsyncContextManager[Role]:
        if supergraph is None:
            return as_role(open_gateway_apart(settings, metrics, health, urls=urls))
        headers = forward_header or DEFAULT_HEADERS
        opening = federation.open_federation(
            supergraph,
            settings,
            metrics,
            health,
            urls=urls,
            forwarded=headers,
            override_labels=override_label or (),
            unshared=unshared_subscription or (),
        )
        return as_role(opening)

    serve_role(str(supergraph or "Murmur"), settings, opened)

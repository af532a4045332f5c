"""`murmur keys`"""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from gateway.partners.model import Scope
from murmur.cli.options import DataDir, run, settings_of
from murmur.cli.terminal import PLAIN, err, out
from murmur.errors import StartupError
from murmur.roles import partners

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def keys() -> None:
    """API keys of partners."""


@app.command()
def create(
    partner: Annotated[str, typer.Argument(help="The partner's name: a-z, 0-9 and -.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="What it may run; may be repeated.", show_default="read")] = None,
    days: Annotated[float | None, typer.Option(min=0.001, help="When it expires.", show_default="never")] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a key and print it. Only its hash is kept, so it can't be printed again."""
    key, text = run(partners.create_key(settings_of(data_dir=data_dir), partner, scope or [Scope.READ], days))
    err.print(f"key {key.id} of {key.partner}: {', '.join(sorted(key.scopes))}; this is shown once:", **PLAIN)
    out.print(text, **PLAIN)


@app.command("list")
def list_(partner: Annotated[str | None, typer.Option(help="Only of this partner.")] = None, data_dir: DataDir = None) -> None:
    """Print keys, without their secrets."""
    table = Table("id", "partner", "scopes", "created", "expires", "state")
    for key in run(partners.keys(settings_of(data_dir=data_dir), partner)):
        state = "revoked" if key.revoked_at is not None else "active"
        table.add_row(key.id, key.partner, " ".join(sorted(key.scopes)), _day(key.created_at), _day(key.expires_at), state)
    out.print(table)


@app.command()
def revoke(id: Annotated[str, typer.Argument(help="The key's id.")], data_dir: DataDir = None) -> None:
    """End a key for good; gateways let it pass for a few seconds more."""
    if not run(partners.revoke_key(settings_of(data_dir=data_dir), id)):
        raise StartupError(f"there is no key {id!r}")
    err.print(f"key {id} is revoked", **PLAIN)


def _day(ms: int | None) -> str:
    return "never" if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M}"

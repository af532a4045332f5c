"""`murmur settings`"""

import os

import typer
from rich.table import Table

from murmur.cli.options import settings_of
from murmur.cli.terminal import out
from murmur.settings import shown

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def settings() -> None:
    """Look at the settings."""


@app.command("show")
def settings_show() -> None:
    """Print every setting, its value, where it comes from and what it means."""
    table = Table(show_lines=False)
    for column in ("setting", "value", "from", "meaning"):
        table.add_column(column, overflow="fold")
    for setting in shown(settings_of(), os.environ):
        table.add_row(setting.name, setting.value, setting.origin, setting.description)
    out.print(table)

"""`murmur timeline`"""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from murmur.cli.options import DataDir, run, settings_to_look
from murmur.cli.terminal import out
from murmur.roles import looking
from murmur.roles.terminal import printable

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def timeline() -> None:
    """Look at timelines."""


@app.command("show")
def timeline_show(
    handle: Annotated[str, typer.Argument(help="Whose home timeline.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many entries.")] = 20,
    data_dir: DataDir = None,
) -> None:
    """Print a person's home timeline as that person sees it."""
    settings = settings_to_look(data_dir)
    table = Table(title=f"Home timeline of {handle}", show_lines=False)
    for column in ("time", "author", "tweet", "likes", "retweeted by"):
        table.add_column(column, justify="right" if column == "likes" else "left")
    for line in run(looking.home_timeline(settings, handle, limit)):
        table.add_row(
            f"{line.at:%Y-%m-%d %H:%M}", line.author, Text(printable(line.text)), str(line.likes), line.retweeted_by or ""
        )
    out.print(table)

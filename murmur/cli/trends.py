"""`murmur trends`"""

from typing import Annotated

import typer
from rich.table import Table

from murmur.cli.options import DataDir, run, settings_to_look
from murmur.cli.terminal import err, out
from murmur.clock import to_iso
from murmur.roles.trending import board, rebuild
from murmur.settings import Settings
from subgraphs.search.model import TrendWindow

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def trends() -> None:
    """Look after the trends."""


@app.command("show")
def trends_show(
    window: Annotated[TrendWindow, typer.Option(help="Since when.")] = TrendWindow.DAY,
    data_dir: DataDir = None,
) -> None:
    """Print what rises, as it was ranked last."""
    found = run(board(settings_to_look(data_dir), window))
    table = Table(title="Nothing was ranked yet" if found is None else f"Trends of the {window}, ranked at {to_iso(found.at)}")
    for column in ("rank", "hashtag", "tweets"):
        table.add_column(column, justify="left" if column == "hashtag" else "right")
    for rank, row in enumerate(() if found is None else found.rows, 1):
        table.add_row(str(rank), row.tag, str(row.uses))
    out.print(table)


@app.command("rebuild")
def trends_rebuild(data_dir: DataDir = None) -> None:
    """Count hashtags anew from the tweets, after the store of trends was lost or changed. People go on writing meanwhile."""
    err.print(f"the hashtags of {run(_rebuilt(settings_to_look(data_dir)))} tweets are counted")


async def _rebuilt(settings: Settings) -> int:
    tweets = 0
    async for read in rebuild(settings):
        tweets += read
    return tweets

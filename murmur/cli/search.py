"""`murmur search`"""

from collections import Counter

import typer

from murmur.cli.options import DataDir, run, settings_to_look
from murmur.cli.terminal import err
from murmur.roles.reindexing import reindex
from murmur.settings import Settings
from subgraphs.search.model import Kind

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def search() -> None:
    """Look after the search index."""


@app.command("reindex")
def search_reindex(data_dir: DataDir = None) -> None:
    """Make the index anew from tweets and profiles. People go on writing and searching meanwhile."""
    written, removed = run(_reindexed(settings_to_look(data_dir)))
    err.print(f"{written[Kind.TWEET]} tweets and {written[Kind.PERSON]} people are indexed; {removed} were there no more")


async def _reindexed(settings: Settings) -> tuple[Counter[Kind], int]:
    written: Counter[Kind] = Counter()
    removed = 0
    async for progress in reindex(settings):
        written[progress.kind] += progress.written
        removed += progress.removed
    return written, removed

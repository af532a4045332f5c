"""`murmur analytics`"""

import typer

from murmur.cli.options import DataDir, run, settings_to_look
from murmur.cli.terminal import err
from murmur.roles.recounting import recount
from murmur.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def analytics() -> None:
    """Look after analytics."""


@app.command("recount")
def analytics_recount(data_dir: DataDir = None) -> None:
    """Count what the event log still has, after the store of analytics was lost. What was counted before is not counted again."""
    err.print(f"{run(_recounted(settings_to_look(data_dir)))} events were heard")


async def _recounted(settings: Settings) -> int:
    heard = 0
    async for events in recount(settings):
        heard += events
    return heard

"""`murmur events`"""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from murmur.cli.options import DataDir, run, settings_of, settings_to_look
from murmur.cli.terminal import err, out
from murmur.roles import looking
from murmur.roles.terminal import printable
from murmur.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def events() -> None:
    """Look at the event log."""


@app.command("tail")
def events_tail(
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many of the newest records.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Print the newest records of the event log."""
    settings = _settings_of_log(data_dir)

    async def follow_log() -> None:
        async for line in looking.tail_events(settings, limit, follow=follow):
            out.print(f"{line.at:%Y-%m-%d %H:%M:%S}" if line.at else "-", _shown(line), highlight=False)

    try:
        run(follow_log())
    except KeyboardInterrupt:
        return


@app.command("dead-letters")
def events_dead_letters(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the newest.")] = 20, data_dir: DataDir = None
) -> None:
    """Print events that a worker could not process, the newest first, and why."""
    for line in run(looking.dead_letters(_settings_of_log(data_dir), limit)):
        reason = escape(printable(line.reason))
        out.print(f"{line.at:%Y-%m-%d %H:%M:%S} {escape(line.group)}: [red]{reason}[/]\n  {_shown(line.event)}", highlight=False)


@app.command("replay")
def events_replay(
    group: Annotated[str | None, typer.Option(help="Of this worker alone.", show_default="of all")] = None,
    data_dir: DataDir = None,
) -> None:
    """Publish dead letters again, when what made them fail was mended. They come after all that has happened since."""
    err.print(f"{run(looking.replay_dead_letters(_settings_of_log(data_dir), group))} events are published again")


def _settings_of_log(data_dir: Path | None) -> Settings:
    """The event log is in the data folder or elsewhere."""
    settings = settings_of(data_dir=data_dir)
    return settings_to_look(data_dir) if settings.stores.broker_url.startswith("sqlite:") else settings


def _shown(line: looking.EventLine) -> str:
    fields = " ".join(f"{name}={value!r}" for name, value in line.fields.items() if value not in (None, [], ()))
    return f"{line.topic}/{line.partition}@{line.offset} [bold]{line.type}[/] {escape(fields)}"

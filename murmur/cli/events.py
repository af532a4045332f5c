"""`murmur events`"""

from typing import Annotated

import typer
from rich.markup import escape

from murmur.cli.options import DataDir, run, settings_to_look
from murmur.cli.terminal import out
from murmur.roles import looking

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
    settings = settings_to_look(data_dir)

    async def follow_log() -> None:
        async for line in looking.tail_events(settings, limit, follow=follow):
            at = f"{line.at:%Y-%m-%d %H:%M:%S}" if line.at else "-"
            fields = " ".join(f"{name}={value!r}" for name, value in line.fields.items() if value not in (None, [], ()))
            out.print(f"{at} {line.topic}/{line.partition}@{line.offset} [bold]{line.type}[/] {escape(fields)}", highlight=False)

    try:
        run(follow_log())
    except KeyboardInterrupt:
        return

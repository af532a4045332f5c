"""`murmur engines`"""

from typing import Annotated

import typer
from rich.table import Table

from murmur.cli.options import DataDir, run, settings_of
from murmur.cli.terminal import PLAIN, err, out
from murmur.roles.engines import Checked, check_engines

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def engines() -> None:
    """The engines that the settings name."""


@app.command()
def check(
    apply: Annotated[bool, typer.Option(help="Make what is missing: indexes, shard keys, constraints, topics.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for engines that do not answer yet.")] = 0,
    data_dir: DataDir = None,
) -> None:
    """Ask every engine for its version, role and lag, and tell what it lacks (exit code 1)."""
    found = run(check_engines(settings_of(data_dir=data_dir), apply=apply, patience=wait))
    table = Table(show_lines=False)
    for column in ("store", "engine", "version", "role", "lag", "state"):
        table.add_column(column, overflow="fold")
    for checked in found:
        table.add_row(checked.store, *_cells(checked))
    out.print(table)
    for checked in found:
        for line in checked.made:
            out.print(f"{checked.store}: made {line}", **PLAIN)
        for line in checked.report.missing if checked.report else ():
            out.print(f"{checked.store}: missing {line}", **PLAIN)
        for group, events in (checked.behind or {}).items():
            if events:
                out.print(f"{checked.store}: {group} is {events} events behind", **PLAIN)
        if checked.failure:
            out.print(f"{checked.store}: {checked.failure} ({checked.url})", **PLAIN)
    if not all(checked.sound for checked in found):
        err.print("some engines are missing something" if apply else "what is missing is made by --apply", **PLAIN)
        raise typer.Exit(1)


def _cells(checked: Checked) -> tuple[str, str, str, str, str]:
    report = checked.report
    lag = "" if checked.behind is None else f"{max(checked.behind.values())} events"
    if report is None:
        return checked.url.partition(":")[0], "", "", lag, "does not answer" if checked.failure else "embedded"
    state = f"{len(report.missing)} missing" if report.missing else "ok"
    return report.name, report.version, report.role, report.lag or lag, state

"""`murmur migrate`"""

from typing import Annotated

import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from murmur.cli.options import DataDir, run, settings_to_look
from murmur.cli.terminal import PLAIN, err, out
from murmur.roles.migrating import Migration, Profile
from murmur.roles.migrating import migrate as migrating

app = typer.Typer(add_completion=False)


@app.command()
def migrate(
    from_: Annotated[Profile, typer.Option("--from", help="The profile that has everything now.")],
    to: Annotated[Profile, typer.Option(help="The profile that shall have it; its stores are empty.")],
    data_dir: DataDir = None,
) -> None:
    """Copy everything from one profile's stores to the other's, then compare both sides row by row.

    Stop what writes first. A migration that was cut off goes on where it was.
    """
    settings = settings_to_look(data_dir)
    with Progress(
        TextColumn("{task.description}"), TextColumn("{task.completed:.0f} rows"), TimeElapsedColumn(), console=err
    ) as bar:
        tasks: dict[str, int] = {}

        def told(table: str, rows: int) -> None:
            if table not in tasks:
                tasks[table] = bar.add_task(table, total=None)
            bar.advance(tasks[table], rows)  # pyright: ignore[reportArgumentType] (an id is an int)

        migration = run(migrating(settings, from_, to, told))
    _print(migration, from_, to)
    if not migration.good:
        raise typer.Exit(1)


def _print(migration: Migration, from_: Profile, to: Profile) -> None:
    table = Table("table", f"rows {from_}", f"rows {to}", Column("checksum", overflow="fold"), show_lines=False)
    for comparison in migration.comparisons:
        sums = comparison.checksums
        checksum = sums[0] if sums[0] == sums[1] else f"{sums[0]} and {sums[1]}"
        table.add_row(comparison.table, *map(str, comparison.rows), checksum)
    out.print(table)
    for comparison in migration.comparisons:
        for key in comparison.differences:
            out.print(f"{comparison.table}: {key} differs", **PLAIN)
    for finding in migration.findings:
        out.print(f"{finding.check}: {finding.subject}: {finding.told}", **PLAIN)
    err.print("both sides are equal" if migration.good else "the two sides are NOT equal", **PLAIN)

"""How far an import or export has come, and what it came to."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TransferSpeedColumn

from murmur.archive.importing import Progress as Watcher
from murmur.archive.importing import Tally
from murmur.cli.terminal import PLAIN, err
from murmur.roles.terminal import printable

_SHOWN_REJECTIONS = 50


@contextmanager
def bar_over(title: str, total: int | None) -> Generator[Watcher]:
    """A progress bar over bytes, and a place for the first rejected lines."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TransferSpeedColumn(), TimeElapsedColumn())
    rejected = 0
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(title, total=total)

        def reject(line: int, reason: str) -> None:
            nonlocal rejected
            rejected += 1
            if rejected <= _SHOWN_REJECTIONS:
                bar.console.print(f"line {line}: {printable(reason)}", **PLAIN)
            elif rejected == _SHOWN_REJECTIONS + 1:
                bar.console.print("… more lines are rejected; they are counted")

        yield Watcher(lambda size: bar.advance(task, size), reject)
        if total is None:
            bar.update(task, total=bar.tasks[0].completed)


def print_tally(tally: Tally) -> None:
    err.print(f"{tally.added} rows added, {tally.unchanged} were there already, {tally.rejected} rejected", highlight=False)

"""`murmur demo`"""

import typer

from murmur.cli.options import DataDir, run, settings_of
from murmur.cli.progress import bar_over
from murmur.cli.terminal import out
from murmur.roles import archive
from murmur.roles.rooms import Rooms, open_rooms
from murmur.settings import Settings
from murmur.telemetry.metrics import Metrics

app = typer.Typer(add_completion=False)


@app.command()
def demo(data_dir: DataDir = None) -> None:
    """Fill the data folder with a small community to try things out with."""
    settings = settings_of(data_dir=data_dir)

    async def fill() -> archive.DemoAccount:
        async with open_rooms(settings, Metrics()) as rooms:
            return await seed(rooms, settings)

    account = run(fill())
    out.print(f"Sign in as [bold]{account.handle}[/] with the password [bold]{account.password}[/]")


async def seed(rooms: Rooms, settings: Settings) -> archive.DemoAccount:
    account, lines = await archive.begin_demo(rooms, settings.server.data_dir)
    with bar_over("Inviting a small community", sum(map(len, lines))) as watcher:
        await archive.seed_demo(rooms, settings.server.data_dir, lines, watcher)
    return account

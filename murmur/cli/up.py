"""`murmur up`"""

from typing import Annotated

import typer

from murmur.cli.demo import seed
from murmur.cli.options import DataDir, Host, Port, run, settings_of
from murmur.cli.terminal import err
from murmur.roles import archive
from murmur.roles.server import listen, serve
from murmur.roles.up import open_platform

app = typer.Typer(add_completion=False)


@app.command()
def up(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    demo: Annotated[bool, typer.Option(help="On the first run, fill the platform with a small community.")] = False,
) -> None:
    """Run the whole platform in this process until Ctrl-C."""
    settings = settings_of(host=host, port=port, data_dir=data_dir)

    async def serve_platform() -> None:
        async with open_platform(settings) as platform:
            # The socket comes last: whoever connects is answered by a platform that works.
            listener = listen(settings.server.host, settings.server.port)
            account = archive.demo_account(settings.server.data_dir)
            if demo and await archive.wants_demo(platform.rooms, settings.server.data_dir):
                account = await seed(platform.rooms, settings)
            address = listener.getsockname()
            url = f"http://{settings.server.host}:{address[1]}"
            await serve(
                platform.gateway.app, listener, platform.drain, lambda: _welcome(url, account, client=settings.server.client)
            )

    run(serve_platform())
    err.print("stopped")


def _welcome(url: str, account: archive.DemoAccount | None, *, client: bool) -> None:
    page = f"  Murmur    [link]{url}/[/link]\n" if client else ""
    sign_in = f"\nSign in as [bold]{account.handle}[/] with the password [bold]{account.password}[/]\n" if account else ""
    err.print(
        f"\nMurmur is up.\n\n{page}  GraphiQL  [link]{url}/graphql[/link]\n  Health    {url}/health/ready\n"
        f"  Metrics   {url}/metrics\n{sign_in}\nCtrl-C stops it; what was posted is kept.\n",
        highlight=False,
    )

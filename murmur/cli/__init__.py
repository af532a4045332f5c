"""The `murmur` command. What goes wrong before anything runs is one line and a non-zero exit.

A command is a file of this package, loaded when it is run: none pays for the imports of the others.
"""

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NoReturn

import typer
from rich.markup import escape
from typer.core import TyperCommand

from murmur.cli.terminal import err, out
from murmur.errors import StartupError, Unavailable

COMMANDS: Mapping[str, tuple[str, str]] = {
    "up": ("murmur.cli.up", "Run the whole platform in this process until Ctrl-C."),
    "gateway": ("murmur.cli.gateway", "Serve a supergraph over HTTP subgraphs, without a store: Murmur's own, or any."),
    "subgraph": ("murmur.cli.subgraph", "Serve one subgraph over HTTP."),
    "worker": ("murmur.cli.worker", "Run one worker; several of one name share its work."),
    "cluster": ("murmur.cli.cluster", "The distributed profile on this machine, without containers."),
    "engines": ("murmur.cli.engines", "The engines that the settings name."),
    "certs": ("murmur.cli.certs", "Certificates for the roles."),
    "demo": ("murmur.cli.demo", "Fill the data folder with a small community to try things out with."),
    "import": ("murmur.cli.importing", "Read people, follows and tweets. Importing a file again changes nothing."),
    "export": ("murmur.cli.exporting", "Write everything but credentials as an NDJSON archive."),
    "migrate": ("murmur.cli.migrate", "Copy everything from one profile's stores to the other's."),
    "audit": ("murmur.cli.audit", "Tell whether the stores agree; exit code 1 where they do not."),
    "operations": ("murmur.cli.operations", "Documents that clients may run by their ids."),
    "keys": ("murmur.cli.keys", "API keys of partners."),
    "timeline": ("murmur.cli.timeline", "Look at timelines."),
    "search": ("murmur.cli.search", "Look after the search index."),
    "trends": ("murmur.cli.trends", "Look after the trends."),
    "analytics": ("murmur.cli.analytics", "Look after analytics."),
    "events": ("murmur.cli.events", "Look at the event log."),
    "settings": ("murmur.cli.settings", "Look at the settings."),
    "schema": ("murmur.cli.schema", "Subgraph schemas and the supergraph."),
    "plan": ("murmur.cli.plan", "Print how an operation is fetched from the subgraphs."),
}
"""By name: the module whose `app` it is, and what the list of commands says of it."""


class _Deferred(TyperCommand):
    """Stands for a command until it is run, or its own help is asked for."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        module, _ = COMMANDS[str(self.name)]
        return typer.main.get_command(import_module(module).app).make_context(info_name, args, parent, **extra)


app = typer.Typer(
    help="Murmur: a social network behind one federated GraphQL API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _name, (_, _about) in COMMANDS.items():
    app.command(_name, cls=_Deferred, help=_about)(lambda: None)


def main() -> None:
    """The program's entry point."""
    try:
        try:
            app()
        finally:
            out.file.flush()
    except (StartupError, Unavailable) as error:
        _fail(str(error))
    except BrokenPipeError:
        # Whoever read has seen enough.
        _fail(None)
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error))


def _fail(message: str | None) -> NoReturn:
    if message is not None:
        err.print(f"[bold red]murmur:[/] {escape(message)}", highlight=False, soft_wrap=True)
    # What could not be written would be tried again, and told, when the interpreter ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(1)

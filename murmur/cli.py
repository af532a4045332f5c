"""The `murmur` command. What goes wrong before anything runs is one line and a non-zero exit."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
import uvloop
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from gateway.edge.forwarding import DEFAULT_HEADERS
from gateway.federation.changes import Change, Level
from murmur.archive.importing import Progress as Watcher
from murmur.archive.importing import Tally
from murmur.errors import StartupError, Unavailable
from murmur.roles import archive, federation, looking, schemas
from murmur.roles.edge import as_role
from murmur.roles.gateway import open_gateway_apart
from murmur.roles.process import Role, run_role
from murmur.roles.rooms import Rooms, open_rooms
from murmur.roles.schema_changes import COMMITTED, changes_between
from murmur.roles.server import listen, serve
from murmur.roles.subgraph import check_subgraph, known, open_subgraph
from murmur.roles.terminal import printable
from murmur.roles.up import open_platform
from murmur.roles.worker import open_worker
from murmur.roles.workers import check_worker
from murmur.settings import Settings, load_settings, shown
from murmur.telemetry.health import Health
from murmur.telemetry.logs import configure_logs
from murmur.telemetry.metrics import Metrics

T = TypeVar("T")
_SHOWN_REJECTIONS = 50
_PLAIN: dict[str, Any] = {"highlight": False, "markup": False, "soft_wrap": True}
out = Console()
err = Console(stderr=True)
app = typer.Typer(
    help="Murmur: a social network behind one federated GraphQL API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
timeline = typer.Typer(help="Look at timelines.", no_args_is_help=True)
events = typer.Typer(help="Look at the event log.", no_args_is_help=True)
settings_app = typer.Typer(help="Look at the settings.", no_args_is_help=True)
schema = typer.Typer(help="Subgraph schemas and the supergraph.", no_args_is_help=True)
for _name, _group in (("timeline", timeline), ("events", events), ("settings", settings_app), ("schema", schema)):
    app.add_typer(_group, name=_name)

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")]
DataDir = Annotated[Path | None, typer.Option(help="Folder of the stores and keys.")]
OldSchema = Annotated[Path, typer.Argument(help="SDL of a supergraph or an API. Alone, it is the new one and schema/ the old.")]
NewSchema = Annotated[Path | None, typer.Argument(help="The same as it shall be.", show_default=False)]


@app.command()
def up(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    demo: Annotated[bool, typer.Option(help="On the first run, fill the platform with a small community.")] = False,
) -> None:
    """Run the whole platform in this process until Ctrl-C."""
    settings = _settings(host=host, port=port, data_dir=data_dir)

    async def run() -> None:
        async with open_platform(settings) as platform:
            # The socket comes last: whoever connects is answered by a platform that works.
            listener = listen(settings.server.host, settings.server.port)
            account = archive.demo_account(settings.server.data_dir)
            if demo and await archive.wants_demo(platform.rooms, settings.server.data_dir):
                account = await _seed(platform.rooms, settings)
            address = listener.getsockname()
            url = f"http://{settings.server.host}:{address[1]}"
            await serve(platform.gateway.app, listener, platform.drain, lambda: _welcome(url, account))

    _run(run())
    err.print("stopped")


@app.command()
def subgraph(
    name: Annotated[str, typer.Argument(help="users, tweets or timelines")],
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
) -> None:
    """Serve one subgraph over HTTP, for a gateway that MURMUR_SUBGRAPHS points here."""
    chosen = port if port is not None else schemas.PORTS[known(name)]
    settings = _settings(host=host, port=chosen, data_dir=data_dir)
    check_subgraph(name, settings)
    _serve_role(f"the subgraph {name}", settings, lambda metrics, health: open_subgraph(name, settings, metrics, health))


@app.command()
def worker(
    name: Annotated[str, typer.Argument(help="outbox-relay or fanout")],
    host: Host = None,
    port: Annotated[int | None, typer.Option(help="Port of health and metrics; 0 takes a free one.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Run one worker; several of one name share its work. Its port answers health and metrics."""
    settings = _settings(host=host, port=port if port is not None else 0, data_dir=data_dir)
    check_worker(name, settings)
    _serve_role(f"the worker {name}", settings, lambda metrics, health: open_worker(name, settings, metrics, health))


@app.command()
def gateway(
    supergraph: Annotated[
        Path | None, typer.Option(help="The supergraph's SDL, by whatever composer; Murmur's own by default.", show_default=False)
    ] = None,
    subgraph: Annotated[
        list[str] | None, typer.Option(help="NAME=URL of a subgraph that is not where the supergraph says; may be repeated.")
    ] = None,
    forward_header: Annotated[
        list[str] | None,
        typer.Option(
            help="A request header that subgraphs get; may be repeated. No other one is passed on.", show_default="authorization"
        ),
    ] = None,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    explorer: Annotated[bool | None, typer.Option(help="Serve GraphiQL at /graphql.", show_default="outside production")] = None,
) -> None:
    """Serve a supergraph over HTTP subgraphs, without a store: Murmur's own, or with --supergraph any."""
    settings = _settings(host=host, port=port, data_dir=data_dir, explorer=explorer)
    urls = federation.parse_addresses(subgraph or ())
    if supergraph is None and forward_header:
        raise StartupError("--forward-header is for --supergraph: Murmur's own subgraphs trust the gateway's signature alone")

    def opened(metrics: Metrics, health: Health) -> AbstractAsyncContextManager[Role]:
        if supergraph is None:
            return as_role(open_gateway_apart(settings, metrics, health, urls=urls))
        headers = forward_header or DEFAULT_HEADERS
        return as_role(federation.open_federation(supergraph, settings, metrics, health, urls=urls, forwarded=headers))

    _serve_role(str(supergraph or "Murmur"), settings, opened)


def _serve_role(what: str, settings: Settings, open_role: Callable[[Metrics, Health], AbstractAsyncContextManager[Role]]) -> None:
    listener = listen(settings.server.host, settings.server.port)
    scheme = "https" if settings.tls.tls_cert_file else "http"
    url = f"{scheme}://{settings.server.host}:{listener.getsockname()[1]}"
    metrics, health = Metrics(), Health()

    def announce() -> None:
        err.print(f"{what} answers at {url}", highlight=False, soft_wrap=True)

    _run(run_role(settings, listener, health, metrics, lambda: open_role(metrics, health), announce))
    err.print("stopped")


@app.command()
def plan(
    file: Annotated[Path, typer.Argument(help="A GraphQL document; - reads standard input.")],
    supergraph: Annotated[Path | None, typer.Option(help="The supergraph's SDL; Murmur's own by default.")] = None,
    operation: Annotated[str | None, typer.Option(help="Which operation, where the document has several.")] = None,
    stage: Annotated[
        federation.Stage, typer.Option(help="The plan itself, or the documents that it sends.")
    ] = federation.Stage.PLAN,
) -> None:
    """Print how an operation is fetched from the subgraphs."""
    text = sys.stdin.read() if str(file) == "-" else federation.read_text(file)
    loaded = federation.read_supergraph(supergraph) if supergraph else schemas.own_supergraph()
    sys.stdout.write(federation.print_plan(text, loaded, operation, stage) + "\n")


@app.command()
def demo(data_dir: DataDir = None) -> None:
    """Fill the data folder with a small community to try things out with."""
    settings = _settings(data_dir=data_dir)

    async def run() -> archive.DemoAccount:
        async with open_rooms(settings, Metrics()) as rooms:
            return await _seed(rooms, settings)

    account = _run(run())
    out.print(f"Sign in as [bold]{account.handle}[/] with the password [bold]{account.password}[/]")


@app.command("import")
def import_(
    file: Annotated[str | None, typer.Argument(help="An NDJSON archive (docs/archive.md); - reads standard input.")] = None,
    follows: Annotated[Path | None, typer.Option(help="An edge list instead: `a b` a line, a follows b.")] = None,
    mutual: Annotated[bool, typer.Option(help="With --follows: b follows a as well.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Read people, follows and tweets. Importing a file again changes nothing."""
    if (file is None) == (follows is None):
        raise StartupError("name a file to import: either an archive, or an edge list with --follows FILE")
    if mutual and not follows:
        raise StartupError("--mutual is for edge lists: give it with --follows FILE")
    settings = _settings(data_dir=data_dir)
    path = follows or Path(str(file))
    try:
        source = sys.stdin.buffer if file == "-" else path.open("rb")
        size = None if file == "-" else path.stat().st_size
    except OSError as error:
        raise StartupError(f"can't read {path}: {error.strerror}") from error
    with source, _bar(f"Importing {path.name}", size) as watcher:
        work = (
            archive.import_follows(settings, source, watcher, mutual=mutual)
            if follows
            else archive.import_archive(settings, source, watcher)
        )
        tally = _run(work)
    _print_tally(tally)


@app.command()
def export(
    file: Annotated[str, typer.Argument(help="Where to write; - is standard output.")] = "-",
    data_dir: DataDir = None,
) -> None:
    """Write everything but credentials as an NDJSON archive. The same data gives the same bytes."""
    settings = _settings_to_look(data_dir)
    if file == "-":
        _run(archive.export_archive(settings, sys.stdout.buffer, lambda _size: None))
        sys.stdout.buffer.flush()
        return
    target = Path(file)
    try:
        if target.exists() and not target.is_file():
            # A device or a pipe is written to, never replaced.
            count = _export_to(target, settings)
        else:
            # Written beside the target and moved into place: an export that fails leaves an earlier one whole.
            place = Path(os.path.realpath(target))
            draft = place.with_name(place.name + ".part")
            count = _export_to(draft, settings)
            draft.replace(place)
    except OSError as error:
        raise StartupError(f"can't write {target}: {error.strerror}") from error
    err.print(f"{count} rows")


@timeline.command("show")
def timeline_show(
    handle: Annotated[str, typer.Argument(help="Whose home timeline.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many entries.")] = 20,
    data_dir: DataDir = None,
) -> None:
    """Print a person's home timeline as that person sees it."""
    settings = _settings_to_look(data_dir)
    table = Table(title=f"Home timeline of {handle}", show_lines=False)
    for column in ("time", "author", "tweet", "likes", "retweeted by"):
        table.add_column(column, justify="right" if column == "likes" else "left")
    for line in _run(looking.home_timeline(settings, handle, limit)):
        table.add_row(
            f"{line.at:%Y-%m-%d %H:%M}", line.author, Text(printable(line.text)), str(line.likes), line.retweeted_by or ""
        )
    out.print(table)


@events.command("tail")
def events_tail(
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many of the newest records.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Print the newest records of the event log."""
    settings = _settings_to_look(data_dir)

    async def run() -> None:
        async for line in looking.tail_events(settings, limit, follow=follow):
            at = f"{line.at:%Y-%m-%d %H:%M:%S}" if line.at else "-"
            fields = " ".join(f"{name}={value!r}" for name, value in line.fields.items() if value not in (None, [], ()))
            out.print(f"{at} {line.topic}/{line.partition}@{line.offset} [bold]{line.type}[/] {escape(fields)}", highlight=False)

    try:
        _run(run())
    except KeyboardInterrupt:
        return


@settings_app.command("show")
def settings_show() -> None:
    """Print every setting, its value, where it comes from and what it means."""
    table = Table(show_lines=False)
    for column in ("setting", "value", "from", "meaning"):
        table.add_column(column, overflow="fold")
    for setting in shown(_settings(), os.environ):
        table.add_row(setting.name, setting.value, setting.origin, setting.description)
    out.print(table)


@schema.command("export")
def schema_export(
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = Path("schema"),
    check: Annotated[bool, typer.Option(help="Write nothing; fail when a file is stale.")] = False,
) -> None:
    """Write each subgraph's SDL, the supergraph and the public API."""
    if not check:
        changed = schemas.write_generated(folder)
        err.print(f"{len(changed)} files written" if changed else f"{folder} is fresh")
        return
    stale = schemas.stale(folder)
    if stale:
        raise StartupError(f"stale: {', '.join(str(path) for path in stale)}; run `make schema`")


@schema.command("compose")
def schema_compose(
    subgraphs: Annotated[
        list[str] | None, typer.Argument(help="NAME=FILE or NAME=FILE=URL for each subgraph; Murmur's own without any.")
    ] = None,
) -> None:
    """Compose subgraph SDLs to a supergraph and print it."""
    if not subgraphs:
        sys.stdout.write(dict(schemas.generated())["supergraph.graphql"])
        return
    sys.stdout.write(schemas.composed([schemas.read_subgraph(text) for text in subgraphs]))


@schema.command("check")
def schema_check(old: OldSchema, new: NewSchema = None) -> None:
    """Tell what a change of the schema means to clients: breaking (exit code 1), dangerous or safe."""
    changes = _changes(old, new)
    counts = Counter(change.level for change in changes)
    for change in changes:
        out.print(f"{change.level.value:9} {change.coordinate}: {change.message} ({change.code})", **_PLAIN)
    err.print(", ".join(f"{counts[level]} {level.value}" for level in Level), **_PLAIN)
    if counts[Level.BREAKING]:
        raise typer.Exit(1)


@schema.command("diff")
def schema_diff(old: OldSchema, new: NewSchema = None) -> None:
    """Print what changed in a schema, by coordinate: + is new, - is gone, ~ is different."""
    for change in sorted(_changes(old, new), key=lambda change: change.coordinate):
        out.print(f"{change.sign} {change.coordinate}: {change.message}", **_PLAIN)


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


def _changes(old: Path, new: Path | None) -> tuple[Change, ...]:
    return changes_between(old, new) if new else changes_between(COMMITTED, old)


def _settings(**flags: object) -> Settings:
    # What these commands write may hold password hashes or what is private, also in a folder that others may read.
    os.umask(0o077)
    settings = load_settings(os.environ, **flags)
    configure_logs(settings.server.log_level)
    return settings


def _settings_to_look(data_dir: Path | None) -> Settings:
    """For a command that only reads: a folder that is misspelt shall not be made, and look empty."""
    settings = _settings(data_dir=data_dir)
    folder = settings.server.data_dir
    if not folder.is_dir():
        raise StartupError(f"there is no data folder {folder}; name one by --data-dir or MURMUR_DATA_DIR")
    return settings


def _export_to(path: Path, settings: Settings) -> int:
    with path.open("wb") as handle, _bar(f"Exporting to {path.name}", None) as watcher:
        return _run(archive.export_archive(settings, handle, watcher.advance))


def _run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


async def _seed(rooms: Rooms, settings: Settings) -> archive.DemoAccount:
    account, lines = await archive.begin_demo(rooms, settings.server.data_dir)
    with _bar("Inviting a small community", sum(map(len, lines))) as watcher:
        await archive.seed_demo(rooms, settings.server.data_dir, lines, watcher)
    return account


@contextmanager
def _bar(title: str, total: int | None) -> Generator[Watcher]:
    """A progress bar over bytes, and a place for the first rejected lines."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TransferSpeedColumn(), TimeElapsedColumn())
    rejected = 0
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(title, total=total)

        def reject(line: int, reason: str) -> None:
            nonlocal rejected
            rejected += 1
            if rejected <= _SHOWN_REJECTIONS:
                bar.console.print(f"line {line}: {printable(reason)}", highlight=False, markup=False, soft_wrap=True)
            elif rejected == _SHOWN_REJECTIONS + 1:
                bar.console.print("… more lines are rejected; they are counted")

        yield Watcher(lambda size: bar.advance(task, size), reject)
        if total is None:
            bar.update(task, total=bar.tasks[0].completed)


def _print_tally(tally: Tally) -> None:
    err.print(f"{tally.added} rows added, {tally.unchanged} were there already, {tally.rejected} rejected", highlight=False)


def _welcome(url: str, account: archive.DemoAccount | None) -> None:
    err.print(
        f"\nMurmur is up.\n\n  GraphiQL  [link]{url}/graphql[/link]\n  Health    {url}/health/ready\n  Metrics   {url}/metrics"
    )
    if account is not None:
        err.print(f"\nSign in as [bold]{account.handle}[/] with the password [bold]{account.password}[/]", highlight=False)
    err.print("\nCtrl-C stops it; what was posted is kept.\n")

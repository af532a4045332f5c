"""The `murmur` program as an operator runs it: processes of its own, on free ports of the loopback address."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import until

PROGRAM = Path(sys.executable).with_name("murmur")
CHEAP: Mapping[str, str] = {
    "MURMUR_ARGON2_TIME_COST": "1",
    "MURMUR_ARGON2_MEMORY_KIB": "8",
    "MURMUR_ARGON2_PARALLELISM": "1",
    "MURMUR_SIGNUP_PER_ADDRESS": "100000/hour",
}
_START_SECONDS = 60
_ADDRESS = re.compile(r"https?://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Finished:
    """What a command came to. Texts are one line where the program wrote one, whatever the terminal's width."""

    code: int
    out: str
    err: str


async def murmur(*arguments: str, data_dir: Path | None = None, stdin: bytes | None = None, **settings: str) -> Finished:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *arguments,
        env=_environment(data_dir, settings),
        stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_START_SECONDS):
            out, err = await process.communicate(stdin)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Finished(process.returncode or 0, out.decode(), err.decode())


@dataclass(frozen=True)
class Running:
    """A process that serves; `url` is where. `log` is what it wrote for its operator."""

    process: asyncio.subprocess.Process
    url: str
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    async def kill(self) -> None:
        """As by `kill -9`."""
        self.process.kill()
        await self.process.wait()

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        async with asyncio.timeout(30):
            return await self.process.wait()


@asynccontextmanager
async def running(*arguments: str, data_dir: Path, port: int = 0, **settings: str) -> AsyncGenerator[Running]:
    """A command that serves, on a free port by default, from when it says where; it is killed at the end if it still runs."""
    log_file = data_dir.with_name(f"{data_dir.name}-{'-'.join(arguments).replace('/', '_')}.log")
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            PROGRAM,
            *arguments,
            "--port",
            str(port),
            env=_environment(data_dir, settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    async def said() -> bool:
        assert process.returncode is None, log_file.read_text()
        return _ADDRESS.search(log_file.read_text()) is not None

    try:
        await until(said, _START_SECONDS)
        found = _ADDRESS.search(log_file.read_text())
        assert found is not None
        yield Running(process, found[0], log_file)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _environment(data_dir: Path | None, settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without settings of murmur, but for those given."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("MURMUR_")}
    folder = {} if data_dir is None else {"MURMUR_DATA_DIR": str(data_dir)}
    return {**outer, "COLUMNS": "200", **CHEAP, **folder, **settings}


_EACH = """
import gc, importlib, json, os, sys
import murmur.cli

for module, _ in murmur.cli.COMMANDS.values():
    importlib.import_module(module)
gc.freeze()
folder, commands = sys.argv[1], json.load(sys.stdin)
os.mkdir(folder)
for number, (arguments, settings) in enumerate(commands):
    if child := os.fork():
        with open(f"{folder}/{number}.code", "w") as file:
            file.write(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
        continue
    for stream, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{folder}/{number}.{name}", os.O_CREAT | os.O_WRONLY), stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["murmur", *arguments]
    os.environ.update(settings)
    code = 0
    try:
        murmur.cli.main()
    except SystemExit as exit:
        code = exit.code or 0
    sys.stdout.flush()
    # Without the interpreter's own end, which costs more than most of these commands.
    os._exit(code)
"""


async def each(folder: Path, *commands: tuple[Sequence[str], Mapping[str, str]]) -> list[Finished]:
    """Run commands one after another, each with its arguments and settings. Their output goes to a new `folder`.

    Each is a process of its own, forked from one that has loaded the program, which takes most of a short command's time.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _EACH, str(folder), env=_environment(None, {}), stdin=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(_START_SECONDS + 5 * len(commands)):
            await process.communicate(
                json.dumps([[list(arguments), dict(settings)] for arguments, settings in commands]).encode()
            )
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

    assert process.returncode == 0

    def text(number: int, name: str) -> str:
        return (folder / f"{number}.{name}").read_text()

    return [Finished(int(text(number, "code")), text(number, "out"), text(number, "err")) for number in range(len(commands))]

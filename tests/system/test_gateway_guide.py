"""docs/gateway.md, done as it is written: every block of it is run, and what it shows is what comes out."""

import asyncio
import json
import os
import re
import shutil
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.waiting import until

_GUIDE = Path(__file__).parents[2] / "docs" / "gateway.md"
_BLOCK = re.compile(r"^```(\S+)( install)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECONDS = 60


@dataclass
class Terminal:
    """A shell in `folder`, as far as the guide uses one: commands, jobs in the background, `kill` and `wait` for these."""

    folder: Path
    jobs: list[Process] = field(default_factory=list)
    shown: str = ""
    """What the last block of commands wrote."""

    @property
    def _environment(self) -> dict[str, str]:
        outer = {name: value for name, value in os.environ.items() if not name.startswith("MURMUR_")}
        return {**outer, "COLUMNS": "200", "PATH": f"{Path(sys.executable).parent}{os.pathsep}{outer['PATH']}"}

    async def type(self, block: str) -> None:
        self.shown = ""
        for command in block.replace("\\\n", " ").strip().splitlines():
            if command.endswith("&"):
                await self._start(command.removesuffix("&"))
            elif command.startswith(("kill ", "wait ")):
                verb, *jobs = command.split()
                for number in jobs:
                    await self._end(self.jobs[int(number.removeprefix("%")) - 1], verb)
            else:
                self.shown += await self._run(command)

    async def _run(self, command: str) -> str:
        process = await self._open(command, asyncio.subprocess.PIPE)
        async with asyncio.timeout(_SECONDS):
            out, _ = await process.communicate()
        assert process.returncode == 0, f"{command}\n{out.decode()}"
        return out.decode()

    async def _start(self, command: str) -> None:
        with (self.folder / f"job{len(self.jobs)}.log").open("wb") as log:
            # Without a shell between, so that a signal reaches the program itself.
            job = await self._open(f"exec {command}", log.fileno())
        self.jobs.append(job)
        port = int(command.partition("--port")[2].split()[0])

        async def listens() -> bool:
            assert job.returncode is None, f"{command} ended"
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        await until(listens, _SECONDS)

    async def _open(self, command: str, out: int) -> Process:
        return await asyncio.create_subprocess_shell(
            command, cwd=self.folder, env=self._environment, stdout=out, stderr=asyncio.subprocess.STDOUT
        )

    async def _end(self, job: Process, verb: str) -> None:
        if verb == "kill":
            job.terminate()
        else:
            async with asyncio.timeout(_SECONDS):
                await job.wait()

    async def close(self) -> None:
        for job in self.jobs:
            if job.returncode is None:
                job.kill()
                await job.wait()


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    for kind, install, block in _BLOCK.findall(text):
        # What the guide installs is what runs this test.
        if not install:
            yield kind, block


def _on_free_ports(text: str) -> str:
    sockets = [socket.socket() for _ in range(3)]
    for number, each in enumerate(sockets):
        each.bind(("127.0.0.1", 0))
        text = text.replace(f"400{number}", str(each.getsockname()[1]))
    for each in sockets:
        each.close()
    return text


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide asks its questions by curl")
async def test_the_guide_does_what_it_says(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    compared = 0
    try:
        for kind, block in _blocks(_on_free_ports(_GUIDE.read_text())):
            match kind:
                case "sh":
                    await terminal.type(block)
                case "json":
                    assert json.loads(terminal.shown) == json.loads(block)
                    compared += 1
                case "text":
                    assert terminal.shown.split("\n") == block.split("\n")
                    compared += 1
                case _:
                    name = block.partition("\n")[0].removeprefix("# ")
                    (tmp_path / name).write_text(block)
        assert compared == 4
        gateway = terminal.jobs[2]
        async with asyncio.timeout(_SECONDS):
            assert await gateway.wait() == 0
        assert not (tmp_path / ".murmur").exists(), "the gateway keeps no data"
    finally:
        await terminal.close()

"""A program that is measured from outside: it says where it listens, and the kernel tells what it costs."""

import asyncio
import os
import re
from asyncio import StreamReader
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from benchmarks.server import BenchmarkFailed, environment

_TICK = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 60
_STOP_SECONDS = 10
_ROOT = Path(__file__).parents[2]


class Program:
    """`said` is what it said when it was ready: what the pattern matched."""

    def __init__(self, process: Process, said: str) -> None:
        self._pid = process.pid
        self.said = said

    def cpu_seconds(self) -> float:
        """User and system time of all threads until now, to a hundredth of a second."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def peak_memory(self) -> int:
        """The most memory that it has held at once, in bytes."""
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self._pid}/status").read_text())
        return int(found[1]) * 1024 if found else 0


@asynccontextmanager
async def run(command: Sequence[str], ready: str, extra: Mapping[str, str] | None = None) -> AsyncGenerator[Program]:
    """Start `command`, wait for output that `ready` matches, and end it on leaving. Raises BenchmarkFailed."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=_ROOT, stdout=PIPE, stderr=STDOUT, env={**environment(), **(extra or {})}
    )
    output = cast(StreamReader, process.stdout)
    reader: asyncio.Task[None] | None = None
    try:
        said = await asyncio.wait_for(_wait(output, ready), _START_SECONDS)
        reader = asyncio.create_task(_drop(output))
        yield Program(process, said)
    except TimeoutError as error:
        raise BenchmarkFailed(f"{command[0]} did not start within {_START_SECONDS} s") from error
    finally:
        if reader:
            reader.cancel()
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _wait(output: StreamReader, ready: str) -> str:
    said = ""
    while line := (await output.readline()).decode():
        said += line
        if found := re.search(ready, said):
            return found[0]
    raise BenchmarkFailed(f"a program did not start:\n{said[-2000:]}")


async def _drop(output: StreamReader) -> None:
    """What a program goes on to say would else fill the pipe and stop it."""
    while await output.read(1 << 16):
        pass

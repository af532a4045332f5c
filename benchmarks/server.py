"""The platform as a process of its own, and what the kernel and its metrics tell of it."""

import asyncio
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Self

import aiohttp

_START_SECONDS = 60
_STOP_SECONDS = 30
_TICK = os.sysconf("SC_CLK_TCK")
_ADDRESS = re.compile(r"http://[\d.]+:\d+(?=/graphql)")


class BenchmarkFailed(RuntimeError):
    """Nothing can be measured; the message says why."""


class Server:
    """`murmur up` on a free port of the loopback interface, with the defaults of every setting."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.url = ""
        self._log = data_dir.parent / "server.log"
        self._session: aiohttp.ClientSession | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *murmur("up", "--host", "127.0.0.1", "--port", "0", "--data-dir", str(self.data_dir)),
                stdout=log, stderr=log, env=environment(),
            )  # fmt: skip
        try:
            deadline = perf_counter() + _START_SECONDS
            while not (found := _ADDRESS.search(self._log.read_text())):
                if self._process.returncode is not None or perf_counter() > deadline:
                    raise BenchmarkFailed(f"the server did not start:\n{self._log.read_text()[-2000:]}")
                await asyncio.sleep(0.05)
            self.url = found[0]
            self._session = aiohttp.ClientSession(self.url)
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End the process as an operator would, and for good when it does not listen."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    @property
    def pid(self) -> int:
        if self._process is None:
            raise BenchmarkFailed("the server was not started")
        return self._process.pid

    def cpu_seconds(self) -> float:
        """User and system time of all threads until now, to a hundredth of a second."""
        return cpu_seconds(self.pid)

    def peak_memory(self) -> int:
        """The most memory that the process has held at once, in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) * 1024 if found else 0

    async def metrics(self) -> "Reading":
        if self._session is None:
            raise BenchmarkFailed("the server was stopped")
        async with self._session.get("/metrics", timeout=aiohttp.ClientTimeout(60)) as response:
            lines = (await response.text()).splitlines()
        return Reading(dict(_sample(line) for line in lines if not line.startswith("#")))


class Reading:
    """The samples of `/metrics` at one moment."""

    def __init__(self, samples: Mapping[str, float]) -> None:
        self.samples = samples
        self.deliveries = samples.get("murmur_deliveries_total", 0)
        self.posts = samples.get("murmur_fanout_delay_seconds_count", 0)
        """Tweets and retweets that fanout has brought to every timeline."""
        self.lag = samples.get('murmur_consumer_lag{group="fanout"}', 0)
        self.buried = samples.get('murmur_dead_letters_total{worker="fanout"}', 0)

    def fanout_delay(self, share: float, since: "Reading") -> float:
        """A quantile in seconds over what was fanned out since an earlier reading, interpolated within its bucket."""
        name = "murmur_fanout_delay_seconds_bucket"
        bounds: Sequence[tuple[float, float]] = sorted(
            (float(sample.partition('le="')[2].partition('"')[0]), value - since.samples.get(sample, 0))
            for sample, value in self.samples.items()
            if sample.startswith(name)
        )
        wanted = share * bounds[-1][1]
        low = below = 0.0
        for high, count in bounds:
            if count >= wanted and count > below:
                return low if high == float("inf") else low + (high - low) * (wanted - below) / (count - below)
            low, below = high, count
        return 0.0


def _sample(line: str) -> tuple[str, float]:
    name, _, value = line.rpartition(" ")
    return name, float(value)


def murmur(*arguments: str) -> tuple[str, ...]:
    """The `murmur` command of this interpreter's environment."""
    return str(Path(sys.executable).with_name("murmur")), *arguments


def environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without other settings than these: what is measured is the defaults."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("MURMUR_")}
    return {**outer, **(settings or {})}


async def run_import(data_dir: Path, *source: str, settings: Mapping[str, str] | None = None) -> float:
    """Run `murmur import` to its end; returns its seconds, the start of the interpreter included."""
    started = perf_counter()
    process = await asyncio.create_subprocess_exec(
        *murmur("import", *source, "--data-dir", str(data_dir)),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environment(settings),
    )  # fmt: skip
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or b" 0 rejected" not in output:
        raise BenchmarkFailed(f"the import failed:\n{output[-2000:].decode()}")
    return perf_counter() - started


def cpu_seconds(*pids: int) -> float:
    """User and system time of all threads of these processes until now."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICK


def machine_seconds() -> float:
    """CPU seconds that everything on this machine has used since its start."""
    fields = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    user, nice, system, _idle, _wait, irq, softirq, steal = map(int, fields[:8])
    return (user + nice + system + irq + softirq + steal) / _TICK

"""What keeps a cluster's programs running, tried on programs that only sleep."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from murmur.cluster.server import Server
from murmur.cluster.supervisor import Supervisor, read_entries, supervised
from murmur.errors import StartupError
from tests.support.waiting import until


def _sleeper(folder: Path, name: str = "sleeper") -> Server:
    server = Server(name, ["sleep", "60"], folder / name, 1)
    server.spawn()
    return server


@contextmanager
def _running(supervisor: Supervisor) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=supervisor.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


async def test_what_ends_is_started_again_and_noted(tmp_path: Path) -> None:
    supervisor, server = Supervisor(tmp_path), _sleeper(tmp_path)
    other = _sleeper(tmp_path, "other")
    supervisor.keep(server, "https://127.0.0.1:1/health/ready")
    supervisor.keep(other)
    first = server.pid
    with _running(supervisor):
        server.kill()

        async def back() -> bool:
            return server.running and [entry.restarts for entry in read_entries(tmp_path)] == [1, 0]

        await until(back)
        assert server.pid != first
    [entry, untouched] = read_entries(tmp_path)
    assert (entry.name, entry.pid, entry.alive, entry.probe) == ("sleeper", server.pid, True, "https://127.0.0.1:1/health/ready")
    assert (untouched.pid, untouched.restarts) == (other.pid, 0)
    server.kill()
    other.kill()
    assert not any(one.alive for one in (entry, untouched))
    supervisor.close()
    assert read_entries(tmp_path) == []


def test_a_folder_has_one_supervisor(tmp_path: Path) -> None:
    assert not supervised(tmp_path)
    supervisor = Supervisor(tmp_path)
    assert supervised(tmp_path)
    with pytest.raises(StartupError, match="another cluster runs"):
        Supervisor(tmp_path)
    supervisor.close()
    assert not supervised(tmp_path)


def test_what_a_killed_one_left_behind_is_ended_and_nothing_else(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        supervisor = Supervisor(tmp_path)
        supervisor.keep(_sleeper(tmp_path))
        os._exit(0)
    os.waitpid(child, 0)
    [left] = read_entries(tmp_path)
    assert left.alive
    # Of a process that has got the number of one that is gone, nothing is known but the number.
    bystander = _sleeper(tmp_path, "bystander")
    noted = json.loads((tmp_path / "cluster.json").read_text())
    (tmp_path / "cluster.json").write_text(json.dumps([*noted, {**noted[0], "pid": bystander.pid}]))
    assert len(read_entries(tmp_path)) == 2
    Supervisor(tmp_path).close()
    assert not left.alive
    assert bystander.running
    bystander.kill()

"""Redis, alone or as a cluster of masters and replicas, by the server that Debian packages."""

import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path

from murmur.cluster.server import HOST, Server, Startable, free_ports, remembered, require
from murmur.errors import StartupError

_PROGRAMS = ("redis-server", "redis-cli")
_FAILOVER_MS = 2_000
_HEALTHY_SECONDS = 60.0
_POLL_SECONDS = 0.05

# What is kept here is a cache: the oldest of it goes when memory is short, and nothing is written to the disk.
_CACHE = "save ''\nappendonly no\nmaxmemory 256mb\nmaxmemory-policy volatile-ttl\n"
_KEPT = "save ''\nappendonly yes\nappendfsync everysec\nmaxmemory 256mb\nmaxmemory-policy volatile-ttl\n"
_DURABLE = "save ''\nappendonly yes\nappendfsync everysec\nmaxmemory 256mb\nmaxmemory-policy noeviction\n"
_MEMBER = (
    f"cluster-enabled yes\ncluster-config-file nodes.conf\ncluster-node-timeout {_FAILOVER_MS}\n"
    "cluster-require-full-coverage no\n"
)


def missing() -> str | None:
    """What Redis can't be started for, and how to get it, in one line."""
    absent = [program for program in _PROGRAMS if shutil.which(program) is None]
    return f"{' and '.join(absent)} not found: apt-get install redis-server" if absent else None


class Redis(Startable):
    """One Redis with a password. `durable` keeps what it holds on the disk (an append-only file); without it is a cache."""

    def __init__(self, directory: Path, *, durable: bool = False) -> None:
        require(missing())
        self._password = remembered(directory / "password", lambda: secrets.token_urlsafe(24))
        port = int(remembered(directory / "port", lambda: str(free_ports(1)[0])))
        self.server = _server("redis", directory, port, self._password, _DURABLE if durable else _CACHE)

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{HOST}:{self.server.port}"

    def ask(self, *words: str) -> str:
        """The answer to a command, as `redis-cli` prints it."""
        return _ask(self.server.port, self._password, *words)

    def start(self) -> None:
        self.server.start()

    def stop(self) -> None:
        self.server.stop()


class RedisCluster(Startable):
    """A Redis Cluster with a password, each master with its share of the replicas.

    `durable` keeps what it holds on the disk, though memory that is short still takes what ends soonest; without it is a cache.
    """

    def __init__(self, directory: Path, *, masters: int = 3, replicas: int = 3, durable: bool = False) -> None:
        require(missing())
        self._password = remembered(directory / "password", lambda: secrets.token_urlsafe(24))
        self._directory = directory
        self._replicas_each = replicas // masters
        count = masters + replicas
        ports = remembered(directory / "ports", lambda: " ".join(map(str, free_ports(2 * count))))
        numbers = [int(port) for port in ports.split()]
        configuration = (_KEPT if durable else _CACHE) + _MEMBER
        self.members = [
            _server(f"redis-{port}", directory / str(port), port, self._password, f"{configuration}cluster-port {bus}\n")
            for port, bus in zip(numbers[:count], numbers[count:], strict=True)
        ]

    @property
    def url(self) -> str:
        return f"redis+cluster://:{self._password}@{','.join(f'{HOST}:{member.port}' for member in self.members)}"

    def start(self) -> None:
        """Start the members that do not run, join them when they are new, and return when all slots are served.

        Raises StartupError, and leaves none running.
        """
        try:
            stopped = [member for member in self.members if not member.running]
            for member in stopped:
                member.spawn()
            for member in stopped:
                member.wait_ready()
            if self._facts(self.members[0], "CLUSTER", "INFO")["cluster_known_nodes"] == "1":
                self._create()
            deadline = time.monotonic() + _HEALTHY_SECONDS
            while not all(self._healthy(member) for member in self.members):
                if time.monotonic() > deadline:
                    raise StartupError(f"the Redis Cluster in {self._directory} does not come to serve all slots")
                time.sleep(_POLL_SECONDS)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        for member in self.members:
            member.stop()

    def masters(self) -> list[Server]:
        """The members that serve slots now, as the first one that runs sees it."""
        running = next(member for member in self.members if member.running)
        ports: set[int] = set()
        for line in self.ask(running, "CLUSTER", "NODES").splitlines():
            # Identity, address, flags, its master, two times, epoch, link; then the slots that it serves.
            _, address, flags, _, _, _, _, _, *slots = line.split()
            if slots and "fail" not in flags:
                ports.add(int(address.partition("@")[0].rpartition(":")[2]))
        return [member for member in self.members if member.port in ports]

    def ask(self, member: Server, *words: str) -> str:
        """The answer of one member to a command, as `redis-cli` prints it."""
        return _ask(member.port, self._password, *words)

    def _create(self) -> None:
        addresses = [f"{HOST}:{member.port}" for member in self.members]
        done = _client(
            self._password, "--cluster", "create", *addresses, "--cluster-replicas", str(self._replicas_each), "--cluster-yes"
        )
        if done.returncode:
            raise StartupError(f"the Redis Cluster can't be created: {(done.stdout + done.stderr)[-1_000:]}")

    def _healthy(self, member: Server) -> bool:
        cluster = self._facts(member, "CLUSTER", "INFO")
        return (
            cluster.get("cluster_state") == "ok"
            and cluster.get("cluster_slots_ok") == "16384"
            and cluster.get("cluster_known_nodes") == str(len(self.members))
            and self._facts(member, "INFO", "replication").get("master_link_status") != "down"
        )

    def _facts(self, member: Server, *words: str) -> dict[str, str]:
        pairs = (line.partition(":") for line in self.ask(member, *words).splitlines())
        return {name: value for name, _, value in pairs}


def _server(name: str, directory: Path, port: int, password: str, configuration: str) -> Server:
    file = directory / "redis.conf"
    # A command line would show the password to everybody on the machine.
    text = (
        f'bind {HOST}\nport {port}\ndir "{directory.resolve()}"\nrequirepass {password}\nmasterauth {password}\n{configuration}'
    )
    _write(file, text)
    return Server(
        name,
        ["redis-server", str(file.resolve())],
        directory,
        port,
        ready=lambda: _ask(port, password, "PING") == "PONG",
    )


def _ask(port: int, password: str, *words: str) -> str:
    return _client(password, "-h", HOST, "-p", str(port), *words).stdout.removesuffix("\n")


def _client(password: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Bytes of a binary answer may be no text.
    return subprocess.run(  # noqa: S603 (our own command line)
        [str(shutil.which("redis-cli")), *arguments],
        env={**os.environ, "REDISCLI_AUTH": password},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=60,
    )


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)

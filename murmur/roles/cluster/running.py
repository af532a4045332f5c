"""Starts a cluster, watches over it, and ends it in reverse."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from murmur.cluster.credentials import certificates, signing_keys
from murmur.cluster.haproxy import HAProxy
from murmur.cluster.server import HOST, Server, Startable, free_ports
from murmur.cluster.supervisor import Supervisor
from murmur.errors import StartupError
from murmur.probe import failure
from murmur.roles.cluster.engines import Engines, write_environment
from murmur.roles.cluster.size import Size
from murmur.roles.cluster.status import OPERATOR, Line, client, status
from murmur.roles.schemas import SCHEMAS
from murmur.roles.workers import WORKERS

_PROGRAM = (sys.executable, "-m", "murmur")
_GATEWAYS = ("gateway-1", "gateway-2")
_READY_SECONDS = 180.0
_MEND_SECONDS = 240
# Longer than HAProxy needs to see that a gateway is not ready any more: two checks, a second apart.
_DRAIN_NOTICE = "3"


class Cluster(Startable):
    """`url` is where clients come in, `certificate` what they trust. `tell` hears of each step. `environment` is a file for
    shells, by which other commands find the same stores; it names files of secrets and holds none.

    `port` 0 takes a free one. `more` are settings of every role. Raises StartupError.
    """

    def __init__(
        self,
        directory: Path,
        size: Size,
        *,
        port: int = 0,
        more: Mapping[str, str] | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.directory = directory = directory.resolve()
        self._tell = tell
        self._stack = ExitStack()
        self._supervisor = Supervisor(directory)
        self._stack.callback(self._supervisor.close)
        try:
            self.engines = Engines(directory / "engines", size)
            self._certificates = certificates(directory / "certs", dict.fromkeys(("haproxy", OPERATOR, *_certified()), ()))
            self._keys = signing_keys(directory / "certs")
            stores = {"MURMUR_DATA_DIR": str(directory / "data"), **self.engines.settings(directory / "secrets")}
            self._common = {"MURMUR_IDENTITY_PUBLIC_FILE": str(self._keys.identity_public), **stores, **(more or {})}
            _check_environment(self._common)
            self.environment = directory / "env"
            write_environment(self.environment, stores)
            self._ports = _ports(directory / "ports.json", (*SCHEMAS, *map(_process_of, WORKERS), *_GATEWAYS))
            self._tls = client(directory)
            self.subgraphs = {name: self._role(name, "subgraph", name) for name in SCHEMAS}
            self.workers = {name: self._role(_process_of(name), "worker", name) for name in WORKERS}
            self.gateways = {name: self._role(name, "gateway") for name in _GATEWAYS}
            addresses = [f"{HOST}:{server.port}" for server in self.gateways.values()]
            self.haproxy = HAProxy(directory / "haproxy", addresses, self._certificates["haproxy"], port=port or None)
        except BaseException:
            self._stack.close()
            raise
        self.url = self.haproxy.url
        self.certificate = directory / "certs" / "ca.crt"

    @property
    def roles(self) -> Mapping[str, Server]:
        """By the names of their processes."""
        groups = (self.subgraphs, self.workers, self.gateways)
        return {server.name: server for group in groups for server in group.values()}

    def start(self) -> None:
        """Return when every role is ready. Raises StartupError, and leaves nothing running."""
        try:
            self._tell("Starting MongoDB, Neo4j, Redis and Kafka; the first time they are fetched")
            self.engines.start(self._stack)
            for server in self.engines.servers:
                self._supervisor.keep(server)
            self._tell("Making indexes, constraints and topics")
            self._mend()
            self._tell("Starting subgraphs, workers and gateways")
            for group in (self.subgraphs, self.workers, self.gateways):
                for server in group.values():
                    # One that was asked to end takes a while; all are asked before any is waited for.
                    self._stack.callback(server.stop)
                    server.spawn()
                    self._supervisor.keep(server, f"https://{HOST}:{server.port}/health/ready")
                self._stack.callback(_terminate, list(group.values()))
            for server in self.roles.values():
                server.wait_ready()
            self._stack.callback(self.haproxy.stop)
            self.haproxy.start()
            self._supervisor.keep(self.haproxy.server)
        except BaseException:
            self.stop()
            raise

    def run(self, stop: threading.Event) -> None:
        """Start again whatever ends, until `stop`."""
        self._supervisor.run(stop)

    def stop(self) -> None:
        """End all in reverse: who asks before who is asked."""
        self._tell("Stopping")
        self._stack.close()

    def status(self) -> list[Line]:
        return status(self.directory)

    def _role(self, name: str, *command: str) -> Server:
        port = self._ports[name]
        kind = command[0]
        environment = {**self._common, **self._certificates[kind if kind != "subgraph" else name].settings()}
        if kind == "gateway":
            urls = {subgraph: f"https://{HOST}:{self._ports[subgraph]}/graphql" for subgraph in SCHEMAS}
            environment |= {
                "MURMUR_SUBGRAPHS": json.dumps(urls),
                "MURMUR_IDENTITY_KEY_FILE": str(self._keys.identity),
                "MURMUR_TRUSTED_PROXIES": json.dumps([f"{HOST}/32"]),
                "MURMUR_DRAIN_NOTICE": _DRAIN_NOTICE,
            }
        elif name == "users":
            environment["MURMUR_ACCESS_KEY_FILE"] = str(self._keys.access)
        return Server(
            name,
            [*_PROGRAM, *command, "--host", HOST, "--port", str(port)],
            self.directory / "roles",
            port,
            environment=environment,
            ready=lambda: failure(f"https://{HOST}:{port}/health/ready", self._tls) is None,
            seconds=_READY_SECONDS,
        )

    def _mend(self) -> None:
        command = [*_PROGRAM, "engines", "check", "--apply", "--wait", "60"]
        environment = {**os.environ, **self._common, "COLUMNS": "120"}
        try:
            done = subprocess.run(  # noqa: S603 (our own command line)
                command, env=environment, capture_output=True, text=True, check=False, timeout=_MEND_SECONDS
            )
        except subprocess.TimeoutExpired as error:
            raise StartupError(f"what the engines lack could not be made in {_MEND_SECONDS} seconds") from error
        if done.returncode:
            raise StartupError(f"the engines lack what could not be made:\n{done.stdout}{done.stderr}")


def _process_of(worker: str) -> str:
    """What a worker's process is called, which a subgraph's is not."""
    return f"{worker}-worker" if worker in SCHEMAS else worker


def _ports(file: Path, names: Collection[str]) -> Mapping[str, int]:
    """A port for each name, the same in every life of the cluster."""
    known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    new = [name for name in names if name not in known]
    free = [port for port in free_ports(len(known) + len(new)) if port not in known.values()]
    ports = {**known, **dict(zip(new, free, strict=False))}
    file.write_text(json.dumps(ports))
    return ports


def _certified() -> Iterable[str]:
    """Whose certificates there are: each subgraph's, and one for all of a kind where any of them will do."""
    return (*SCHEMAS, "worker", "gateway")


def _terminate(servers: Iterable[Server]) -> None:
    for server in servers:
        server.terminate()


def _check_environment(chosen: Mapping[str, str]) -> None:
    for name in chosen:
        for given in (name, name.removesuffix("_FILE")):
            if given in os.environ:
                raise StartupError(f"{given} is set, but a cluster chooses that itself; leave it out")

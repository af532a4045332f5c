"""Kafka on this machine: one broker or three, each of them a controller too (KRaft), from the jars of a registry."""

import socket
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from murmur.cluster.maven import copy_jars, missing_tools
from murmur.cluster.server import HOST, Server, engines_dir, free_ports, remembered
from murmur.errors import StartupError

VERSION = "4.0.0"
_HERE = Path(__file__).parent
_CLUSTER_ID = "bXVybXVyLWxvb3BiYWNrMQ"
_FORMAT_SECONDS = 60
_METADATA_KEY, _METADATA_VERSION = 3, 1


def home() -> Path:
    """Where the jars are."""
    return engines_dir() / f"kafka-{VERSION}"


def missing() -> str | None:
    """What can't be had without an operator, in one line; None when Kafka is installed or can be."""
    return missing_tools("Kafka")


def install(target: Path | None = None) -> None:
    """Bring the jars, once. Raises StartupError."""
    copy_jars(_HERE / "kafka.pom.xml", _HERE / "kafka.sha256", target or home())


class Kafka:
    """A cluster whose data is in `directory`; what is started again there goes on with it.

    Whatever is written is on as many brokers as there are, and acknowledged by all but one of three.
    `session_ms` is the shortest session time-out that a member of a consumer group may ask for.
    """

    def __init__(self, directory: Path, *, brokers: int = 1, heap_mb: int = 256, session_ms: int = 1_000) -> None:
        ports = [
            int(port) for port in remembered(directory / "ports", lambda: " ".join(map(str, free_ports(2 * brokers)))).split()
        ]
        self._listeners, self._controllers = ports[:brokers], ports[brokers:]
        self._heap_mb = heap_mb
        self._session_ms = session_ms
        self._folders = [directory / f"broker-{number}" for number in range(1, brokers + 1)]
        self.brokers = [self._server(number) for number in range(1, brokers + 1)]

    @property
    def url(self) -> str:
        """Of the topics without a prefix; a path appended to it is the prefix."""
        return "kafka://" + ",".join(f"{HOST}:{port}" for port in self._listeners)

    def start(self) -> None:
        """Install what is not, format what is new, start who does not run, and return when every broker serves.

        Raises StartupError, and leaves none running.
        """
        install()
        try:
            stopped = [(number, broker) for number, broker in enumerate(self.brokers, 1) if not broker.running]
            for number, broker in stopped:
                self._prepare(number)
                broker.spawn()
            for _, broker in stopped:
                broker.wait_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        # At the same time: the last one would wait in vain for the others, which it needs to say that it goes.
        with ThreadPoolExecutor(len(self.brokers)) as pool:
            list(pool.map(Server.stop, self.brokers))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.stop()

    def _server(self, number: int) -> Server:
        folder, port = self._folders[number - 1], self._listeners[number - 1]
        command = [*self._java(), "kafka.Kafka", str(folder / "server.properties")]
        return Server(f"kafka-{number}", command, folder, port, ready=lambda: _serves(port, number))

    def _java(self) -> list[str]:
        return [
            "java",
            f"-Xms{self._heap_mb // 2}m",
            f"-Xmx{self._heap_mb}m",
            # Small machines start it faster so, and its threads leave the processors to those who measure.
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            f"{home()}/*",
        ]

    def _prepare(self, number: int) -> None:
        """Write a broker's settings, and format its folder when it is new."""
        folder = self._folders[number - 1]
        folder.mkdir(parents=True, exist_ok=True)
        properties = folder / "server.properties"
        properties.write_text("".join(f"{name}={value}\n" for name, value in self._properties(number, folder).items()))
        if (folder / "data" / "meta.properties").exists():
            return
        command = [*self._java(), "kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(properties)]
        try:
            finished = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_FORMAT_SECONDS)  # noqa: S603 (our own command line)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StartupError(f"Kafka's folder can't be formatted: {error}") from error
        if finished.returncode:
            raise StartupError(f"Kafka's folder can't be formatted: {finished.stdout}{finished.stderr}")

    def _properties(self, number: int, folder: Path) -> dict[str, object]:
        brokers = len(self._listeners)
        listener, controller = self._listeners[number - 1], self._controllers[number - 1]
        return {
            "node.id": number,
            "process.roles": "broker,controller",
            "listeners": f"PLAINTEXT://{HOST}:{listener},CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{listener}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": ",".join(f"{n}@{HOST}:{port}" for n, port in enumerate(self._controllers, 1)),
            "log.dirs": folder / "data",
            # Topics are made by those who own them, with what they need.
            "auto.create.topics.enable": "false",
            "default.replication.factor": brokers,
            "min.insync.replicas": max(1, brokers - 1),
            "offsets.topic.replication.factor": brokers,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": brokers,
            "transaction.state.log.min.isr": max(1, brokers - 1),
            "transaction.state.log.num.partitions": 4,
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": self._session_ms,
            # A broker that was killed is let in again when its session is over.
            "broker.heartbeat.interval.ms": 500,
            "broker.session.timeout.ms": 3_000,
            "log.segment.bytes": 64 * 1024 * 1024,
            "log.index.size.max.bytes": 1024 * 1024,
            "num.network.threads": 2,
            "num.io.threads": 4,
            "num.recovery.threads.per.data.dir": 1,
            "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        }


def _serves(port: int, number: int) -> bool:
    """Whether the broker answers, and counts itself among those of the cluster that serve."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            body = struct.pack(">hhihi", _METADATA_KEY, _METADATA_VERSION, 1, -1, 0)
            connection.sendall(struct.pack(">i", len(body)) + body)
            with connection.makefile("rb") as answer:
                size = struct.unpack(">i", answer.read(4))[0]
                return number in _nodes(answer.read(size))
    except (OSError, struct.error):
        return False


def _nodes(metadata: bytes) -> set[int]:
    """The ids of the brokers that an answer of version 1 lists: (id, host, port, rack) each, after a correlation id."""
    (count,) = struct.unpack_from(">i", metadata, 4)
    at, nodes = 8, set[int]()
    for _ in range(count):
        node, host_length = struct.unpack_from(">ih", metadata, at)
        nodes.add(node)
        at += 6 + host_length + 4
        (rack_length,) = struct.unpack_from(">h", metadata, at)
        at += 2 + max(rack_length, 0)
    return nodes

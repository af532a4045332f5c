"""Kafka on this machine: one broker or three, each of them a controller too (KRaft), from the jars of a registry."""

import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from murmur.cluster.certificates import Certificate
from murmur.cluster.maven import copy_jars, missing_tools
from murmur.cluster.server import HOST, Server, Startable, engines_dir, finished, free_ports, remembered
from murmur.errors import StartupError

VERSION = "4.0.0"
_HERE = Path(__file__).parent
_CLUSTER_ID = "bXVybXVyLWxvb3BiYWNrMQ"
_FORMAT_SECONDS = 60
_SCRAM = "SCRAM-SHA-512"
_SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"
_METADATA_KEY, _METADATA_VERSION = 3, 1


def home() -> Path:
    """Where the jars are."""
    return engines_dir() / f"kafka-{VERSION}"


def missing() -> str | None:
    """What can't be had without an operator, in one line; None when Kafka is installed or can be."""
    return missing_tools("Kafka")


def install() -> None:
    """Bring the jars, once. Raises StartupError."""
    copy_jars(_HERE / "kafka.pom.xml", _HERE / "kafka.sha256", home())


@dataclass(frozen=True, slots=True)
class SecureDoor:
    """A second listener of each broker, that speaks TLS and asks who comes for a user and a password."""

    certificate: Certificate
    user: str
    password: str


class Kafka(Startable):
    """A cluster whose data is in `directory`; what is started again there goes on with it.

    Whatever is written is on as many brokers as there are, and acknowledged by all but one of three.
    `session_ms` is the shortest session time-out that a member of a consumer group may ask for.
    """

    def __init__(
        self,
        directory: Path,
        *,
        brokers: int = 1,
        heap_mb: int = 256,
        session_ms: int = 1_000,
        secure: SecureDoor | None = None,
    ) -> None:
        free = remembered(directory / "ports", lambda: " ".join(map(str, free_ports(3 * brokers))))
        ports = [int(port) for port in free.split()]
        self._listeners, self._controllers, self._secured = ports[:brokers], ports[brokers : 2 * brokers], ports[2 * brokers :]
        self._secure = secure
        self._heap_mb = heap_mb
        self._session_ms = session_ms
        self._folders = [directory / f"broker-{number}" for number in range(1, brokers + 1)]
        self.brokers = [self._server(number) for number in range(1, brokers + 1)]

    @property
    def url(self) -> str:
        """Of the topics without a prefix; a path appended to it is the prefix."""
        return "kafka://" + ",".join(f"{HOST}:{port}" for port in self._listeners)

    @property
    def secure_url(self) -> str:
        """The same by the secure door, which there must be."""
        if self._secure is None:
            raise RuntimeError("this Kafka has no secure door")
        user, password = quote(self._secure.user, safe=""), quote(self._secure.password, safe="")
        return f"kafka+ssl://{user}:{password}@" + ",".join(f"{HOST}:{port}" for port in self._secured)

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
        settings = self._properties(number, folder) | self._secure_properties(number, folder)
        properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        if (folder / "data" / "meta.properties").exists():
            return
        command = [*self._java(), "kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(properties)]
        if self._secure is not None:
            command += ["--add-scram", f"{_SCRAM}=[name={self._secure.user},password={self._secure.password}]"]
        failing = "Kafka's folder can't be formatted"
        formatted = finished(command, _FORMAT_SECONDS, failing)
        if formatted.returncode:
            raise StartupError(f"{failing}: {formatted.stdout}{formatted.stderr}")

    def _properties(self, number: int, folder: Path) -> dict[str, object]:
        brokers = len(self._listeners)
        listener, controller = self._listeners[number - 1], self._controllers[number - 1]
        return {
            "node.id": number,
            "process.roles": "broker,controller",
            "listeners": f"PLAINTEXT://{HOST}:{listener},CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{listener}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL",
            "inter.broker.listener.name": "PLAINTEXT",
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

    def _secure_properties(self, number: int, folder: Path) -> dict[str, object]:
        if self._secure is None:
            return {}
        files, keystore = self._secure.certificate, folder / "secure.pem"
        keystore.touch(mode=0o600)
        keystore.write_text(files.key.read_text() + files.certificate.read_text() + files.authority.read_text())
        plain = self._properties(number, folder)
        door = f"SECURE://{HOST}:{self._secured[number - 1]}"
        return {
            "listeners": f"{plain['listeners']},{door}",
            "advertised.listeners": f"{plain['advertised.listeners']},{door}",
            "sasl.enabled.mechanisms": _SCRAM,
            f"listener.name.secure.{_SCRAM.lower()}.sasl.jaas.config": f"{_SCRAM_MODULE} required;",
            "listener.name.secure.ssl.keystore.type": "PEM",
            "listener.name.secure.ssl.keystore.location": keystore,
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

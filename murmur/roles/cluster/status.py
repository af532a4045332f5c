"""What runs of a cluster, and whether it is ready."""

import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from murmur.cluster.supervisor import Entry, read_entries, supervised
from murmur.errors import StartupError
from murmur.probe import client_context, failure

OPERATOR = "operator"
"""Whose certificate an operator shows to roles."""


@dataclass(frozen=True, slots=True)
class Line:
    """`trouble` is why a program is not ready, None when it is; programs that are no roles are ready when they run."""

    entry: Entry
    trouble: str | None


def status(directory: Path) -> list[Line]:
    """Of the cluster in a folder. Raises StartupError when none runs there."""
    if not supervised(directory):
        raise StartupError(f"no cluster runs in {directory}; start one by `murmur cluster up`")
    entries, tls = read_entries(directory), client(directory)

    def line(entry: Entry) -> Line:
        if not entry.alive:
            return Line(entry, "it has ended")
        return Line(entry, failure(entry.probe, tls) if entry.probe else None)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(line, entries))


def client(directory: Path) -> ssl.SSLContext:
    """How an operator of the cluster in a folder reaches its roles. Raises StartupError."""
    certs = directory / "certs"
    try:
        return client_context(str(certs / "ca.crt"), str(certs / f"{OPERATOR}.crt"), str(certs / f"{OPERATOR}.key"))
    except OSError as error:
        raise StartupError(f"can't read the certificates in {certs}: {error}") from error

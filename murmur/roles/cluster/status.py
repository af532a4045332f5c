"""What runs of a cluster, and whether it is ready."""

import http.client
import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from murmur.cluster.supervisor import Entry, read_entries, supervised
from murmur.errors import StartupError

OPERATOR = "operator"
"""Whose certificate an operator shows to roles."""
_SECONDS = 3.0


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
        return Line(entry, ready(entry.probe, tls) if entry.probe else None)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(line, entries))


def client(directory: Path) -> ssl.SSLContext:
    """How an operator of the cluster in a folder reaches its roles. Raises StartupError."""
    certs = directory / "certs"
    try:
        context = ssl.create_default_context(cafile=certs / "ca.crt")
        context.load_cert_chain(certs / f"{OPERATOR}.crt", certs / f"{OPERATOR}.key")
    except OSError as error:
        raise StartupError(f"can't read the certificates in {certs}: {error}") from error
    return context


def ready(url: str, tls: ssl.SSLContext) -> str | None:
    """Why the role that answers at `url` is not ready; None when it is."""
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=_SECONDS, context=tls)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        body = response.read()
        return None if response.status == 200 else "; ".join(json.loads(body)["reasons"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return "it does not answer"
    finally:
        connection.close()

"""HAProxy with TLS in front of two gateways, by the program that Debian packages; `haproxy.cfg` is beside this."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from murmur.cluster.certificates import Certificate
from murmur.cluster.server import HOST, Server, Startable, free_ports, remembered, require

CONFIGURATION = Path(__file__).with_name("haproxy.cfg")
_CHECK_SECONDS = 30


def missing() -> str | None:
    """What HAProxy can't be started for, and how to get it, in one line."""
    return None if _program() else "haproxy not found: apt-get install haproxy"


class HAProxy(Startable):
    """One HAProxy; `url` is where clients come in. `certificate` is shown to them and to the two `gateways` (host:port)."""

    def __init__(self, directory: Path, gateways: Sequence[str], certificate: Certificate, *, port: int | None = None) -> None:
        require(missing())
        ports = remembered(directory / "ports", lambda: " ".join(map(str, free_ports(2)))).split()
        public, operators = port or int(ports[0]), int(ports[1])
        first, second = gateways
        self.url = f"https://localhost:{public}"
        self.metrics_url = f"http://{HOST}:{operators}/metrics"
        self._environment = {
            "MURMUR_PUBLIC_ADDRESS": f"{HOST}:{public}",
            "MURMUR_OPERATORS_ADDRESS": f"{HOST}:{operators}",
            "MURMUR_GATEWAY_1": first,
            "MURMUR_GATEWAY_2": second,
            "MURMUR_PUBLIC_CERT": str(certificate.certificate.resolve()),
            "MURMUR_TLS_CERT_FILE": str(certificate.certificate.resolve()),
            "MURMUR_TLS_CA_FILE": str(certificate.authority.resolve()),
        }
        command = [str(_program()), "-db", "-f", str(CONFIGURATION)]
        self.server = Server("haproxy", command, directory, public, environment=self._environment)

    def check(self) -> str | None:
        """What HAProxy itself says against its configuration; None when it says nothing."""
        finished = subprocess.run(  # noqa: S603 (our own command line)
            [str(_program()), "-c", "-q", "-f", str(CONFIGURATION)],
            env={**os.environ, **self._environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=_CHECK_SECONDS,
        )
        return None if finished.returncode == 0 and not finished.stderr else finished.stderr or f"exit {finished.returncode}"

    def start(self) -> None:
        """Return when it accepts connections. Raises StartupError."""
        self.server.start()

    def stop(self) -> None:
        self.server.stop()


def _program() -> str | None:
    # Debian's place for it is on root's path alone.
    return shutil.which("haproxy", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")

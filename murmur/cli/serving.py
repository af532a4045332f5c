"""Serves a role in this process until a signal."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from murmur.cli.options import run
from murmur.cli.terminal import err
from murmur.roles.process import Role, run_role
from murmur.roles.server import listen
from murmur.settings import Settings
from murmur.telemetry.health import Health
from murmur.telemetry.metrics import Metrics


def serve_role(what: str, settings: Settings, open_role: Callable[[Metrics, Health], AbstractAsyncContextManager[Role]]) -> None:
    """Raises StartupError."""
    listener = listen(settings.server.host, settings.server.port)
    scheme = "https" if settings.tls.tls_cert_file else "http"
    url = f"{scheme}://{settings.server.host}:{listener.getsockname()[1]}"
    metrics, health = Metrics(), Health()

    def announce() -> None:
        err.print(f"{what} answers at {url}", highlight=False, soft_wrap=True)

    run(run_role(settings, listener, health, metrics, lambda: open_role(metrics, health), announce))
    err.print("stopped")

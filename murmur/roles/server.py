"""Serves an ASGI app until a signal, then lets what is running finish."""

import asyncio
import errno
import gc
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from murmur.errors import StartupError
from murmur.roles.connections import BoundedConnection, BoundedSocket

DRAIN_SECONDS = 10
MAX_SOCKET_MESSAGE = 256 * 1024
"""Bytes of one message that a client sends over WebSocket."""
_BACKLOG = 2_048
# A request makes thousands of objects that die with it, nearly all by reference counting: the youngest generation may grow.
_GC_THRESHOLDS = (20_000, 20, 20)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises StartupError when the address can't be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartupError(f"port {port} on {host} is in use; choose another by --port or MURMUR_PORT") from error
        raise StartupError(f"can't listen on {host}:{port}: {error.strerror}") from error
    listener.setblocking(False)
    return listener


def _settle_memory() -> None:
    """Keep what the process has built so far out of the garbage collector's sight.

    Schemas, plans and modules stay until the end; walking them anew in every full collection stalls the event loop for
    hundreds of milliseconds under load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        # Signals are the role's: uvicorn would raise them again once it is done, and Ctrl-C would not exit with 0.
        yield


def server_config(app: ASGIApp, tls: ssl.SSLContext | None = None) -> uvicorn.Config:
    """How a role serves: bounded connections and sockets, and nothing of the HTTP server's own in answers or logs."""
    return uvicorn.Config(
        app,
        http=BoundedConnection,
        ws=BoundedSocket,
        ws_max_size=MAX_SOCKET_MESSAGE,
        # Compression would cost each idle socket more memory than all else that it holds.
        ws_per_message_deflate=False,
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # The edge reads X-Forwarded-For itself, from trusted proxies alone; uvicorn would believe anybody on this machine.
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ssl_context_factory=(lambda _config, _default: tls) if tls else None,
    )


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    drain: Callable[[], Awaitable[object]],
    announce: Callable[[], None],
    *,
    tls: ssl.SSLContext | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until SIGINT, SIGTERM or `stop`; then `drain` runs, and connections are closed. A second signal ends at once.

    `announce` is called once a signal ends it so.
    """
    _settle_memory()
    server = _Server(server_config(app, tls))
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            server.force_exit = True
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)

    async def stop_on_signal() -> None:
        await stop.wait()
        await drain()
        server.should_exit = True

    try:
        async with asyncio.TaskGroup() as tasks:
            watcher = tasks.create_task(stop_on_signal())
            announce()
            await server.serve(sockets=[listener])
            watcher.cancel()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)

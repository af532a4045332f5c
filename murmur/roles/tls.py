"""TLS contexts of a role: what it shows to whoever connects, and to whom it connects."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog

from murmur.errors import StartupError
from murmur.roles.background import beside
from murmur.settings.tls import TlsSettings

_SECONDS = 5.0
_log = structlog.get_logger()


def server_context(settings: TlsSettings) -> ssl.SSLContext | None:
    """A context that asks clients for a certificate of the authority; None without certificates. Raises StartupError."""
    return _loaded(settings, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))


def client_context(settings: TlsSettings) -> ssl.SSLContext | None:
    """A context that shows this role's certificate, and wants the server's to be of the authority and for its host name."""
    return _loaded(settings, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


@asynccontextmanager
async def kept_current(
    settings: TlsSettings, context: ssl.SSLContext | None, *, seconds: float = _SECONDS
) -> AsyncGenerator[ssl.SSLContext | None]:
    """`context`, which takes what its files hold when they change; connections that are open stay as they are.

    An authority that is new is trusted besides the one before: to trust that no longer, the process has to be started again.
    """
    if context is None:
        yield None
        return
    async with beside(_renew(settings, context, seconds)):
        yield context


async def _renew(settings: TlsSettings, context: ssl.SSLContext, seconds: float) -> None:
    seen, told = _stamps(settings), ""
    while True:
        await asyncio.sleep(seconds)
        try:
            if (stamps := _stamps(settings)) == seen:
                continue
            # Half of a change, such as a certificate whose key is not there yet, would leave the context without either.
            _loaded(settings, ssl.SSLContext(context.protocol))
            _loaded(settings, context)
        except (OSError, StartupError) as error:
            if told != (told := str(error)):
                _log.warning("changed TLS files are not taken", reason=told)
        else:
            seen, told = stamps, ""
            _log.info("changed TLS files are taken")


def _stamps(settings: TlsSettings) -> list[tuple[int, int]]:
    files = (settings.tls_cert_file, settings.tls_key_file, settings.tls_ca_file)
    found = [file.stat() for file in files if file is not None]
    return [(stat.st_ino, stat.st_mtime_ns) for stat in found]


def _loaded(settings: TlsSettings, context: ssl.SSLContext) -> ssl.SSLContext | None:
    certificate, key, authority = settings.tls_cert_file, settings.tls_key_file, settings.tls_ca_file
    if certificate is None or key is None or authority is None:
        return None
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(authority)
    except (OSError, ssl.SSLError) as error:
        raise StartupError(f"can't read the TLS files {certificate}, {key} and {authority}: {error}") from error
    return context

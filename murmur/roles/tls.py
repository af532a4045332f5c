"""TLS contexts of a role: what it shows to whoever connects, and to whom it connects."""

import ssl

from murmur.errors import StartupError
from murmur.settings.tls import TlsSettings


def server_context(settings: TlsSettings) -> ssl.SSLContext | None:
    """A context that asks clients for a certificate of the authority; None without certificates. Raises StartupError."""
    return _loaded(settings, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))


def client_context(settings: TlsSettings) -> ssl.SSLContext | None:
    """A context that shows this role's certificate, and wants the server's to be of the authority and for its host name."""
    return _loaded(settings, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


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

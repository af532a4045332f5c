"""What production refuses: what is only fit for trying out, and what would cross a network in plain text."""

import ipaddress
from urllib.parse import parse_qs, unquote, urlsplit

from murmur.errors import StartupError
from murmur.urls import without_password

_ENCRYPTED = {"s", "ssc", "ssl", "tls", "srv", "https", "rediss"}
"""Parts of a scheme, between its plus signs, that stand for TLS."""
_DEFAULT_PASSWORDS = {"admin", "changeme", "murmur", "neo4j", "password", "redis", "root", "secret"}


def is_exposed(url: str) -> bool:
    """Whether what is sent to `url`, which may name several hosts, crosses a network in plain text."""
    parts = urlsplit(url)
    _, _, hosts = parts.netloc.rpartition("@")
    asked = parse_qs(parts.query)
    encrypted = _ENCRYPTED & set(parts.scheme.split("+")) or "true" in (*asked.get("tls", ()), *asked.get("ssl", ()))
    return not encrypted and not all(_loopback(_name(host)) for host in hosts.split(",") if host)


def check_engine(name: str, url: str, *, plaintext: bool) -> None:
    """Raises StartupError for an engine that production does not use; `name` is the setting's."""
    if not plaintext and is_exposed(url):
        raise StartupError(
            f"{name}: an engine is reached in plain text ({without_password(url)}); production needs TLS, or "
            "MURMUR_PLAINTEXT_ENGINES=true where the network itself is private"
        )
    credentials, _, _ = urlsplit(url).netloc.rpartition("@")
    if unquote(credentials.partition(":")[2]) in _DEFAULT_PASSWORDS:
        raise StartupError(f"{name}: the password is a default that everybody knows; production needs one of its own")


def _name(host: str) -> str:
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""URLs of Redis.

`redis://[[user]:password@]host[:port][/database][?prefix=NAME]` is a server, and
`redis+cluster://[[user]:password@]host:port,host:port[?prefix=NAME]` some members of a cluster; `rediss` is either over TLS,
with `&ca=FILE` where the system does not know who signed the certificate.
"""

import ssl
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from murmur.errors import StartupError

_PORT = 6379
SCHEMES = ("redis", "rediss", "redis+cluster", "rediss+cluster")

HostPort = tuple[str, int]


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """`prefix` begins the name of every key, so that several platforms can share one Redis."""

    addresses: tuple[HostPort, ...]
    cluster: bool
    tls: bool
    user: str | None
    password: str | None
    database: int
    prefix: str
    ca: str | None

    def tls_context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.ca) if self.tls else None


def is_redis(url: str) -> bool:
    return url.partition(":")[0] in SCHEMES


def read_url(url: str) -> RedisUrl:
    """Raises StartupError, without the password in it."""
    parts = urlsplit(url)
    sign_in, _, hosts = parts.netloc.rpartition("@")
    user, _, password = sign_in.partition(":")
    options = dict(parse_qsl(parts.query))
    prefix, ca = options.pop("prefix", "murmur"), options.pop("ca", None)
    database = parts.path.strip("/") or "0"
    if parts.scheme not in SCHEMES or options or not database.isdecimal() or "{" in prefix or not hosts:
        raise StartupError(
            f"not a URL of Redis: {parts._replace(netloc=hosts).geturl()!r}; write one such as redis://host:6379/0"
        )
    cluster = parts.scheme.endswith("+cluster")
    if cluster and int(database):
        raise StartupError("a Redis Cluster has no databases but 0; tell platforms apart by ?prefix=NAME")
    return RedisUrl(
        addresses=tuple(_address(host) for host in hosts.split(",")),
        cluster=cluster,
        tls=parts.scheme.startswith("rediss"),
        user=unquote(user) or None,
        password=unquote(password) or None,
        database=int(database),
        prefix=prefix,
        ca=ca,
    )


def _address(host: str) -> HostPort:
    parts = urlsplit(f"//{host}")
    try:
        return parts.hostname or "", parts.port or _PORT
    except ValueError as error:
        raise StartupError(f"not the address of a Redis: {host!r}; write one such as host:6379") from error

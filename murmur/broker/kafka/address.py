"""Where a Kafka is, and whose topics are meant: `kafka://host:port,host:port/prefix`."""

import asyncio
import re
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from murmur.errors import StartupError, Unavailable

ANSWER_SECONDS = 10
"""A request that is not answered by then has failed."""

T = TypeVar("T")
_AGAIN_SECONDS = 0.1
_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,80}")


@dataclass(frozen=True, slots=True)
class Address:
    """`kafka+ssl` speaks TLS, checked against the system's authorities; with a user, who signs in by SCRAM-SHA-512."""

    servers: tuple[str, ...]
    prefix: str
    tls: bool
    user: str
    password: str = field(repr=False)

    def named(self, name: str) -> str:
        """The name that a topic or group of ours has there."""
        return f"{self.prefix}.{name}" if self.prefix else name

    def ours(self, name: str) -> str:
        """What `named` was given."""
        return name.removeprefix(f"{self.prefix}.") if self.prefix else name

    def options(self) -> dict[str, Any]:
        """What every client of the driver is opened with."""
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.servers),
            "client_id": "murmur",
            "request_timeout_ms": ANSWER_SECONDS * 1000,
            "security_protocol": ("SASL_" if self.user else "") + ("SSL" if self.tls else "PLAINTEXT"),
        }
        if self.tls:
            options["ssl_context"] = ssl.create_default_context()
        if self.user:
            options |= {
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return options


def parse(url: str) -> Address:
    """Raises StartupError for what is no address of a Kafka."""
    parts = urlsplit(url)
    prefix = parts.path.strip("/")
    credentials, _, hosts = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    servers = tuple(host for host in hosts.split(",") if host)
    if parts.scheme not in ("kafka", "kafka+ssl") or not servers or parts.query or (prefix and not _PREFIX.fullmatch(prefix)):
        shown = parts._replace(netloc=hosts).geturl()
        raise StartupError(
            f"{shown!r} is no address of a Kafka: kafka://HOST:PORT,HOST:PORT or kafka+ssl://…, then maybe /PREFIX"
        )
    return Address(servers, prefix, parts.scheme == "kafka+ssl", unquote(user), unquote(password))


@asynccontextmanager
async def answering(seconds: float = ANSWER_SECONDS) -> AsyncGenerator[None]:
    """Makes what Kafka refuses, or does not answer in time, Unavailable."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise Unavailable("the event log does not answer; try again") from error
    except UnknownTopicOrPartitionError as error:
        raise Unavailable("the event log lacks a topic; `murmur engines check --apply` makes it") from error
    except KafkaError as error:
        raise Unavailable(f"the event log refuses: {type(error).__name__}") from error


async def ask(question: Callable[[], Awaitable[T]], *, before_again: Callable[[], Awaitable[object]]) -> T:
    """What the first broker answers that does. Raises Unavailable.

    The driver asks any broker that it knows of, and that one may just have died; `before_again` lets it learn which are left.
    """
    async with answering():
        while True:
            try:
                return await question()
            except KafkaError as error:
                if not error.retriable:
                    raise
            await before_again()
            await asyncio.sleep(_AGAIN_SECONDS)

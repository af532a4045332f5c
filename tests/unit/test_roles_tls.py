"""Certificates that change while a role runs."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from murmur.cluster.certificates import Authority, Certificate
from murmur.roles.tls import client_context, kept_current, server_context
from murmur.settings.tls import TlsSettings
from tests.support.waiting import until

_OFTEN = 0.02
_GREETING = b"hello"


def settings_of(files: Certificate) -> TlsSettings:
    return TlsSettings.read(files.settings(), {})


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_GREETING)
    writer.close()


@pytest.fixture
async def port(authority: Authority) -> AsyncIterator[int]:
    """A server with the certificate `server`."""
    settings = settings_of(authority.issue("server"))
    async with kept_current(settings, server_context(settings), seconds=_OFTEN) as tls:
        server = await asyncio.start_server(greet, "127.0.0.1", 0, ssl=tls)
        async with server:
            yield server.sockets[0].getsockname()[1]


async def seen(port: int, tls: ssl.SSLContext | None) -> str:
    """The serial number of the certificate that the server shows."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    serial: str = writer.get_extra_info("peercert")["serialNumber"]
    greeting = await reader.read()
    writer.close()
    if greeting != _GREETING:
        raise ConnectionError("the server does not take the client's certificate")
    return serial


async def test_a_certificate_that_is_changed_is_shown_to_whoever_connects_then(authority: Authority, port: int) -> None:
    tls = client_context(settings_of(authority.issue("client")))
    before = await seen(port, tls)
    authority.issue("server")

    async def changed() -> bool:
        return await seen(port, tls) != before

    await until(changed, 10)


async def test_half_of_a_change_is_left_alone_until_it_is_whole(authority: Authority, port: int, tmp_path: Path) -> None:
    tls = client_context(settings_of(authority.issue("client")))
    before = await seen(port, tls)
    old = (tmp_path / "server.key").read_bytes()
    files = authority.issue("server")
    new = files.key.read_bytes()
    with capture_logs() as logs:
        files.key.write_bytes(old)

        async def refused() -> bool:
            return any(line["event"] == "changed TLS files are not taken" for line in logs)

        await until(refused, 10)
    assert await seen(port, tls) == before
    files.key.write_bytes(new)

    async def changed() -> bool:
        return await seen(port, tls) != before

    await until(changed, 10)


async def test_an_authority_that_comes_besides_is_trusted(authority: Authority, port: int, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    stranger = other.issue("client")
    context = client_context(settings_of(authority.issue("client")))
    assert context is not None
    context.load_cert_chain(stranger.certificate, stranger.key)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await seen(port, context)
    authority.certificate.write_bytes(authority.certificate.read_bytes() + other.certificate.read_bytes())

    async def trusted() -> bool:
        try:
            return bool(await seen(port, context))
        except (ssl.SSLError, ConnectionError):
            return False

    await until(trusted, 10)

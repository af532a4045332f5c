"""Roles that know each other by certificates and keys of files, as production wants it, made by `murmur certs create`."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson
import pytest

from tests.support.city import City, door_to
from tests.support.program import Running, murmur, running
from tests.support.waiting import until


def _client(certs: Path, name: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certs / "ca.crt")
    if name is not None:
        context.load_cert_chain(certs / f"{name}.crt", certs / f"{name}.key")
    return context


def _tls(certs: Path, name: str) -> Mapping[str, str]:
    return {
        "MURMUR_ENV": "production",
        "MURMUR_TLS_CERT_FILE": str(certs / f"{name}.crt"),
        "MURMUR_TLS_KEY_FILE": str(certs / f"{name}.key"),
        "MURMUR_TLS_CA_FILE": str(certs / "ca.crt"),
        "MURMUR_IDENTITY_PUBLIC_FILE": str(certs / "identity-public.pem"),
    }


@dataclass
class _Secured:
    certs: Path
    users: Running
    gateway: Running


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[_Secured]:
    certs = tmp_path / "certs"
    made = await murmur("certs", "create", "--dir", str(certs), "gateway", "users", "tweets", "haproxy")
    assert made.code == 0, made.err
    folder = tmp_path / "data"
    async with AsyncExitStack() as stack:
        access = {"MURMUR_ACCESS_KEY_FILE": str(certs / "access-signing.pem")}
        users = await stack.enter_async_context(running("subgraph", "users", data_dir=folder, **_tls(certs, "users"), **access))
        tweets = await stack.enter_async_context(running("subgraph", "tweets", data_dir=folder, **_tls(certs, "tweets")))
        urls = {"users": f"{users.url}/graphql", "tweets": f"{tweets.url}/graphql"}
        gateway = await stack.enter_async_context(
            running(
                "gateway",
                data_dir=folder,
                **_tls(certs, "gateway"),
                MURMUR_IDENTITY_KEY_FILE=str(certs / "identity-signing.pem"),
                MURMUR_SUBGRAPHS=orjson.dumps(urls).decode(),
            )
        )
        yield _Secured(certs, users, gateway)


async def test_with_certificates_the_platform_works_in_production(secured: _Secured) -> None:
    connector = aiohttp.TCPConnector(ssl=_client(secured.certs, "haproxy"))
    async with aiohttp.ClientSession(connector=connector) as session:

        async def ready() -> bool:
            async with session.get(f"{secured.gateway.url}/health/ready") as response:
                return response.status == 200

        await until(ready)
        assert secured.gateway.url.startswith("https://")
        ada = await City(door_to(secured.gateway.url, session)).person("ada")
        await ada.tweet("in private")
        me = await ada.ask("{ me { handle tweets { nodes { text } } } }")
        assert me == {"me": {"handle": "ada", "tweets": {"nodes": [{"text": "in private"}]}}}
    for role in (secured.users, secured.gateway):
        assert await role.stop() == 0, role.log


async def test_who_has_no_certificate_of_the_authority_is_not_answered(secured: _Secured, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert (await murmur("certs", "create", "--dir", str(other), "gateway")).code == 0
    stranger = _client(secured.certs, None)
    stranger.load_cert_chain(other / "gateway.crt", other / "gateway.key")
    for url in (secured.users.url, secured.gateway.url):
        for context in (_client(secured.certs, None), stranger):
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
                with pytest.raises(aiohttp.ClientError):
                    await session.get(f"{url}/health/live")
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError):
                await session.get(f"{url.replace('https:', 'http:')}/health/live")


async def test_production_serves_no_subgraph_in_plain_text_to_other_machines(tmp_path: Path) -> None:
    certs = tmp_path / "certs"
    assert (await murmur("certs", "create", "--dir", str(certs), "tweets")).code == 0
    key = {"MURMUR_ENV": "production", "MURMUR_IDENTITY_PUBLIC_FILE": str(certs / "identity-public.pem")}
    finished = await murmur("subgraph", "tweets", "--host", "192.0.2.1", "--port", "0", data_dir=tmp_path / "data", **key)
    assert finished.code == 1
    assert "no subgraph in plain text" in finished.err

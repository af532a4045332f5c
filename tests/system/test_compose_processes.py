"""The roles of the containers as processes, each with what its container is told and nothing else, on real engines."""

import asyncio
import json
import os
import secrets as randomness
import ssl
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from murmur.cluster import mongodb
from murmur.cluster.kafka import Kafka
from murmur.cluster.neo4j import Neo4j
from murmur.cluster.redis import RedisCluster
from murmur.cluster.server import HOST, Server, free_ports
from murmur.probe import failure
from murmur.roles.schemas import SCHEMAS
from tests.conftest import needs
from tests.support.city import City, door_to
from tests.support.compose_files import environment_of, lay_out, prepare, read_yaml, roles_of
from tests.support.compose_mongodb import WithoutAccounts, make_accounts, url_of
from tests.support.topics import removed
from tests.support.waiting import until

_COMPOSE = read_yaml("compose.yaml")
_READY_SECONDS = 180


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    lay_out(tmp_path)
    return prepare(tmp_path)


@pytest.fixture
def accounts(tmp_path: Path, secrets: Path) -> Iterator[mongodb.MongoDB]:
    needs(mongodb.missing())
    with WithoutAccounts(tmp_path / "mongodb") as server:
        make_accounts(server, secrets)
        yield server


@pytest.fixture
async def log(kafka: Kafka) -> AsyncIterator[str]:
    async with removed(f"{kafka.url}/{randomness.token_hex(4)}") as url:
        yield url


def trusted(secrets: Path, name: str) -> ssl.SSLContext:
    """What somebody with the certificate of `name` connects by."""
    certs = secrets / "certs"
    context = ssl.create_default_context(cafile=certs / "ca.crt")
    context.load_cert_chain(certs / f"{name}.crt", certs / f"{name}.key")
    return context


async def test_each_role_runs_with_what_its_container_is_told_and_together_they_are_the_platform(
    secrets: Path, accounts: mongodb.MongoDB, neo4j: Neo4j, redis_cluster: RedisCluster, log: str, tmp_path: Path
) -> None:
    roles = dict(roles_of(_COMPOSE))
    ports = dict(zip(roles, free_ports(len(roles)), strict=True))
    urls = {name: f"https://{HOST}:{ports[name]}/graphql" for name in SCHEMAS}
    engines = {
        "mongodb_url": url_of(accounts, secrets / "mongodb_url"),
        "mongodb_operator_url": url_of(accounts, secrets / "mongodb_operator_url"),
        "users_url": neo4j.url,
        "redis_url": redis_cluster.url,
        # No server of Meilisearch is here.
        "search_url": f"tantivy:{tmp_path / 'index'}",
    }
    for name, url in engines.items():
        (secrets / name).chmod(0o600)
        (secrets / name).write_text(url)
    here = {"MURMUR_HOST": HOST, "MURMUR_BROKER_URL": log, "MURMUR_SUBGRAPHS": json.dumps(urls), "MURMUR_DRAIN_NOTICE": "0"}

    def run_of(name: str) -> tuple[list[str], dict[str, str]]:
        """The command and the environment of a role."""
        service: Mapping[str, Any] = roles[name]
        told = environment_of(service, _COMPOSE, secrets)
        environment = told | {key: value for key, value in here.items() if key in told}
        command = [str(ports[name]) if one == "8000" else one for one in service["command"]]
        if "MURMUR_PORT" in told:
            environment["MURMUR_PORT"] = str(ports[name])
        environment["MURMUR_DATA_DIR"] = str(tmp_path / "data" / name)
        return [sys.executable, "-m", "murmur", *command], environment

    assert not [name for name in os.environ if name.startswith("MURMUR_")]
    command, environment = run_of("engines")
    checking = await asyncio.create_subprocess_exec(*command, env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE)
    told, _ = await checking.communicate()
    assert checking.returncode == 0, told.decode()
    processes: dict[str, Server] = {}
    with ExitStack() as stack:
        for name in roles.keys() - {"engines"}:
            command, environment = run_of(name)
            processes[name] = Server(name, command, tmp_path / "logs", ports[name], environment=environment)
            stack.callback(processes[name].stop)
            processes[name].spawn()
        for server in processes.values():
            stack.callback(server.terminate)
        looking = trusted(secrets, "prometheus")

        async def waiting() -> Mapping[str, str]:
            probes = {name: f"https://{HOST}:{server.port}/health/ready" for name, server in processes.items()}
            told = await asyncio.gather(*(asyncio.to_thread(failure, probe, looking) for probe in probes.values()))
            return {name: reason for name, reason in zip(probes, told, strict=True) if reason is not None}

        async def ready() -> bool:
            return not await waiting()

        await until(ready, _READY_SECONDS)
        connector = aiohttp.TCPConnector(ssl=trusted(secrets, "haproxy"))
        async with aiohttp.ClientSession(connector=connector) as session:
            city = City(door_to(f"https://{HOST}:{ports['gateway-1']}", session))
            ada, bob = await city.people("ada", "bob")
            await ada.follow(bob)
            tweet = await bob.tweet("least privilege")
            await ada.engage("like", tweet)
            await ada.sees(tweet, seconds=60)

            async def arrived() -> bool:
                found = await bob.ask('{ search(query: "privilege") { nodes { __typename } } unreadNotificationCount }')
                return bool(found["search"]["nodes"]) and found["unreadNotificationCount"] == 2

            await until(arrived, 60)
        assert await waiting() == {}
        # Whoever opens what it was not told of opens the embedded one, in its own folder.
        assert [str(file) for file in (tmp_path / "data").rglob("*") if file.is_file()] == []

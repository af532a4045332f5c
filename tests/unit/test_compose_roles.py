"""What each role's container is told: of all that the role reads that has no good default, and of nothing else."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest

from murmur.roles.edge import as_role
from murmur.roles.gateway import open_gateway_apart
from murmur.roles.process import Role
from murmur.roles.schemas import SCHEMAS
from murmur.roles.subgraph import check_subgraph, open_subgraph
from murmur.roles.worker import open_worker
from murmur.roles.workers import check_worker
from murmur.settings import Settings, load_settings
from murmur.settings.base import PREFIX, Concern
from murmur.settings.stores import StoreSettings
from murmur.telemetry.health import Health
from murmur.telemetry.metrics import Metrics
from tests.support.compose_files import environment_of, lay_out, prepare, read_yaml, roles_of

COMPOSE = read_yaml("compose.yaml")
ROLES = {name: service for name, service in roles_of(COMPOSE) if service["command"][0] != "engines"}
URLS = {name for name in StoreSettings.model_fields if name.endswith("_url")}
ANY_PROCESS = {"env", "plaintext_engines", "host", "tls_cert_file", "tls_key_file", "tls_ca_file", "drain_notice"}
"""What whatever serves reads besides what its role does."""


class Noting:
    """A concern of the settings that notes which of its values are read."""

    def __init__(self, concern: Concern, read: set[str]) -> None:
        self._concern = concern
        self._read = read

    def __getattr__(self, name: str) -> object:
        self._read.add(name)
        return getattr(self._concern, name)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compose")
    lay_out(folder)
    return prepare(folder)


def names_in(environment: Mapping[str, str]) -> set[str]:
    """Of the settings that an environment gives, by a file or not."""
    known = {name for concern in fields(Settings) for name in cast("type[Concern]", concern.type).model_fields}
    names = {name.removeprefix(PREFIX).lower() for name in environment}
    return {name if name in known else name.removesuffix("_file") for name in names}


def opened(command: list[str], settings: Settings) -> AbstractAsyncContextManager[Role]:
    match command:
        case ["subgraph", name, *_]:
            return open_subgraph(name, settings, Metrics(), Health())
        case ["worker", name, *_]:
            return open_worker(name, settings, Metrics(), Health())
        case _:
            nowhere = dict.fromkeys(SCHEMAS, "https://127.0.0.1:9/graphql")
            return as_role(open_gateway_apart(settings, Metrics(), Health(), urls=nowhere))


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_is_told_what_it_reads_and_nothing_else(role: str, secrets: Path, tmp_path: Path) -> None:
    command = ROLES[role]["command"]
    environment = environment_of(ROLES[role], COMPOSE, secrets)
    given = names_in(environment)
    there = load_settings(environment)
    if command[0] == "subgraph":
        check_subgraph(command[1], there)
    if command[0] == "worker":
        check_worker(command[1], there)
    # The engines are not here: what is opened in their place is asked for by the same names.
    here = {name: value for name, value in environment.items() if not names_in({name: value}) & URLS}
    settings = load_settings(here | {"MURMUR_DATA_DIR": str(tmp_path), "MURMUR_CACHE_URL": "memory:"})
    read: set[str] = set()
    noting: dict[str, Any] = {concern.name: Noting(getattr(settings, concern.name), read) for concern in fields(Settings)}
    async with opened(command, Settings(**noting)):
        pass
    assert given & URLS == read & URLS
    # Others find out the port by the command.
    served = ANY_PROCESS | ({"port"} if command == ["gateway"] else set())
    assert given - URLS <= read | served


def test_who_makes_what_is_missing_is_told_of_every_engine_and_of_no_key() -> None:
    given = names_in(COMPOSE["services"]["engines"]["environment"])
    assert given == {*URLS, "env", "plaintext_engines"}


def test_the_account_of_the_roles_and_that_which_shards_are_different_ones(secrets: Path) -> None:
    users = {(secrets / name).read_text().partition(":")[2].partition(":")[0] for name in ("mongodb_url", "mongodb_operator_url")}
    assert users == {"//murmur", "//murmur-operator"}
    holders = {name for name, service in COMPOSE["services"].items() if "mongodb_operator_url" in service.get("secrets", ())}
    assert holders == {"engines"}
    rulers = {name for name, service in COMPOSE["services"].items() if "mongodb_root_password" in service.get("secrets", ())}
    assert rulers == {"mongodb-shards"}

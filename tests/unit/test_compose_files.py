"""The containers' files, checked without a container engine: what they name exists, is pinned, and fits the settings."""

import json
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from murmur.cluster import haproxy
from murmur.roles.schemas import SCHEMAS
from murmur.roles.workers import WORKERS
from murmur.settings import Settings, load_settings
from murmur.telemetry.metrics import Metrics
from tests.conftest import needs

_ROOT = Path(__file__).parents[2]
_COMPOSE = _ROOT / "compose"
_PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*")
# Stands in for the engine: the one thing that is asked of it is to make certificates, which this machine can do as well.
_DOCKER = """#!/bin/sh
[ "$2" = run ] || exit 0
while [ "$1" != certs ]; do shift; done
shift 4
exec "{python}" -m murmur certs create --dir secrets/certs "$@"
"""


@pytest.fixture(scope="module")
def compose() -> Mapping[str, Any]:
    return YAML(typ="safe").load(_COMPOSE / "compose.yaml")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of secrets that `prepare` makes."""
    folder = tmp_path_factory.mktemp("compose")
    shutil.copy(_COMPOSE / "prepare", folder)
    docker = folder / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(_DOCKER.format(python=sys.executable))
    docker.chmod(0o755)
    for _ in range(2):
        _prepare(folder)
    return folder / "secrets"


def _prepare(folder: Path) -> None:
    path = f"{folder / 'bin'}:/usr/bin:/bin"
    finished = _run(folder / "prepare", PATH=path, PYTHONPATH=str(_ROOT))
    assert finished.returncode == 0, finished.stderr


def _run(*command: Path | str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment or None, check=False, capture_output=True, text=True)  # noqa: S603 (our own)


def _roles(compose: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The services that are roles of Murmur."""
    for name, service in compose["services"].items():
        if service["image"].startswith("murmur:") and "profiles" not in service:
            yield name, service


def _targets(service: Mapping[str, Any]) -> dict[str, str]:
    """The names of a service's secrets by the names of their files in it."""
    pairs = ((one, one) if isinstance(one, str) else (one["target"], one["source"]) for one in service.get("secrets", ()))
    return dict(pairs)


def _settings(service: Mapping[str, Any], compose: Mapping[str, Any], secrets: Path) -> Settings:
    """What a role would read in its container."""
    files = {target: secrets.parent / compose["secrets"][source]["file"] for target, source in _targets(service).items()}
    environment = {
        name: str(files[Path(value).name]) if value.startswith("/run/secrets/") and name.endswith("_URL_FILE") else value
        for name, value in service["environment"].items()
    }
    return load_settings(environment)


def test_the_file_is_one_by_the_specification() -> None:
    schema = ("--builtin-schema", "vendor.compose-spec")
    finished = _run(sys.executable, "-m", "check_jsonschema", *schema, _COMPOSE / "compose.yaml")
    assert finished.returncode == 0, finished.stdout


def test_every_image_is_pinned(compose: Mapping[str, Any]) -> None:
    images = {service["image"] for service in compose["services"].values()}
    images |= set(re.findall(r"^FROM (\S+)", (_COMPOSE / "Dockerfile").read_text(), re.MULTILINE))
    assert [image for image in images if not _PINNED.fullmatch(image)] == []
    version = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"murmur:{version}" in images


def test_every_subgraph_and_worker_runs_and_the_gateways_reach_the_subgraphs(compose: Mapping[str, Any], prepared: Path) -> None:
    roles = dict(_roles(compose))
    commands = {tuple(service["command"][:2]) for service in roles.values()}
    assert {("subgraph", name) for name in SCHEMAS} <= commands
    assert {("worker", name) for name in WORKERS} <= commands
    for name in ("gateway-1", "gateway-2"):
        urls = _settings(roles[name], compose, prepared).federation.subgraphs
        assert urls == {subgraph: f"https://{subgraph}:8000/graphql" for subgraph in SCHEMAS}
    scraped = YAML(typ="safe").load(_COMPOSE / "prometheus.yml")["scrape_configs"]
    targets = {target for job in scraped for group in job.get("static_configs", ()) for target in group["targets"]}
    found = [group for job in scraped for group in job.get("dns_sd_configs", ())]
    names = {name for group in found for name in group["names"]}
    assert names == {name for name, service in roles.items() if service["command"][0] == "worker"}
    targets |= {f"{name}:{group['port']}" for group in found for name in group["names"]}
    assert targets == {"haproxy:8404", *(f"{name}:8000" for name in roles if name != "engines")}


def test_every_variable_is_a_setting_and_production_accepts_them(compose: Mapping[str, Any], prepared: Path) -> None:
    for name, service in _roles(compose):
        settings = _settings(service, compose, prepared)
        assert settings.server.production, name
        assert settings.stores.users_url.startswith("neo4j://neo4j:"), name
        read = {value for value in service["environment"].values() if value.startswith("/run/secrets/")}
        missing = {Path(path).name for path in read} - set(_targets(service))
        assert name == "engines" or not missing, (name, missing)
    front = compose["services"]["haproxy"]["environment"]
    assert set(front) == set(re.findall(r"\$\{(\w+)\}", haproxy.CONFIGURATION.read_text()))


def test_every_secret_is_made_once_and_used(compose: Mapping[str, Any], prepared: Path) -> None:
    used = {source for service in compose["services"].values() for source in _targets(service).values()}
    assert used == set(compose["secrets"])
    contents = {name: (prepared.parent / secret["file"]).read_bytes() for name, secret in compose["secrets"].items()}
    assert all(contents.values())
    assert stat.S_IMODE(prepared.stat().st_mode) == 0o700
    _prepare(prepared.parent)
    again = {name: (prepared.parent / secret["file"]).read_bytes() for name, secret in compose["secrets"].items()}
    assert contents == again


def test_whatever_is_waited_for_can_say_that_it_is_there(compose: Mapping[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "test" in services[other]["healthcheck"], f"{name} waits for {other}"
            else:
                assert how["condition"] == "service_completed_successfully"
                assert services[other]["restart"].startswith("on-failure"), f"{name} waits for {other}"
        if service.get("restart") == "unless-stopped":
            assert "test" in service["healthcheck"], name


def test_roles_may_do_nothing_to_the_machine(compose: Mapping[str, Any]) -> None:
    for name, service in _roles(compose):
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
    assert re.search(r"^USER 10001:10001$", (_COMPOSE / "Dockerfile").read_text(), re.MULTILINE)
    exposed = {
        name for name, service in compose["services"].items() for port in service.get("ports", ()) if "127.0.0.1" not in port
    }
    assert exposed == {"haproxy"}
    assert compose["networks"]["engines"]["internal"]


def test_haproxy_accepts_its_file_with_these_settings(compose: Mapping[str, Any], prepared: Path) -> None:
    needs(haproxy.missing())
    certs = str(prepared / "certs")
    environment = {
        name: value.replace("/run/secrets", certs) for name, value in compose["services"]["haproxy"]["environment"].items()
    }
    program = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    finished = _run(str(program), "-c", "-q", "-f", haproxy.CONFIGURATION, **environment)
    assert (finished.returncode, finished.stderr) == (0, "")


def test_the_dashboard_shows_metrics_that_there_are() -> None:
    dashboard = json.loads((_COMPOSE / "grafana" / "dashboards" / "murmur.json").read_text())
    expressions = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    known = set(re.findall(r"^# TYPE (\w+)", Metrics().exposition().decode(), re.MULTILINE))
    shown = {name.removesuffix("_bucket") for name in re.findall(r"murmur_\w+|process_\w+", expressions)}
    assert len(shown) > 10
    assert shown <= known


@pytest.mark.parametrize("name", ["prepare", "redis-create"])
def test_scripts_are_of_the_plain_shell(name: str) -> None:
    assert _run("sh", "-n", _COMPOSE / name).returncode == 0
    assert (_COMPOSE / name).stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize("name", ["mongodb-initiate.js", "mongodb-shard.js"])
def test_scripts_of_mongodb_can_be_read(name: str) -> None:
    if (node := shutil.which("node")) is None:
        pytest.skip("node is not here")
    assert _run(node, "--check", _COMPOSE / name).returncode == 0

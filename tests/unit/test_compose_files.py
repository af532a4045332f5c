"""The containers' files, checked without a container engine: what they name exists, is pinned, and fits the settings."""

import json
import re
import shutil
import stat
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from murmur.cluster import haproxy
from murmur.roles.schemas import SCHEMAS
from murmur.roles.workers import WORKERS
from murmur.settings import load_settings
from murmur.telemetry.metrics import Metrics
from tests.conftest import needs
from tests.support.compose_files import COMPOSE, ROOT, environment_of, lay_out, prepare, read_yaml, roles_of, run, targets_of

_PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*")


@pytest.fixture(scope="module")
def compose() -> Mapping[str, Any]:
    return read_yaml("compose.yaml")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of secrets that `prepare` makes."""
    folder = tmp_path_factory.mktemp("compose")
    lay_out(folder)
    prepare(folder)
    return prepare(folder)


def test_the_file_is_one_by_the_specification() -> None:
    schema = ("--builtin-schema", "vendor.compose-spec")
    finished = run(sys.executable, "-m", "check_jsonschema", *schema, COMPOSE / "compose.yaml")
    assert finished.returncode == 0, finished.stdout


def test_every_image_is_pinned(compose: Mapping[str, Any]) -> None:
    images = {service["image"] for service in compose["services"].values()}
    images |= set(re.findall(r"^FROM (\S+)", (COMPOSE / "Dockerfile").read_text(), re.MULTILINE))
    assert [image for image in images if not _PINNED.fullmatch(image)] == []
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"murmur:{version}" in images


def test_every_subgraph_and_worker_runs_and_the_gateways_reach_the_subgraphs(compose: Mapping[str, Any], prepared: Path) -> None:
    roles = dict(roles_of(compose))
    commands = {tuple(service["command"][:2]) for service in roles.values()}
    assert {("subgraph", name) for name in SCHEMAS} <= commands
    assert {("worker", name) for name in WORKERS} <= commands
    for name in ("gateway-1", "gateway-2"):
        urls = load_settings(environment_of(roles[name], compose, prepared)).federation.subgraphs
        assert urls == {subgraph: f"https://{subgraph}:8000/graphql" for subgraph in SCHEMAS}
    scraped = read_yaml("prometheus.yml")["scrape_configs"]
    targets = {target for job in scraped for group in job.get("static_configs", ()) for target in group["targets"]}
    found = [group for job in scraped for group in job.get("dns_sd_configs", ())]
    names = {name for group in found for name in group["names"]}
    assert names == {name for name, service in roles.items() if service["command"][0] in ("subgraph", "worker")}
    for job in scraped:
        # The process behind an address is none that its certificate names, but one of its kind is.
        for name in (name for group in job.get("dns_sd_configs", ()) for name in group["names"]):
            shown = targets_of(roles[name])["tls.crt"]
            certificate = x509.load_pem_x509_certificate((prepared.parent / compose["secrets"][shown]["file"]).read_bytes())
            hosts = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            assert job["tls_config"]["server_name"] in hosts.get_values_for_type(x509.DNSName)
    targets |= {f"{name}:{group['port']}" for group in found for name in group["names"]}
    assert targets == {"haproxy:8404", *(f"{name}:8000" for name in roles if name != "engines")}


def test_every_variable_is_a_setting_and_production_accepts_them(compose: Mapping[str, Any], prepared: Path) -> None:
    for name, service in roles_of(compose):
        assert load_settings(environment_of(service, compose, prepared)).server.production, name
        read = {Path(value).name for value in service["environment"].values() if value.startswith("/run/secrets/")}
        assert read == set(targets_of(service)), name
    front = compose["services"]["haproxy"]["environment"]
    assert set(front) == set(re.findall(r"\$\{(\w+)\}", haproxy.CONFIGURATION.read_text()))


def test_every_secret_is_made_once_and_used(compose: Mapping[str, Any], prepared: Path) -> None:
    used = {source for service in compose["services"].values() for source in targets_of(service).values()}
    assert used == set(compose["secrets"])
    contents = {name: (prepared.parent / secret["file"]).read_bytes() for name, secret in compose["secrets"].items()}
    assert all(contents.values())
    assert stat.S_IMODE(prepared.stat().st_mode) == 0o700
    prepare(prepared.parent)
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
    for name, service in roles_of(compose):
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
    assert re.search(r"^USER 10001:10001$", (COMPOSE / "Dockerfile").read_text(), re.MULTILINE)
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
    finished = run(str(program), "-c", "-q", "-f", haproxy.CONFIGURATION, **environment)
    assert (finished.returncode, finished.stderr) == (0, "")


def test_the_dashboard_shows_metrics_that_there_are() -> None:
    dashboard = json.loads((COMPOSE / "grafana" / "dashboards" / "murmur.json").read_text())
    expressions = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    known = set(re.findall(r"^# TYPE (\w+)", Metrics().exposition().decode(), re.MULTILINE))
    shown = {name.removesuffix("_bucket") for name in re.findall(r"murmur_\w+|process_\w+", expressions)}
    assert len(shown) > 10
    assert shown <= known


@pytest.mark.parametrize("name", ["prepare", "redis-create"])
def test_scripts_are_of_the_plain_shell(name: str) -> None:
    assert run("sh", "-n", COMPOSE / name).returncode == 0
    assert (COMPOSE / name).stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize("name", ["mongodb-accounts.js", "mongodb-initiate.js", "mongodb-shard.js"])
def test_scripts_of_mongodb_can_be_read(name: str) -> None:
    if (node := shutil.which("node")) is None:
        pytest.skip("node is not here")
    assert run(node, "--check", COMPOSE / name).returncode == 0

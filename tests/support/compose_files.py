"""The containers' files as data: roles, and what each has in its container."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "compose"
# Stands in for the engine: the one thing that is asked of it is to make certificates, which this machine can do as well.
_DOCKER = """#!/bin/sh
[ "$2" = run ] || exit 0
while [ "$1" != certs ]; do shift; done
shift 4
exec "{python}" -m murmur certs create --dir secrets/certs "$@"
"""


def read_yaml(name: str) -> Mapping[str, Any]:
    return YAML(typ="safe").load(COMPOSE / name)


def lay_out(folder: Path) -> None:
    """Put `compose/prepare` into a folder, with what it asks for."""
    shutil.copy(COMPOSE / "prepare", folder)
    docker = folder / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(_DOCKER.format(python=sys.executable))
    docker.chmod(0o755)


def prepare(folder: Path) -> Path:
    """The folder of secrets that `prepare` makes."""
    path = f"{folder / 'bin'}:/usr/bin:/bin"
    finished = run(folder / "prepare", PATH=path, PYTHONPATH=str(ROOT))
    assert finished.returncode == 0, finished.stderr
    return folder / "secrets"


def run(*command: Path | str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment or None, check=False, capture_output=True, text=True)  # noqa: S603 (our own)


def roles_of(compose: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The services that are roles of Murmur."""
    for name, service in compose["services"].items():
        if service["image"].startswith("murmur:") and "profiles" not in service:
            yield name, service


def targets_of(service: Mapping[str, Any]) -> dict[str, str]:
    """The names of a service's secrets by the names of their files in it."""
    pairs = ((one, one) if isinstance(one, str) else (one["target"], one["source"]) for one in service.get("secrets", ()))
    return dict(pairs)


def environment_of(service: Mapping[str, Any], compose: Mapping[str, Any], secrets: Path) -> dict[str, str]:
    """What a role's container has, with the files of its secrets where they are here."""
    files = {target: secrets.parent / compose["secrets"][source]["file"] for target, source in targets_of(service).items()}
    return {
        name: str(files[Path(value).name]) if value.startswith("/run/secrets/") else value
        for name, value in service["environment"].items()
    }

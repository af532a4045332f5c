"""Jars of an engine: Maven copies what a pom names, and each one must be the one that was committed as a hash."""

import hashlib
import shutil
import tempfile
from pathlib import Path

from murmur.cluster.server import finished
from murmur.errors import StartupError

_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
_SECONDS = 600


def copy_jars(pom: Path, sums: Path, target: Path) -> None:
    """Bring the jars of `pom` and what they need into the folder `target`; nothing is done when they are there already.

    `sums` lists them as sha256sum does. Raises StartupError when Maven fails, or brings something else.
    """
    wanted = _wanted(sums)
    if _sums_of(target) == wanted:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as draft:
        command = ["mvn", "-q", "-B", "-f", str(pom), _COPY, f"-DoutputDirectory={draft}", "-DincludeScope=runtime"]
        brought = finished(command, _SECONDS, "Maven can't be run")
        if brought.returncode:
            raise StartupError(f"Maven could not bring the jars of {pom.name}: {_first_error(brought.stdout)}")
        found = _sums_of(Path(draft))
        if found != wanted:
            odd = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
            raise StartupError(f"the jars of {pom.name} are not those of {sums.name}: {', '.join(odd)}")
        if target.exists():
            shutil.rmtree(target)
        shutil.copytree(draft, target)


def missing_tools(engine: str) -> str | None:
    """What of Java and Maven is not there, in one line, and how to get it."""
    gone = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if not gone:
        return None
    return f"{engine} needs {' and '.join(gone)}: apt-get install default-jre-headless maven"


def _wanted(sums: Path) -> dict[str, str]:
    lines = (line.split() for line in sums.read_text().splitlines())
    return {name: digest for digest, name in lines}


def _sums_of(folder: Path) -> dict[str, str]:
    return {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")}


def _first_error(text: str) -> str:
    return next((line for line in text.splitlines() if "ERROR" in line), "it said nothing")

"""Reading the tables in `cases/`.

A case begins with `# what it is`, and `-> CODE, CODE` where it is refused; each subgraph begins with `--- name`. `$LINK` stands
for a link to federation v2.9 that imports every directive.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.federation.composition import SubgraphSdl

FOLDER = Path(__file__).parent / "cases"

_DIRECTIVES = (
    "key requires provides external tag extends shareable inaccessible override composeDirective interfaceObject"
    " authenticated requiresScopes policy context fromContext cost listSize"
)
LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ['
    + ", ".join(f'"@{name}"' for name in _DIRECTIVES.split())
    + "])"
)


@dataclass(frozen=True, slots=True)
class Case:
    """Subgraphs, and the codes with which they are refused (none: they compose)."""

    name: str
    codes: frozenset[str]
    subgraphs: tuple[SubgraphSdl, ...]


def read_cases() -> Iterator[Case]:
    """All cases of all tables."""
    for path in sorted(FOLDER.glob("*.cases")):
        for block in path.read_text().split("\n# ")[0:]:
            title, *parts = block.removeprefix("# ").split("\n--- ")
            name, _, codes = title.strip().partition(" -> ")
            yield Case(f"{path.stem}: {name}", frozenset(codes.split(", ")) if codes else frozenset(), _subgraphs(parts))


def _subgraphs(parts: list[str]) -> tuple[SubgraphSdl, ...]:
    split = (part.partition("\n") for part in parts)
    return tuple(SubgraphSdl(name.strip(), f"http://{name.strip()}.test", sdl.replace("$LINK", LINK)) for name, _, sdl in split)

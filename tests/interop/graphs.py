"""Graphs that are composed by us and by the peers: Murmur's own, the village, and small ones of one subject each.

In `small.graphs` a graph begins with `# what it is`, a subgraph with `--- name`; each links the whole of federation v2.9.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.federation.composition import SubgraphSdl
from tests.federation.composition.cases import LINK
from tests.federation.village import SDLS

_SCHEMA = Path(__file__).parents[2] / "schema"


@dataclass(frozen=True, slots=True)
class Graph:
    name: str
    subgraphs: tuple[SubgraphSdl, ...]


def _graph(title: str, sdls: Mapping[str, str]) -> Graph:
    return Graph(title, tuple(SubgraphSdl(name, f"http://{name}.test", sdl) for name, sdl in sdls.items()))


def _read_small() -> Iterator[Graph]:
    for block in ("\n" + Path(__file__).with_name("small.graphs").read_text()).split("\n# ")[1:]:
        title, *parts = block.split("\n--- ")
        subgraphs = (part.partition("\n") for part in parts)
        yield _graph(title, {name: f"{LINK}\n{sdl}" for name, _, sdl in subgraphs})


# Of the specification's versions, v2.9 is one that all peers know.
MURMUR = _graph(
    "murmur",
    {name: (_SCHEMA / f"{name}.graphql").read_text().replace("/v2.11", "/v2.9") for name in ("timelines", "tweets", "users")},
)
VILLAGE = _graph("the village", {name: f"{LINK}\n{sdl}" for name, sdl in SDLS.items()})
SMALL = tuple(_read_small())

"""Which index a URL names, and the room built on it."""

from dataclasses import dataclass
from pathlib import Path

from murmur.errors import UnknownScheme
from murmur.runtime.subgraph import Subgraph
from subgraphs.search.ports import People, SearchIndex, Tweets
from subgraphs.search.schema import SearchContext, build_schema
from subgraphs.search.service import SearchService


@dataclass(frozen=True, slots=True)
class SearchRoom:
    subgraph: Subgraph
    service: SearchService
    index: SearchIndex


def open_index(url: str, data_dir: Path) -> SearchIndex:
    """The index that a URL names. Raises StartupError for a scheme that there is no adapter for."""
    scheme, _, rest = url.partition(":")
    if scheme == "tantivy":
        from subgraphs.search.stores.tantivy import TantivyIndex

        path = rest.removeprefix("//")
        return TantivyIndex(Path(path) if path else data_dir / "search")
    if scheme in ("meilisearch", "meilisearch+https"):
        from subgraphs.search.stores.meilisearch import MeilisearchIndex

        return MeilisearchIndex(url)
    raise UnknownScheme("search index", url, "tantivy", "meilisearch", "meilisearch+https")


def build(index: SearchIndex, *, tweets: Tweets, people: People) -> SearchRoom:
    """The room on what it is given; whoever opened the index closes it."""
    service = SearchService(index, tweets, people)
    return SearchRoom(Subgraph("search", build_schema(), lambda caller: SearchContext(caller, service)), service, index)
